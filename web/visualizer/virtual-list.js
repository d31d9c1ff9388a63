import { html, useCallback, useLayoutEffect, useMemo, useRef, useState } from '/vendor/preact.js';

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
  const seen = useRef({ top: 0, height: 0 }); // kept, because asking the browser in mid-drawing makes it lay out at once
  const [view, setView] = useState({ first: 0, last: 40 });
  const height = useMemo(() => rowHeight * remPx(), [rowHeight]);

  const show = useCallback(() => {
    const { top, height: visible } = seen.current;
    const first = Math.max(0, Math.floor(top / height) - OVERSCAN);
    const last = Math.ceil((top + visible) / height) + OVERSCAN;
    setView((before) => (before.first === first && before.last === last ? before : { first, last }));
  }, [height]);

  const scrolled = useCallback(() => {
    seen.current.top = scroller.current.scrollTop;
    show();
  }, [show]);

  useLayoutEffect(() => {
    const watch = new ResizeObserver(([{ contentRect }]) => {
      seen.current.height = contentRect.height;
      show();
    });
    watch.observe(scroller.current);
    return () => watch.disconnect();
  }, [show]);

  useLayoutEffect(() => {
    const { top, height: visible } = seen.current;
    if (current < 0 || (visible > 0 && current * height >= top && (current + 1) * height <= top + visible)) return;
    const box = scroller.current;
    seen.current.height ||= box.clientHeight;
    // In the middle rather than at the edge: whoever steps sees what comes before and after.
    seen.current.top = Math.max(
      0,
      Math.min(current * height - (seen.current.height - height) / 2, count * height - seen.current.height),
    );
    box.scrollTop = seen.current.top;
    show();
  }, [current, height, show]);

  const first = Math.min(view.first, Math.max(0, count - 1));
  const last = Math.min(view.last, count - 1);
  useLayoutEffect(() => onRange?.(first, last), [first, last, count, source]);

  const rows = [];
  for (let index = first; index <= last; index++) rows.push(row(index, { top: `${index * height}px` }));
  return html`
    <div class="virtual" ref=${scroller} onScroll=${scrolled} ...${rest}>
      <div role="presentation" style=${{ height: `${Math.max(count * height, 1)}px` }}>${rows}</div>
      ${children}
    </div>
  `;
}

function remPx() {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}
