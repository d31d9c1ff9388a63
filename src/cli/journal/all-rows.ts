import type { JournalEngine } from '../../../persistence/journal.js';
import type { Query, QueryValues, RowOf, RowPage } from '../../../persistence/rows.js';

/** Every row of a listing, page by page. @param damaged is told the key of each row that does not have its checksum */
export async function* allRows<Q extends Query>(
  journal: JournalEngine,
  query: Q,
  values: QueryValues<Q>,
  damaged: (key: string) => void,
): AsyncGenerator<RowOf<Q>> {
  for (let after: string | null = null; ; ) {
    const page: RowPage<RowOf<Q>> = await journal.select(query, values, { after });
    for (const key of page.damaged) damaged(key);
    yield* page.items;
    if (page.next === null) return;
    after = page.next;
  }
}
