import type { JournalEngine } from '../persistence/journal.js';
import type { Query, QueryValues, RowOf } from '../persistence/rows.js';
import { pagesAhead } from './pages-ahead.js';

/** Every row of a listing, page by page. @param damaged is told the key of each row that does not have its checksum */
export async function* allRows<Q extends Query>(
  journal: Pick<JournalEngine, 'select'>,
  query: Q,
  values: QueryValues<Q>,
  damaged: (key: string) => void,
): AsyncGenerator<RowOf<Q>> {
  for await (const page of pagesAhead((after: string | null) => journal.select(query, values, { after }))) {
    for (const key of page.damaged) damaged(key);
    yield* page.items;
  }
}
