import { useEffect, useRef } from '/vendor/preact.js';

/**
 * Keys of the page that work wherever nothing else takes them.
 * @param keys `{ ArrowRight: handler, 'Shift+ArrowRight': handler, '?': handler }`
 */
export function useKeys(keys) {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const pressed = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTaken(event)) return;
      const shifted = event.shiftKey && event.key.length > 1 ? `Shift+${event.key}` : event.key;
      const handler = latest.current[shifted];
      if (handler === undefined) return;
      event.preventDefault();
      handler(event);
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}

const ARROWS = new Set(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End']);

/** Where keys write, choose or press something already. */
function isTaken({ target, key }) {
  if (document.querySelector('dialog[open]') !== null) return true;
  if (target.matches('textarea, select, [contenteditable]')) return true;
  if (target.matches('input')) return !['range', 'checkbox', 'file'].includes(target.type) || ARROWS.has(key);
  return key === ' ' && target.matches('button, a, summary');
}
