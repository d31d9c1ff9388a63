export interface Column<R> {
  readonly head: string;
  readonly cell: (row: R) => string;
  readonly align?: 'left' | 'right';
  /** Where the terminal is too narrow, columns go in order of this number; without one a column stays. */
  readonly drop?: number;
}

const GAP = '  ';

/**
 * Rows under their heads, each column as wide as its widest cell.
 * @param width of the terminal in characters; Infinity where there is none
 * @returns the lines, the heads first
 */
export function table<R>(columns: readonly Column<R>[], rows: readonly R[], width: number): string[] {
  let kept = columns.map((column) => {
    const cells = rows.map(column.cell);
    return { column, cells, width: Math.max(column.head.length, ...cells.map((cell) => cell.length)) };
  });
  const total = (): number => kept.reduce((sum, each) => sum + each.width + GAP.length, -GAP.length);
  while (total() > width) {
    const first = Math.min(...kept.map(({ column }) => column.drop ?? Number.POSITIVE_INFINITY));
    if (first === Number.POSITIVE_INFINITY) break;
    kept = kept.filter(({ column }) => column.drop !== first);
  }
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => {
        const { column, width: wide } = kept[index]!;
        return column.align === 'right' ? text.padStart(wide) : text.padEnd(wide);
      })
      .join(GAP)
      .trimEnd();
  return [
    line(kept.map(({ column }) => column.head)),
    ...rows.map((_, row) => line(kept.map(({ cells }) => cells[row]!))),
  ];
}

/** Names with values, one a line, the values under each other. */
export function sheet(pairs: readonly (readonly [name: string, value: string])[]): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}
