import { inReplyTo, isRecord, readFrame, textIn, type Frame } from './frame.js';
import { TableWatch } from './table-watch.js';

/** Something that the server must not send (protocol.md 7.1, rules.md D13). */
export interface Violation {
  readonly sentence: string;
  readonly frame: string; // the message, cut short
}

const VIOLATIONS_MAX = 100;
const EXCERPT_CHARS_MAX = 400;

/** Would disturb the frontend (protocol.md 4.1), or are names of its own events (1.2). */
const FORBIDDEN_EVENTS: ReadonlySet<string> = new Set(
  (
    'weak_hands_found redeal_decision_needed redeal_executed declare play turn_resolved score_update round_complete ' +
    'room_updated connected disconnected connectionFailed connectionError reconnecting reconnected reconnectionFailed ' +
    'messageSent messageQueued message messageError metricsUpdated statusChanged connecting messageReceived'
  ).split(' '),
);

const PIECE = /^(GENERAL|ADVISOR|ELEPHANT|CHARIOT|HORSE|CANNON|SOLDIER)_(RED|BLACK)(\(\d+\))?$/;

export interface ProtocolWatchOptions {
  readonly ownName: string | undefined; // undefined = a spectator, who may see no hand at all
  readonly isOwnId: (id: string) => boolean; // whether our session sent a message with this id
  readonly isRepeat?: (id: string) => boolean; // whether it sent it more than once
  readonly onViolation?: ((violation: Violation) => void) | undefined; // at once
}

/**
 * Looks at every message that one client gets, whoever it is for, and keeps what is wrong with it: the shape, secrets
 * of others, answers to somebody else, phases out of order, a table that does not add up.
 */
export class ProtocolWatch {
  readonly violations: Violation[] = [];
  readonly #options: ProtocolWatchOptions;
  readonly #table: TableWatch;
  #past: TableWatch; // of the repeat that was answered last
  #seated = false;
  #text = '';

  constructor(options: ProtocolWatchOptions) {
    this.#options = options;
    this.#table = new TableWatch(options.ownName, (sentence) => this.report(sentence));
    this.#past = this.#table.apart();
  }

  /** A new connection begins. */
  gap(): void {
    this.#seated = false;
    this.#table.gap();
  }

  /** From now on this connection is known as the owner of its seat. */
  seated(): void {
    this.#seated = true;
  }

  see(text: string): void {
    this.#text = text;
    const read = readFrame(text);
    if (read.kind === 'unreadable') {
      this.report(`a message cannot be read: ${read.why}`);
      return;
    }
    const { frame, extra } = read;
    if (extra.length > 0) this.report(`${frame.event} has the top-level members ${extra.join(', ')}`);
    if (FORBIDDEN_EVENTS.has(frame.event)) this.report(`${frame.event} must never be sent`);
    const cause = inReplyTo(frame);
    if (cause !== undefined && !this.#options.isOwnId(cause)) {
      this.report(`${frame.event} answers ${cause}, a message of somebody else`);
    }
    this.#findSecrets(frame.data, '', false);
    this.#judge(frame, cause !== undefined && this.#options.isRepeat?.(cause) === true);
  }

  /** Records a violation, with the message seen last. */
  report(sentence: string): void {
    if (this.violations.length >= VIOLATIONS_MAX) return;
    const violation = { sentence, frame: this.#text.slice(0, EXCERPT_CHARS_MAX) };
    this.violations.push(violation);
    this.#options.onViolation?.(violation);
  }

  /**
   * A message that was sent again is answered as its entry was, and the game may have gone on since: only such an answer
   * may show an older state. If its entry was made only now it is a step of the present, which then has a gap.
   */
  #tableOf(event: string, isRepeat: boolean): TableWatch {
    if (!isRepeat) return this.#table;
    this.#table.gap();
    if (event === 'phase_change') this.#past = this.#table.apart();
    return this.#past;
  }

  #judge({ event, data }: Frame, isRepeat: boolean): void {
    switch (event) {
      case 'phase_change':
        this.#tableOf(event, isRepeat).phaseChange(data, this.#seated);
        return;
      case 'turn_complete':
        this.#tableOf(event, isRepeat).turnComplete(data);
        return;
      case 'room_update': {
        const { players } = data;
        if (!Array.isArray(players) || players.length !== 4) {
          this.report('room_update does not have four seats');
          return;
        }
        const names = players.flatMap((seat: unknown) => (isRecord(seat) ? (textIn(seat, 'name') ?? []) : []));
        if (new Set(names).size !== names.length) this.report(`room_update seats a name twice: ${names.join(', ')}`);
        return;
      }
      case 'error':
        if (textIn(data, 'message') === undefined) this.report('error has no message');
        return;
      default:
    }
  }

  /** @param shown whether pieces at this place lie open on the table: those of plays do */
  #findSecrets(value: unknown, path: string, shown: boolean): void {
    if (typeof value === 'string') {
      if (!shown && PIECE.test(value)) this.report(`a piece is shown at ${path}`);
    } else if (Array.isArray(value)) {
      for (const item of value) this.#findSecrets(item, path, shown);
    } else if (isRecord(value)) {
      for (const [key, member] of Object.entries(value)) {
        if (key === 'seed') this.report(`a seed is shown at ${path}`);
        const open = shown || key === 'pieces' || this.#isOwnHand(`${path}.${key}`);
        this.#findSecrets(member, `${path}.${key}`, open);
      }
    }
  }

  #isOwnHand(path: string): boolean {
    return this.#options.ownName !== undefined && path.endsWith(`.players.${this.#options.ownName}.hand`);
  }
}
