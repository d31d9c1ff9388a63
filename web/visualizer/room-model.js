import { get, getAdmin, listen, query } from './api.js';
import { Pages } from './pages.js';

const TIMELINE_PAGE = 100;
const STATES_PAGE = 25;
const REFRESH_MS = 1000;

/**
 * Everything that is known about one room or sandbox, seen by one eye: loaded as it is looked at, kept up to date by the
 * room's stream. `onChange` is called at most once a frame.
 */
export class RoomModel {
  kind = 'loading'; // 'ready', 'failed': not even the room itself could be had
  failure = null;
  lost = null; // why a part could not be loaded; the rest stays
  summary = null;
  chart = null;
  marks = [];
  deadLetters = [];
  first = 1;
  last = 0;
  skew = 0; // ms that this machine's clock is ahead of the server's
  connection = 'none'; // of the stream; a sandbox has none
  #base;
  #as;
  #isSandbox;
  #onChange;
  #frame = 0;
  #abort = new AbortController();
  #states;
  #timeline;
  #following = true;
  #closeStream = () => undefined;
  #refreshTimer = null;

  /** @param base '/rooms/9CB52B' or '/sandboxes/s3f…' */
  constructor({ base, as, isSandbox, onChange }) {
    this.#base = base;
    this.#as = as;
    this.#isSandbox = isSandbox;
    this.#onChange = onChange;
    const arrived = (failure) => {
      this.lost = failure;
      this.#changed();
    };
    this.#states = new Pages({
      size: STATES_PAGE,
      keep: 800,
      load: (...page) => this.#loadStates(...page),
      onChange: arrived,
    });
    this.#timeline = new Pages({
      size: TIMELINE_PAGE,
      keep: 20_000,
      load: (...page) => this.#loadTimeline(...page),
      onChange: arrived,
    });
    void this.#open();
  }

  /** Another eye on the same room begins with what is no secret to either, so that nothing goes blank in between. */
  inherit({ kind, summary, skew, chart, marks, deadLetters, first, last, connection }) {
    if (kind === 'ready')
      Object.assign(this, { kind, summary, skew, chart, marks, deadLetters, first, last, connection });
  }

  close() {
    this.#abort.abort();
    this.#closeStream();
    this.#states.close();
    this.#timeline.close();
    clearTimeout(this.#refreshTimer);
    cancelAnimationFrame(this.#frame);
    this.#frame = -1;
  }

  /** The room after an entry, or undefined until it is there. */
  stateAt(seq) {
    return this.#states.get(seq);
  }

  entryAt(seq) {
    return this.#timeline.get(seq);
  }

  /** Loads what is needed to show an entry, and what is around it. */
  look(seq, isFollowing) {
    if (seq < 1) return;
    this.#following = isFollowing;
    this.#states.want(isFollowing ? [seq] : [seq, Math.min(seq + STATES_PAGE, this.last), seq - STATES_PAGE]);
  }

  /** Loads the rows of the timeline that are in sight. */
  see(from, to) {
    const seqs = [];
    for (let seq = Math.max(this.first, from); seq <= Math.min(to, this.last); seq++) seqs.push(seq);
    this.#timeline.want(seqs);
  }

  /** Everything that can be searched; rows that are not there yet are loaded in order. @returns how many are missing */
  seeAll() {
    const missing = [];
    for (let seq = this.first; seq <= this.last; seq++) if (this.entryAt(seq) === undefined) missing.push(seq);
    if (missing.length > 0) this.#timeline.want(missing);
    return missing.length;
  }

  /** The entry that was newest at a time. @throws Problem */
  async seqAt(at) {
    const { seq } = await get(`${this.#base}/state${query({ at: Math.round(at) })}`, this.#abort.signal);
    return seq;
  }

  frames(seq, signal) {
    return get(`${this.#base}/frames${query({ seq, as: this.#as, reveal: this.#reveal })}`, signal);
  }

  /** What a sandbox answers to a message, or what came while its clock was moved. */
  take({ entries, state }) {
    for (const entry of entries) this.#timeline.put(entry);
    if (state.as === this.#as) this.#states.put(state);
    this.last = state.seq;
    void this.refresh();
    this.#changed();
  }

  async refresh() {
    const { signal } = this.#abort;
    try {
      const [summary, chart, marks] = await Promise.all([
        get(`${this.#base}${query({ reveal: this.#reveal })}`, signal),
        get(`${this.#base}/chart`, signal),
        get(`${this.#base}/marks${query({ reveal: this.#reveal })}`, signal),
      ]);
      this.summary = summary;
      this.skew = Date.now() - summary.at;
      this.chart = chart;
      this.marks = marks.items;
      this.first = (summary.head?.anchorSeq ?? 0) + 1;
      this.last = Math.max(this.last, summary.seq);
      this.lost = null;
      if (!this.#isSandbox && summary.deadLetters > 0) {
        this.deadLetters = (await getAdmin(`/dead-letters${query({ room: summary.roomId })}`, signal)).items;
      } else this.deadLetters = [];
      this.#changed();
    } catch (failure) {
      if (failure.name === 'AbortError') return;
      if (this.kind !== 'ready') throw failure;
      this.lost = failure;
      this.#changed();
    }
  }

  get #reveal() {
    return this.#as === 'spectator' ? null : true;
  }

  async #open() {
    try {
      await this.refresh();
      if (this.#abort.signal.aborted) return;
      this.kind = 'ready';
      if (!this.#isSandbox) this.#hear();
    } catch (failure) {
      this.kind = 'failed';
      this.failure = failure;
    }
    this.#changed();
  }

  #hear() {
    const path = () => `${this.#base}/stream${query({ reveal: this.#reveal, from: this.last + 1 })}`;
    this.#closeStream = listen(path, {
      status: (status) => {
        this.connection = status;
        this.#changed();
      },
      entry: (entry) => {
        this.#timeline.put(entry);
        this.last = Math.max(this.last, entry.seq);
        this.#refreshSoon();
        this.#changed();
      },
      refused: (refused) => {
        const { seq, at, reason } = refused;
        if (
          this.marks.some(
            (mark) => mark.kind === 'refused' && mark.seq === seq && mark.at === at && mark.reason === reason,
          )
        )
          return;
        this.marks = [...this.marks, { kind: 'refused', ...refused }].sort((a, b) => a.seq - b.seq || a.at - b.at);
        this.#refreshSoon();
        this.#changed();
      },
      restored: () => this.#refreshSoon(),
      failed: () => this.#refreshSoon(),
      skipped: () => this.#refreshSoon(),
      state: ({ seq, leaf, phase, waitingFor, deadline, memory, hold, restarts, refusals }) => {
        this.summary = { ...this.summary, seq, leaf, phase, waitingFor, deadline, memory, hold, restarts, refusals };
        this.last = Math.max(this.last, seq);
        this.#changed();
      },
    });
  }

  /** Counts and marks follow at their leisure: a room may do hundreds of entries a second. */
  #refreshSoon() {
    if (this.#refreshTimer !== null) return;
    this.#refreshTimer = setTimeout(() => {
      this.#refreshTimer = null;
      void this.refresh();
    }, REFRESH_MS);
  }

  async #loadStates(from, size, signal) {
    const isNewest = this.#following && from + size > this.last;
    const range = isNewest ? { from: this.last, limit: 1 } : { from, limit: size };
    const page = await get(`${this.#base}/states${query({ ...range, as: this.#as, reveal: this.#reveal })}`, signal);
    return page.items;
  }

  async #loadTimeline(from, limit, signal) {
    const page = await get(`${this.#base}/timeline${query({ from, limit, reveal: this.#reveal })}`, signal);
    return page.items;
  }

  #changed() {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#onChange();
    });
  }
}
