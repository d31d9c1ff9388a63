import { html, useCallback, useLayoutEffect, useRef, useState } from '/vendor/preact.js';

/** Rows beyond the edges, so that a quick scroll meets no blank. */
const OVERSCAN = 8;

/**
 * Rows of one height, of which only those in sight exist: 100,000 are as quick as 50. The height of a list in pixels has
 * a limit in browsers (some 17 million), which is far above any list here.
 * @param props.count all rows
 * @param props.rowHeight in rem, as the style sheet has it
 * @param props.row `(index) => vnode`, with a `key`; the list places it
 * @param props.current index of a row that is kept in sight, -1 for none
 * @param props.onRange `(first, last)`: rows that came into sight, told again for another `source`
 */
export function VirtualList({ count, rowHeight, row, current = -1, onRange, source, children, ...rest }) {
  const scroller = useRef(null);
  const frame = useRef(0);
  const [view, setView] = useState({ first: 0, last: 40 });
  const height = rowHeight * remPx();

  const look = useCallback(() => {
    frame.current = 0;
    const box = scroller.current;
    if (box === null) return;
    const first = Math.max(0, Math.floor(box.scrollTop / height) - OVERSCAN);
    const last = Math.ceil((box.scrollTop + box.clientHeight) / height) + OVERSCAN;
    setView((before) => (before.first === first && before.last === last ? before : { first, last }));
  }, [height]);

  const soon = useCallback(() => {
    if (frame.current === 0) frame.current = requestAnimationFrame(look);
  }, [look]);

  useLayoutEffect(() => {
    const watch = new ResizeObserver(soon);
    watch.observe(scroller.current);
    look();
    return () => {
      watch.disconnect();
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    };
  }, [look, soon]);

  useLayoutEffect(() => {
    if (current < 0) return;
    const box = scroller.current;
    const top = current * height;
    // In the middle rather than at the edge: whoever steps sees what comes before and after.
    if (top < box.scrollTop || top + height > box.scrollTop + box.clientHeight) {
      box.scrollTop = Math.max(0, top - (box.clientHeight - height) / 2);
      look();
    }
  }, [current, height, look]);

  const first = Math.min(view.first, Math.max(0, count - 1));
  const last = Math.min(view.last, count - 1);
  useLayoutEffect(() => onRange?.(first, last), [first, last, count, source]);

  const rows = [];
  for (let index = first; index <= last; index++) rows.push(row(index, { top: `${index * height}px` }));
  return html`
    <div class="virtual" ref=${scroller} onScroll=${soon} ...${rest}>
      <div role="presentation" style=${{ height: `${Math.max(count * height, 1)}px` }}>${rows}</div>
      ${children}
    </div>
  `;
}

function remPx() {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}
