/** A request that nobody wants any more is given up once the wish for another has stood for so long: who scrubs on sees
 *  something on the way even where answers are slow, and who rests does not wait for what is behind. */
const RESTED_MS = 150;
const RETRY_MS = 1000;

/**
 * Numbered items that are loaded in pages when they are wanted: one request for what is looked at, and, when that is
 * there, one for a neighbour. What is asked for in between replaces what waits.
 */
export class Pages {
  #items = new Map(); // by number; the oldest first
  #wanted = []; // page numbers, the most wanted first
  #running = null; // { page, abort }
  #options;
  #timer = null;
  #isClosed = false;

  /**
   * @param options.size items of a page
   * @param options.load `(from, limit, signal) => Promise<items>`, each with its `seq`
   * @param options.keep items that are kept at most
   * @param options.onChange called when items came, and with a failure when they did not
   */
  constructor(options) {
    this.#options = options;
  }

  get(seq) {
    return this.#items.get(seq);
  }

  put(item) {
    this.#items.delete(item.seq);
    this.#items.set(item.seq, item);
  }

  /** @param seqs numbers in the order of their urgency; others that waited are forgotten */
  want(seqs) {
    const missing = seqs.filter((seq) => seq >= 1 && !this.#items.has(seq));
    this.#wanted = [...new Set(missing.map((seq) => this.#pageOf(seq)))];
    const running = this.#running;
    if (running === null) return this.#next();
    clearTimeout(this.#timer);
    if (this.#wanted[0] === undefined || this.#wanted.includes(running.page)) return;
    this.#timer = setTimeout(() => this.#running === running && running.abort.abort(), RESTED_MS);
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#running?.abort.abort();
  }

  #pageOf(seq) {
    return Math.floor((seq - 1) / this.#options.size);
  }

  #next() {
    if (this.#isClosed || this.#running !== null) return;
    const page = this.#wanted.shift();
    if (page !== undefined) void this.#fetch(page);
  }

  async #fetch(page) {
    const { size, load, keep, onChange } = this.#options;
    const running = { page, abort: new AbortController() };
    this.#running = running;
    let failure = null;
    try {
      for (const item of await load(page * size + 1, size, running.abort.signal)) this.put(item);
    } catch (caught) {
      if (caught.name !== 'AbortError') failure = caught;
    }
    clearTimeout(this.#timer);
    this.#running = null;
    if (this.#isClosed) return;
    for (const oldest of this.#items.keys()) {
      if (this.#items.size <= keep) break;
      this.#items.delete(oldest);
    }
    if (!running.abort.signal.aborted) onChange(failure);
    if (failure === null) return this.#next();
    this.#wanted.push(page);
    this.#timer = setTimeout(() => this.#next(), RETRY_MS);
  }
}
