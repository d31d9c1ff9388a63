import { shown } from '../../actors/history.js';
import type { Json } from '../../actors/difference.js';
import { leafOf, MachineChart } from '../../actors/machine-chart.js';
import type { LiapTui } from '../../actors/room/liap-tui.js';
import type { RoomMessageType } from '../../actors/room/room-message.js';
import type { RoomState } from '../../actors/room/room-state.js';
import { machineOf } from '../../actors/versions.js';
import type { Entry } from '../../persistence/journal.js';
import type { PastStage } from './past.js';

/** Who made a message. */
export type By = 'player' | 'bot' | 'timer' | 'connection' | 'lifecycle' | 'operator';

/** How long an entry took on its way, in ms. */
export interface EntryTimes {
  readonly waitMs: number; // in the mailbox
  readonly stepMs: number; // of the machine
  readonly commitMs: number; // until it was durable
  readonly broadcastMs: number; // until everybody's frames were handed to their sockets
}

/** A journal entry as the timeline shows it. */
export interface ShownEntry {
  readonly seq: number;
  readonly at: number; // ms since the epoch
  readonly type: string; // of the message
  readonly outcome: Entry['outcome'];
  readonly who: string | null;
  readonly seat: number | null;
  readonly by: By;
  readonly message: Json;
  readonly events: readonly Json[];
  readonly from: string | null; // leaves of the machine; null where the state is not known
  readonly to: string | null;
  readonly transitions: readonly string[] | null;
  readonly correlationId: string;
  readonly machineVersion: number;
  readonly nextDeadline: number | null;
  readonly times: EntryTimes | null;
}

const BY: Readonly<Record<RoomMessageType, By>> = {
  create: 'player',
  close: 'operator',
  resumed: 'lifecycle',
  join: 'player',
  addBot: 'player',
  removePlayer: 'player',
  leave: 'player',
  startGame: 'player',
  connect: 'connection',
  disconnect: 'connection',
  answerRedeal: 'player',
  declare: 'player',
  play: 'player',
  timer: 'timer',
  botTimer: 'bot',
};

type Loose = Readonly<Record<string, unknown>>;

/** Shows entries: what was said by whom, and which ways the machine went for it. */
export class EntryShower {
  readonly #definition: LiapTui;
  readonly #charts = new Map<number, MachineChart>(); // by machine version

  constructor(definition: LiapTui) {
    this.#definition = definition;
  }

  /** The chart of a version of the machine, the current one where it is left out. */
  chart(version = this.#definition.version): MachineChart {
    let chart = this.#charts.get(version);
    if (chart === undefined) {
      chart = new MachineChart(machineOf(this.#definition, version).machine);
      this.#charts.set(version, chart);
    }
    return chart;
  }

  /**
   * @param stage null where the states around the entry can't be had
   * @param revealed whether everything may be shown
   * @param seats who sits where, if it is known without a state
   */
  show(
    entry: Entry,
    stage: PastStage | null,
    revealed: boolean,
    times: EntryTimes | null,
    seats?: readonly ({ readonly name: string } | null)[],
  ): ShownEntry {
    const { seq, at, outcome, correlationId, machineVersion, nextDeadline } = entry;
    const message = readObject(entry.message);
    const state = (stage?.before ?? stage?.after)?.context as RoomState | undefined;
    const from = stage?.before == null ? null : leafOf(stage.before.value);
    const to = stage === null ? null : leafOf(stage.after.value);
    return {
      seq,
      at,
      type: typeOf(message),
      outcome,
      ...speakerOf(message, outcome, state ?? (seats && { seats })),
      message: outcome === 'applied' ? this.redacted(message, revealed) : (message as Json),
      events: readList(entry.events).map((event) => this.redacted(event, revealed)),
      from,
      to,
      transitions: stage === null ? null : this.transitionsOf(stage, message),
      correlationId,
      machineVersion,
      nextDeadline,
      times,
    };
  }

  /** A message or event as it may be shown. */
  redacted(told: object, revealed: boolean): Json {
    return shown(this.#definition, told, revealed);
  }

  transitionsOf({ entry, before, after, version }: PastStage, message: Loose): readonly string[] | null {
    if (before === null) return entry.seq === 1 ? [] : null;
    if (entry.outcome !== 'applied') return [];
    const chart = this.chart(version);
    const to = leafOf(after.value);
    return (
      chart.inferred(leafOf(before.value), typeOf(message), to) ??
      chart.taken(before, message as unknown as Parameters<MachineChart['taken']>[1], to)
    );
  }
}

/** Who said something: a name and a seat where the message tells, and what kind of asker it was. */
export function speakerOf(
  message: Loose,
  outcome: Entry['outcome'],
  state: { readonly seats: readonly ({ readonly name: string } | null)[] } | undefined,
): Pick<ShownEntry, 'who' | 'seat' | 'by'> {
  const type = typeOf(message);
  if (outcome !== 'applied') {
    return { who: null, seat: null, by: outcome === 'restored' ? 'operator' : 'lifecycle' };
  }
  const seat = typeof message['seat'] === 'number' ? message['seat'] : type === 'create' ? 0 : null;
  const own = type === 'create' ? message['hostName'] : type === 'join' ? message['name'] : undefined;
  const seated = seat === null ? undefined : state?.seats[seat]?.name;
  const who = typeof own === 'string' ? own : (seated ?? null);
  return { who, seat, by: byOf(type) };
}

export function byOf(type: string): By {
  return Object.hasOwn(BY, type) ? BY[type as RoomMessageType] : 'lifecycle';
}

export function typeOf(told: Loose): string {
  return typeof told['type'] === 'string' ? told['type'] : 'unreadable';
}

/** What is stored may be anything where the disk went bad: shown as nothing, `verify` tells what is wrong. */
export function readObject(text: string): Loose {
  const value = parsed(text);
  return typeof value === 'object' && value !== null ? (value as Loose) : {};
}

function readList(text: string): readonly Loose[] {
  const value = parsed(text);
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.filter((item) => typeof item === 'object' && item !== null) as Loose[];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
