/** Goes through the pages of a listing: while one is worked on, the next is being read. */
export async function* pagesAhead<C, P extends { readonly next: C | null }>(
  read: (cursor: C | null) => Promise<P>,
): AsyncGenerator<P> {
  for (let reading: Promise<P> | null = read(null); reading !== null; ) {
    const page: P = await reading;
    reading = page.next === null ? null : read(page.next);
    reading?.catch(heardLater); // thrown above, or of no interest to who left the loop
    yield page;
  }
}

const heardLater = (): void => undefined;
