import { readdirSync, readFileSync } from 'node:fs';
import { isRecord } from '../../src/client/frame.js';

/** Members of a message; rules change them in their own copy. */
export type Members = Record<string, unknown>;

/** One event of a recorded conversation; `t` in ms since its beginning. */
export type Line = ClientLine | ServerLine;

export type ClientLine =
  | { readonly kind: 'opens'; t: number; conn: string; readonly path: string }
  | { readonly kind: 'sends'; t: number; conn: string; readonly text: string; readonly message: Sent | null }
  | { readonly kind: 'sendsBytes'; t: number; conn: string; readonly bytes: Uint8Array }
  | { readonly kind: 'closes'; t: number; conn: string; readonly code: number | null }; // null: without a close frame

export type ServerLine =
  | { readonly kind: 'gets'; t: number; conn: string; event: string; data: Members }
  | { readonly kind: 'closed'; t: number; conn: string; readonly code: number };

export type Got = Extract<ServerLine, { kind: 'gets' }>;

/** A text that a client sent, where it is a message with an event. */
export interface Sent {
  readonly event: string;
  readonly data: Members;
  readonly id: string | null;
}

const FOLDER = new URL('../../../shared/transcripts/', import.meta.url);

export function scenarioNames(): string[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.jsonl'));
  return files.map((file) => file.slice(0, -'.jsonl'.length)).sort();
}

/** A fresh copy of a scenario's lines, in the order recorded; remarks are left out. */
export function loadRecording(scenario: string): Line[] {
  const rows = readFileSync(new URL(`${scenario}.jsonl`, FOLDER), 'utf8')
    .trimEnd()
    .split('\n');
  const openings = new Map<string, number>();
  return rows.flatMap((text) => {
    const row = JSON.parse(text) as Row;
    // A name may be used again for a later socket; here each socket has a name of its own.
    if (isRecord(row.msg) && '_open' in row.msg) openings.set(row.conn, (openings.get(row.conn) ?? 0) + 1);
    const opening = openings.get(row.conn) ?? 1;
    return readLine(opening === 1 ? row : { ...row, conn: `${row.conn} (${opening})` });
  });
}

interface Row {
  readonly t: number;
  readonly dir: 'c>s' | 's>c' | 'note';
  readonly conn: string;
  readonly msg: unknown;
}

function readLine({ t, dir, conn, msg }: Row): Line[] {
  if (dir === 'note') return [];
  const fields = isRecord(msg) ? msg : {};
  if (dir === 's>c') {
    const closed = fields['_closed'];
    if (isRecord(closed)) return [{ kind: 'closed', t, conn, code: Number(closed['code']) }];
    return [{ kind: 'gets', t, conn, event: String(fields['event']), data: fields['data'] as Members }];
  }
  if (typeof fields['_open'] === 'string') return [{ kind: 'opens', t, conn, path: fields['_open'] }];
  if ('_close' in fields) return [{ kind: 'closes', t, conn, code: Number(fields['_close']) }];
  if ('_terminate' in fields) return [{ kind: 'closes', t, conn, code: null }];
  if (typeof fields['raw'] === 'string') return [rawLine(t, conn, fields['raw'], fields['length'])];
  return [sends(t, conn, JSON.stringify(msg))];
}

const BINARY = /^<binary frame ((?:[0-9a-f]{2} ?)+)>$/;
const CUT = '…';

/** Text that was no JSON, bytes, or a long text that the recording cut: its end is padding. */
function rawLine(t: number, conn: string, raw: string, length: unknown): Line {
  const bytes = BINARY.exec(raw);
  if (bytes !== null) return { kind: 'sendsBytes', t, conn, bytes: Buffer.from(bytes[1]!.replaceAll(' ', ''), 'hex') };
  if (!raw.endsWith(CUT)) return sends(t, conn, raw);
  const end = '"}}';
  return sends(t, conn, raw.slice(0, -CUT.length).padEnd(Number(length) - end.length, 'x') + end);
}

/** A client's text as a line. */
export function sends(t: number, conn: string, text: string): Extract<ClientLine, { kind: 'sends' }> {
  return { kind: 'sends', t, conn, text, message: readSent(text) };
}

function readSent(text: string): Sent | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null; // sent as it is
  }
  if (!isRecord(json) || typeof json['event'] !== 'string') return null;
  const data = isRecord(json['data']) ? json['data'] : {};
  return { event: json['event'], data, id: typeof json['id'] === 'string' ? json['id'] : null };
}

/** The name that a connection speaks for: as in its `client_ready`, else the one it takes a seat under. */
export function nameOfConnection(lines: readonly Line[], conn: string): string | null {
  for (const event of [['client_ready'], ['create_room', 'join_room']]) {
    for (const line of lines) {
      if (line.conn !== conn || line.kind !== 'sends' || !event.includes(line.message?.event ?? '')) continue;
      const name = line.message?.data['player_name'];
      if (typeof name === 'string' && name !== '') return name;
    }
  }
  return null;
}

export function pathOf(lines: readonly Line[], conn: string): string {
  const opened = lines.find((line) => line.conn === conn && line.kind === 'opens');
  return opened?.kind === 'opens' ? opened.path : '';
}

export function isPhase(line: Line, phase?: string): line is Got {
  return line.kind === 'gets' && line.event === 'phase_change' && (phase === undefined || line.data['phase'] === phase);
}

export function phaseDataOf(line: Got): Members {
  return line.data['phase_data'] as Members;
}

/** Entries of `players` by name, in seat order. */
export function playersOf(line: Got): Record<string, Members> {
  return line.data['players'] as Record<string, Members>;
}

/** Puts a line where its time belongs: behind everything that is not later. */
export function insertByTime(lines: Line[], line: Line): void {
  const later = lines.findIndex(({ t }) => t > line.t);
  lines.splice(later === -1 ? lines.length : later, 0, line);
}

export function remove(lines: Line[], line: Line): void {
  lines.splice(lines.indexOf(line), 1);
}

/** When a connection's client ended it, or the server did. */
export function endOf(lines: readonly Line[], conn: string): number {
  const end = lines.find((line) => line.conn === conn && (line.kind === 'closes' || line.kind === 'closed'));
  return end?.t ?? Infinity;
}
