import { expect, test } from 'vitest';
import { pagesAhead } from './pages-ahead.js';

interface Page {
  readonly items: readonly string[];
  readonly next: number | null;
}

/** A listing of three pages; what was asked for and given stands in `log`. */
function listing({ fails = 99 }: { readonly fails?: number } = {}) {
  const log: string[] = [];
  const read = (cursor: number | null): Promise<Page> => {
    const page = cursor ?? 1;
    log.push(`read ${page}`);
    if (page === fails) return Promise.reject(new Error(`page ${page} is gone`));
    return Promise.resolve({ items: [`row of ${page}`], next: page === 3 ? null : page + 1 });
  };
  return { log, read };
}

test('while a page is worked on, the next is being read', async () => {
  const { log, read } = listing();
  for await (const { items } of pagesAhead(read)) log.push(...items);
  expect(log).toEqual(['read 1', 'read 2', 'row of 1', 'read 3', 'row of 2', 'row of 3']);
});

test('a page that can not be read throws behind the pages in front of it', async () => {
  const { log, read } = listing({ fails: 3 });
  const all = async (): Promise<void> => {
    for await (const { items } of pagesAhead(read)) log.push(...items);
  };
  await expect(all()).rejects.toThrow('page 3 is gone');
  expect(log).toEqual(['read 1', 'read 2', 'row of 1', 'read 3', 'row of 2']);
});

test('a page that fails behind the last one wanted harms nobody', async () => {
  const unheard: unknown[] = [];
  const hear = (failure: unknown): void => void unheard.push(failure);
  process.on('unhandledRejection', hear);
  const { log, read } = listing({ fails: 2 });
  for await (const { items } of pagesAhead(read)) {
    log.push(...items);
    break;
  }
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', hear);
  expect(log).toEqual(['read 1', 'read 2', 'row of 1']);
  expect(unheard).toEqual([]);
});
