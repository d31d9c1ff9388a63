// The timeline's rows: every entry from the first that is kept, and what was refused, behind the entry that was newest
// then. Nothing is copied for a long room: a row is found by its index.

/**
 * @param marks what was refused, in order of `seq`
 * @returns {{ count: number, at: (index: number) => Row, indexOf: (seq: number, mark: object | null) => number }}
 *   a row is `{ kind: 'entry', seq }` or `{ kind: 'mark', seq, mark }`
 */
export function timelineRows(first, last, marks) {
  const within = marks.filter(({ seq }) => seq >= first - 1 && seq <= last);
  const placeOf = (mark) => within[mark].seq - first + 1 + mark; // behind its entry and the marks before it
  const marksBefore = (index) => lowest(within.length, (mark) => placeOf(mark) >= index);
  return {
    count: Math.max(0, last - first + 1) + within.length,
    at: (index) => {
      const mark = marksBefore(index);
      if (mark < within.length && placeOf(mark) === index) {
        return { kind: 'mark', seq: within[mark].seq, mark: within[mark] };
      }
      return { kind: 'entry', seq: first + index - mark };
    },
    indexOf: (seq, chosen) => {
      const mark = chosen === null ? -1 : within.indexOf(chosen);
      if (mark >= 0) return placeOf(mark);
      if (seq < first || seq > last) return -1;
      return seq - first + lowest(within.length, (each) => within[each].seq >= seq);
    },
  };
}

/** The first of 0…count for which `holds`, which holds for all behind it. */
function lowest(count, holds) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
