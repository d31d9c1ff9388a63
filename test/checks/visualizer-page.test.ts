import { fc, test } from '@fast-check/vitest';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, vi } from 'vitest';

// Parts of the visualizer's page that can be tried without a browser.

interface Mark {
  readonly seq: number;
}
type Row = { readonly kind: 'entry'; readonly seq: number } | { readonly kind: 'mark'; readonly mark: Mark };
interface Rows {
  readonly count: number;
  readonly at: (index: number) => Row;
  readonly indexOf: (seq: number, mark: Mark | null) => number;
}
interface RowsModule {
  readonly timelineRows: (first: number, last: number, marks: readonly Mark[]) => Rows;
}
interface Item {
  readonly seq: number;
}
interface Pages {
  get(seq: number): Item | undefined;
  want(seqs: readonly number[]): void;
}
interface PagesModule {
  readonly Pages: new (options: {
    readonly size: number;
    readonly keep: number;
    readonly load: (from: number, size: number, signal: AbortSignal) => Promise<readonly Item[]>;
    readonly onChange: (failure: Error | null) => void;
  }) => Pages;
}
interface FormatModule {
  readonly duration: (ms: number | null) => string;
  readonly countdown: (ms: number) => string;
}

const load = async <T>(path: string): Promise<T> =>
  (await import(new URL(`../../web/visualizer/${path}`, import.meta.url).href)) as T;

describe('the rows of the timeline', () => {
  test.prop([
    fc.integer({ min: 1, max: 50 }),
    fc.integer({ min: 0, max: 50 }),
    fc.array(fc.nat(110), { maxLength: 20 }),
  ])(
    'are all entries in order, each followed by what was refused when it was newest, and are found again',
    async (first, length, refusedAt) => {
      const { timelineRows } = await load<RowsModule>('rows.js');
      const last = first + length - 1;
      const marks = refusedAt.sort((a, b) => a - b).map((seq) => ({ seq }));
      const rows = timelineRows(first, last, marks);

      const expected: (number | Mark)[] = marks.filter(({ seq }) => seq === first - 1 && seq <= last);
      for (let seq = first; seq <= last; seq++) expected.push(seq, ...marks.filter((mark) => mark.seq === seq));
      const told = Array.from({ length: rows.count }, (_, index) => rows.at(index));
      expect(told.map((row) => (row.kind === 'entry' ? row.seq : row.mark))).toEqual(expected);
      for (const [index, row] of told.entries()) {
        expect(row.kind === 'entry' ? rows.indexOf(row.seq, null) : rows.indexOf(row.mark.seq, row.mark)).toBe(index);
      }
    },
  );
});

describe('pages of numbered items', () => {
  interface Request {
    readonly from: number;
    readonly signal: AbortSignal;
    readonly answer: () => void;
  }
  let requests: Request[];
  let pages: Pages;
  beforeEach(async () => {
    vi.useFakeTimers();
    requests = [];
    const { Pages } = await load<PagesModule>('pages.js');
    pages = new Pages({
      size: 10,
      keep: 20,
      onChange: () => undefined,
      load: (from, size, signal) =>
        new Promise((resolve, reject) => {
          const answer = () => resolve(Array.from({ length: size }, (_, index) => ({ seq: from + index })));
          signal.addEventListener('abort', () => reject(new DOMException('given up', 'AbortError')));
          requests.push({ from, signal, answer });
        }),
    });
  });
  afterEach(() => void vi.useRealTimers());

  const asked = (): readonly number[] => requests.map(({ from }) => from);
  const answer = async (index: number): Promise<void> => {
    requests[index]!.answer();
    await vi.advanceTimersByTimeAsync(0);
  };

  test('are asked for one at a time, and what was wanted in between is not asked for at all', async () => {
    for (const seq of [5, 15, 25, 35, 95]) pages.want([seq]);
    expect(asked()).toEqual([1]);
    await answer(0);
    expect(asked()).toEqual([1, 91]);
  });

  test('bring what is looked at first and the neighbours afterwards', async () => {
    pages.want([15, 25, 5]);
    await answer(0);
    await answer(1);
    await answer(2);
    expect(asked()).toEqual([11, 21, 1]);
    expect(pages.get(24)).toEqual({ seq: 24 });
  });

  test('give a request up that nobody wants any more, but let it finish while the wishes still change', async () => {
    pages.want([5]);
    for (const seq of [95, 85, 75]) {
      pages.want([seq]);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(requests[0]!.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    expect(requests[0]!.signal.aborted).toBe(true);
    expect(asked()).toEqual([1, 71]);
  });

  test('forget the oldest beyond their limit and ask again for what is there no more', async () => {
    for (const [index, seq] of [5, 15, 25].entries()) {
      pages.want([seq]);
      await answer(index);
    }
    expect(pages.get(5)).toBeUndefined();
    pages.want([5]);
    expect(asked()).toEqual([1, 11, 21, 1]);
  });
});

test('times are told with the digits that matter', async () => {
  const { duration, countdown } = await load<FormatModule>('format.js');
  expect([0.123, 4.256, 99.94, 250.4, 12_340, 3_600_000, null].map(duration)).toEqual([
    '0.12 ms',
    '4.26 ms',
    '99.9 ms',
    '250 ms',
    '12.3 s',
    '60 min',
    '–',
  ]);
  expect([-1, 3_450, 59_001, 61_000].map(countdown)).toEqual(['now', '3.5 s', '60 s', '1:01']);
});

test('the page names all its modules, so that a browser asks for them at once and not one after the other', () => {
  const folder = new URL('../../web/visualizer/', import.meta.url);
  const modules = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.js') && path !== 'theme.js' && path !== 'visualizer.js')
    .map((path) => `/visualizer/${path.replaceAll('\\', '/')}`);
  const named = [...readFileSync(new URL('index.html', folder), 'utf8').matchAll(/modulepreload" href="([^"]+)"/g)];
  const expected = ['/vendor/dagre.js', '/vendor/preact.js', ...modules];
  expect(named.map(([, path]) => path).sort()).toEqual(expected.sort());
});
