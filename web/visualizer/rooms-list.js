import { get, listen, query } from './api.js';

const PAGE = 100;
const WATCHED_MAX = 200;
const WATCH_AFTER_MS = 400;

/**
 * The rooms that fit a filter, page by page as somebody scrolls, those in sight kept up to date by the server. Rows never
 * change their places by themselves: whoever wants the present order asks for it.
 */
export class RoomsList {
  state = {
    kind: 'loading',
    rooms: [],
    matching: 0,
    known: 0,
    counts: null,
    phaseUnknown: 0,
    grown: false,
    failure: null,
  };
  #filter;
  #onChange;
  #onStatus;
  #index = new Map(); // place by room id
  #next = null;
  #abort = new AbortController();
  #isLoading = false;
  #newest = null;
  #close = () => undefined;
  #watched = null;
  #timer = null;

  constructor(filter, onChange, onStatus) {
    this.#filter = filter;
    this.#onChange = onChange;
    this.#onStatus = onStatus;
    void this.#load(null);
  }

  close() {
    this.#abort.abort();
    this.#close();
    clearTimeout(this.#timer);
  }

  /** Rows in sight: more are loaded before they are reached, and these are watched. */
  see(first, last) {
    const { rooms } = this.state;
    if (this.#next !== null && last > rooms.length - PAGE / 2) void this.#load(this.#next);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#watch(rooms.slice(first, last + 1).map(({ roomId }) => roomId)),
      WATCH_AFTER_MS,
    );
  }

  again() {
    this.#next = null;
    this.#isLoading = false;
    this.#abort.abort();
    this.#abort = new AbortController();
    void this.#load(null);
  }

  async #load(after) {
    if (this.#isLoading) return;
    this.#isLoading = true;
    const { signal } = this.#abort;
    try {
      const page = await get(`/rooms${query({ ...this.#filter, limit: PAGE, after })}`, signal);
      const rooms = after === null ? [] : [...this.state.rooms];
      if (after === null) this.#index.clear();
      for (const room of page.items) {
        if (this.#index.has(room.roomId)) continue; // it moved behind the cursor meanwhile
        this.#index.set(room.roomId, rooms.length);
        rooms.push(room);
      }
      this.#next = page.next;
      const { matching, known, counts, phaseUnknown } = page;
      const grown = after === null ? false : this.state.grown;
      if (rooms.length === 0) this.#watch([]); // so that the first one is heard of
      this.#set({ kind: 'ready', rooms, matching, known, counts, phaseUnknown, grown, failure: null });
    } catch (failure) {
      if (failure.name === 'AbortError') return;
      this.#set({ ...this.state, kind: 'failed', failure });
    }
    this.#isLoading = false;
  }

  #watch(ids) {
    const watched = ids.slice(0, WATCHED_MAX).join();
    if (this.#watched === watched) return;
    const isFirst = this.#watched === null;
    this.#watched = watched;
    this.#close();
    this.#close = listen(() => `/rooms/stream${query({ rooms: watched })}`, {
      // Other rooms came into sight: the link is a new one, but nothing was lost in between.
      status: (status) => (isFirst || status !== 'connecting') && this.#onStatus(status),
      rooms: ({ items }) => this.#put(items),
      counts: ({ counts, known, newest }) => {
        const grown = this.state.grown || (this.#newest !== null && this.#newest !== newest);
        this.#newest = newest;
        this.#set({ ...this.state, counts, known, grown });
      },
    });
  }

  #put(items) {
    const rooms = [...this.state.rooms];
    for (const room of items) {
      const place = this.#index.get(room.roomId);
      if (place !== undefined) rooms[place] = room;
    }
    this.#set({ ...this.state, rooms });
  }

  #set(state) {
    this.state = state;
    this.#onChange(state);
  }
}
