import { styleText } from 'node:util';
import { eventsText, messageText } from '../journal/entry-text.js';

/** One server-sent event. */
export interface SentEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
}

/** Cuts a stream of text into its events; comments, which keep the connection, are left out. */
export class EventParser {
  #rest = '';

  /** Events longer than this come from nobody whom we know. */
  static readonly CHARS_MAX = 16 * 1024 * 1024;

  take(text: string): SentEvent[] {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    if (this.#rest.length > EventParser.CHARS_MAX) throw new Error('an event is too long');
    return blocks.flatMap((block) => {
      const sent = parsed(block);
      return sent === null ? [] : [sent];
    });
  }
}

function parsed(block: string): SentEvent | null {
  const found = { id: null as string | null, event: '', data: '' };
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (field === 'id' || field === 'event' || field === 'data') found[field] = value;
  }
  return found.event === '' ? null : found;
}

type Told = Readonly<Record<string, unknown>>;
type Style = Parameters<typeof styleText>[0];

export interface LineOptions {
  readonly hasRoom: boolean; // each line names its room
  readonly colours: boolean;
}

/** An event as a line for people; null for those that change nothing that a line could show. */
export function eventLine(event: string, told: Told, { hasRoom, colours }: LineOptions): string | null {
  const paint = (style: Style, text: string): string => (colours ? styleText(style, text) : text);
  const at = typeof told['at'] === 'number' ? new Date(told['at']).toISOString().slice(11, 23) : '';
  const room = hasRoom ? `${(textOf(told['code']) || textOf(told['roomId'])).padEnd(6)}  ` : '';
  const seq = textOf(told['seq']).padStart(5);
  const head = `${paint('dim', at)}  ${paint('cyan', room)}${paint('dim', seq)}  `;
  switch (event) {
    case 'entry': {
      const caused = eventsText(told['events'] as never);
      const said = messageText((told['message'] ?? { type: told['type'] }) as Told);
      const moved = told['to'] !== told['from'] && told['to'] != null ? `  ${paint('yellow', textOf(told['to']))}` : '';
      return `${head}${paint(STYLES[textOf(told['by'])] ?? 'white', who(told))}${said}${caused === '' ? '' : ` → ${caused}`}${moved}`;
    }
    case 'refused': {
      const { rule, reason, sentence, type } = told;
      const by = textOf(rule) === '' ? '' : ` by ${textOf(rule)}`;
      const why = `${textOf(reason)}${by}: ${textOf(sentence)}`;
      return `${head}${who(told)}${paint('red', `${textOf(type)} refused, ${why}`)}`;
    }
    case 'restored':
      return `${head}${paint('magenta', 'set back by an operator')}`;
    case 'failed':
      return `${head}${paint('red', `a message had no effect: ${textOf(told['why'])}`)}`;
    case 'skipped':
      return paint('dim', `… ${textOf(told['count'])} more, which the timeline has`);
    case 'state': {
      const { sentence } = (told['waitingFor'] ?? {}) as { sentence?: unknown };
      return typeof sentence === 'string' ? paint('dim', `${at}  ${room}${' '.repeat(5)}  ${sentence}`) : null;
    }
    default:
      return null;
  }
}

const STYLES: Readonly<Record<string, Style>> = { player: 'green', bot: 'blue', operator: 'magenta' };

function who({ who: name }: Told): string {
  return typeof name === 'string' ? `${name}: ` : '';
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
