import { useCallback, useEffect, useRef, useState } from '/vendor/preact.js';

// What a link says stands in the query, so that one page answers all of them and a link pasted into an issue opens
// the same room at the same entry, seen by the same eye: /visualizer?room=9CB52B&entry=42&as=1&view=chart

const PATH = '/visualizer';
/** Browsers refuse more than some 200 address changes in half a minute: scrubbing writes the place where it rests. */
const WRITE_AFTER_MS = 200;

/** @returns {Readonly<Record<string, string>>} */
function readRoute(search = location.search) {
  return Object.fromEntries([...new URLSearchParams(search)].filter(([name]) => name !== 'token'));
}

/** Members that are null, undefined or '' are left out. */
export function linkTo(route) {
  const query = new URLSearchParams(Object.entries(route).filter(([, value]) => value != null && value !== ''));
  const text = query.toString();
  return text === '' ? PATH : `${PATH}?${text}`;
}

/**
 * The route, and two ways to change it: `go` opens another place that *back* comes back from, `set` tells what the
 * present one shows.
 */
export function useRoute() {
  const [route, setRoute] = useState(readRoute);
  const latest = useRef(route);
  const timer = useRef(null);

  const go = useCallback((next) => {
    clearTimeout(timer.current);
    history.pushState(null, '', linkTo(next));
    latest.current = readRoute();
    setRoute(latest.current);
    scrollTo(0, 0);
  }, []);

  const set = useCallback((change) => {
    latest.current = readRoute(linkTo({ ...latest.current, ...change }).slice(PATH.length));
    setRoute(latest.current);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => history.replaceState(null, '', linkTo(latest.current)), WRITE_AFTER_MS);
  }, []);

  useEffect(() => {
    const back = () => {
      clearTimeout(timer.current);
      latest.current = readRoute();
      setRoute(latest.current);
    };
    addEventListener('popstate', back);
    return () => removeEventListener('popstate', back);
  }, []);

  return { route, go, set };
}
