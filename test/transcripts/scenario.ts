import { differences } from './compare.js';
import { type Line, loadRecording, nameOfConnection, type ServerLine } from './recording.js';
import { type Heard, type Replayed, replay } from './replay.js';
import type { RewriteRule } from './rewrite-rules.js';

export interface ScenarioResult {
  readonly frames: number; // compared: frames and ends of connections
  readonly pauses: number; // compared
  readonly uses: Readonly<Record<string, number>>; // by rule
  readonly differences: readonly string[];
  readonly expected: ReadonlyMap<string, readonly Heard[]>; // by connection
  readonly heard: ReadonlyMap<string, readonly Heard[]>;
}

/** Plays a scenario against a fresh server and compares what each connection hears with the rewritten recording. */
export async function playScenario(name: string, rules: readonly RewriteRule[]): Promise<ScenarioResult> {
  const lines = loadRecording(name);
  const uses = Object.fromEntries(rules.map(({ id }) => [id, 0]));
  for (const { id, rewrite } of rules) if (rewrite !== undefined) uses[id] = rewrite(lines);
  const allows = (event: string, path: string): boolean => {
    const rule = rules.find(({ adds }) => adds?.(event, path));
    if (rule !== undefined) uses[rule.id] = uses[rule.id]! + 1;
    return rule !== undefined;
  };

  const replayed = await replay(loadRecording(name), lines);
  const { heard, stalledAt } = replayed;
  const expected = new Map([...heard.keys()].map((conn) => [conn, lines.filter((line) => isHeardBy(line, conn))]));
  const found = stalledAt === null ? [] : [`${stalledAt.conn}: nothing came when more was to come`];
  for (const [conn, should] of expected) {
    found.push(...differences(should, heard.get(conn)!, allows).map((difference) => `${conn}: ${difference}`));
  }
  const pauses = pausesOf(lines, replayed);
  found.push(
    ...foreignReplies(lines, heard),
    ...lateAnswers(lines, replayed),
    ...pauses.filter(isOff).map(({ says }) => says),
  );
  const frames = [...expected.values()].reduce((sum, each) => sum + each.length, 0);
  return { frames, pauses: pauses.length, uses, differences: found, expected, heard };
}

function isHeardBy(line: Line, conn: string): line is ServerLine {
  return line.conn === conn && (line.kind === 'gets' || line.kind === 'closed');
}

interface Pause {
  readonly recordedMs: number;
  readonly ms: number;
  readonly says: string;
}

/** The existing system looks every half second, and takes its time; ours is on time. */
const LATER_MS = 750;
const EARLIER_MS = 10; // the recorder saw sockets one after the other
const PAUSE_MS_MIN = 1_900;
/** Answers and news of seats and rooms come at once. */
const ANSWER_MS_MAX = 100;
const GAME = /^(phase_change|turn_complete|game_started)$/;

function isOff({ recordedMs, ms }: Pause): boolean {
  return ms > recordedMs + EARLIER_MS || ms < recordedMs - LATER_MS;
}

/** Each server line with the time at which it came. */
function* arrivals(lines: readonly Line[], heard: Replayed['heard']) {
  const counts = new Map<string, number>();
  for (const [index, line] of lines.entries()) {
    if (line.kind !== 'gets' && line.kind !== 'closed') continue;
    const count = counts.get(line.conn) ?? 0;
    counts.set(line.conn, count + 1);
    const at = heard.get(line.conn)?.[count]?.t;
    if (at !== undefined) yield { index, line, at };
  }
}

/** Times in which the server alone decided when it goes on: from one frame to the next, with no client in between. */
function pausesOf(lines: readonly Line[], { heard }: Replayed): Pause[] {
  const last = new Map<string, { readonly index: number; readonly recorded: number; readonly at: number }>();
  const pauses: Pause[] = [];
  for (const { index, line, at } of arrivals(lines, heard)) {
    const before = last.get(line.conn);
    last.set(line.conn, { index, recorded: line.t, at });
    if (before === undefined || line.t - before.recorded < PAUSE_MS_MIN) continue;
    if (lines.slice(before.index, index).some(({ kind }) => kind !== 'gets' && kind !== 'closed')) continue;
    const [recordedMs, ms] = [line.t - before.recorded, at - before.at];
    const what = line.kind === 'gets' ? line.event : 'the end';
    pauses.push({ recordedMs, ms, says: `${line.conn}: ${what} came after ${ms} ms, recorded are ${recordedMs} ms` });
  }
  return pauses;
}

function lateAnswers(lines: readonly Line[], { heard, reached }: Replayed): string[] {
  const late: string[] = [];
  for (const { index, line, at } of arrivals(lines, heard)) {
    if (index === 0 || line.kind === 'closed' || GAME.test(line.event)) continue;
    const due = reached[index - 1]! + Math.max(line.t - lines[index - 1]!.t, 0);
    if (at > due + ANSWER_MS_MAX) late.push(`${line.conn}: ${line.event} came ${at - due} ms late`);
  }
  return late;
}

/** Frames that claim to answer a message which nobody of that name sent. */
function foreignReplies(lines: readonly Line[], heard: ReadonlyMap<string, readonly Heard[]>): string[] {
  const person = (conn: string): string => nameOfConnection(lines, conn) ?? conn;
  const sent = new Set(
    lines.flatMap((line) => (line.kind === 'sends' ? [`${person(line.conn)} ${String(line.message?.id)}`] : [])),
  );
  return [...heard].flatMap(([conn, frames]) =>
    frames.flatMap((frame) => {
      if (frame.kind === 'closed' || !('in_reply_to' in frame.data)) return [];
      const id = String(frame.data['in_reply_to']);
      return sent.has(`${person(conn)} ${id}`) ? [] : [`${conn}: ${frame.event} answers ${id}, which was not sent`];
    }),
  );
}
