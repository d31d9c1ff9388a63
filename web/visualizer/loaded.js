import { useCallback, useEffect, useRef, useState } from '/vendor/preact.js';

/**
 * What a request brings, and anew whenever `key` changes or `again` is called. The value before stays until the next is
 * there, so that nothing on the page jumps.
 * @param load `(signal) => Promise`
 * @returns {{ kind: 'loading' | 'ready' | 'failed', value, failure, again: () => void }}
 */
export function useLoaded(key, load) {
  const [state, setState] = useState({ kind: 'loading', value: null, failure: null });
  const [round, setRound] = useState(0);
  const before = useRef(key);
  useEffect(() => {
    const abort = new AbortController();
    const isOther = before.current !== key;
    before.current = key;
    setState(({ value }) => ({ kind: 'loading', value: isOther ? null : value, failure: null }));
    load(abort.signal).then(
      (value) => setState({ kind: 'ready', value, failure: null }),
      (failure) => {
        if (failure.name !== 'AbortError') setState(({ value }) => ({ kind: 'failed', value, failure }));
      },
    );
    return () => abort.abort();
  }, [key, round]);
  const again = useCallback(() => setRound((count) => count + 1), []);
  return { ...state, again };
}
