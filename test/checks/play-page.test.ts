import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CLIENT_MODULES } from '../../src/http/client-modules.js';

// The page helps with rules of its own, because it shares no code with the server: they must be the same rules.

interface PagePiece {
  readonly kind: string;
  readonly color: string;
  readonly points: number;
}

interface PageRules {
  readonly playType: (pieces: readonly PagePiece[]) => string;
  readonly beats: (pieces: readonly PagePiece[], best: readonly PagePiece[]) => boolean;
  readonly isWeak: (pieces: readonly PagePiece[]) => boolean;
  readonly barredDeclarations: (declared: readonly number[], zeroStreak: number) => ReadonlyMap<number, string>;
}

interface PageState {
  readonly opening: (who: { readonly name: string; readonly roomId: string | null }) => unknown;
  readonly reduce: (state: unknown, message: unknown) => unknown;
  readonly phaseOf: (state: unknown) => string;
}

interface Vectors {
  readonly pieces: readonly (readonly [kind: string, points: number])[];
  readonly playTypes: readonly (readonly [set: string, type: string])[];
  readonly compare: readonly (readonly [first: string, second: string, result: number])[];
  readonly weakHands: readonly (readonly [hands: readonly string[], weak: readonly number[]])[];
  readonly declareOptions: readonly (readonly [streak: number, sum: number, last: number, allowed: string])[];
}

const load = async <T>(path: string): Promise<T> =>
  (await import(new URL(`../../web/play/${path}`, import.meta.url).href)) as T;
const shared = (path: string): URL => new URL(`../../../shared/${path}`, import.meta.url);
const vectors = JSON.parse(readFileSync(shared('spec/vectors.json'), 'utf8')) as Vectors;
const points = new Map(vectors.pieces.map(([kind, value]) => [kind, value]));

function pagePieces(set: string): PagePiece[] {
  if (set === '') return [];
  return set.split(' ').map((piece) => {
    const [kind, color] = piece.split('_') as [string, string];
    return { kind, color, points: points.get(piece)! };
  });
}

describe("the page's rules", () => {
  test('name every recorded set as the game does', async () => {
    const { playType } = await load<PageRules>('rules.js');
    expect(vectors.playTypes.length).toBeGreaterThan(0);
    for (const [set, type] of vectors.playTypes) expect([set, playType(pagePieces(set))]).toEqual([set, type]);
  });

  test('let a play beat another exactly where the game does', async () => {
    const { beats, playType } = await load<PageRules>('rules.js');
    const valid = vectors.compare.filter(([first]) => playType(pagePieces(first)) !== 'INVALID');
    expect(valid.length).toBeGreaterThan(0);
    for (const [first, second, result] of valid) {
      expect([first, second, beats(pagePieces(first), pagePieces(second))]).toEqual([first, second, result === 1]);
    }
  });

  test('find the same weak hands', async () => {
    const { isWeak } = await load<PageRules>('rules.js');
    for (const [hands, weak] of vectors.weakHands) {
      expect(hands.flatMap((hand, seat) => (isWeak(pagePieces(hand)) ? [seat] : []))).toEqual(weak);
    }
  });

  test('bar the same declarations', async () => {
    const { barredDeclarations } = await load<PageRules>('rules.js');
    for (const [streak, sum, last, allowed] of vectors.declareOptions) {
      const before = last === 1 ? [sum, 0, 0] : [sum];
      const barred = barredDeclarations(before, streak);
      const open = [0, 1, 2, 3, 4, 5, 6, 7, 8].filter((value) => !barred.has(value)).join('');
      expect([streak, sum, last, open]).toEqual([streak, sum, last, allowed]);
    }
  });
});

test('the page follows a whole recorded game to its ranking', async () => {
  const { opening, reduce, phaseOf } = await load<PageState>('state.js');
  const phases = new Set<string>();
  let state = opening({ name: 'Solo', roomId: 'ABCDEF' });
  for (const line of readFileSync(shared('transcripts/full-game-one-human.jsonl'), 'utf8').split('\n')) {
    if (line === '') continue;
    const { dir, conn, msg } = JSON.parse(line) as { dir: string; conn: string; msg: { event?: string } };
    if (dir !== 's>c' || msg.event === undefined || conn.endsWith('/lobby')) continue;
    state = reduce(state, msg);
    phases.add(phaseOf(state));
  }
  expect(phases).toEqual(
    new Set(['waiting', 'preparation', 'round_start', 'declaration', 'turn', 'turn_results', 'scoring', 'game_over']),
  );
});

describe('a message that waits for its answer', () => {
  interface Waiting {
    readonly pending: { readonly id: string } | null;
    readonly toast: { readonly text: string } | null;
  }
  const after = async (...messages: readonly object[]): Promise<Waiting> => {
    const { opening, reduce } = await load<PageState>('state.js');
    const sent = { kind: 'sent', id: 'a', event: 'start_game', data: {} };
    return [sent, ...messages].reduce(reduce, opening({ name: 'Solo', roomId: 'ABCDEF' })) as Waiting;
  };
  const lost = ['reconnecting', 'open'].map((status) => ({ kind: 'connection', status }));
  const frame = (event: string, data: object, in_reply_to?: string): object => ({
    event,
    data: { ...data, in_reply_to },
  });
  const phase = { phase: 'round_start', phase_data: {}, players: {}, round: 1 };

  test('waits on over a loss and over all that is said before, and no longer than to its answer', async () => {
    const introduced = [
      frame('room_state_update', { slots: {} }, 'b'),
      frame('room_update', { players: [], started: true }),
      frame('phase_change', phase, 'b'),
    ];
    expect((await after(...lost, ...introduced)).pending?.id).toBe('a');
    expect((await after(...lost, ...introduced, frame('phase_change', phase, 'a'))).pending).toBeNull();
    expect((await after(...lost, frame('error', { message: 'No.' }, 'a'))).pending).toBeNull();
  });

  test('ends with a connection that is closed for good', async () => {
    expect((await after({ kind: 'connection', status: 'closed' })).pending).toBeNull();
  });

  test('is said to be in doubt where no answer came', async () => {
    expect((await after({ kind: 'unanswered', id: 'of another' })).pending?.id).toBe('a');
    const { pending, toast } = await after({ kind: 'unanswered', id: 'a' });
    expect([pending, toast?.text]).toEqual([null, expect.stringContaining('has not answered')]);
  });
});

test('the page names every module that it loads, so that a browser fetches them at once', () => {
  const root = new URL('../../web/play/', import.meta.url);
  const imported = new Set<string>();
  const follow = (url: URL): void => {
    if (imported.has(url.pathname)) return;
    imported.add(url.pathname);
    for (const [, path] of readFileSync(url, 'utf8').matchAll(/from '(\.[^']+)'/g)) follow(new URL(path!, url));
  };
  follow(new URL('play.js', root));
  const html = readFileSync(new URL('index.html', root), 'utf8');
  const named = [...html.matchAll(/rel="modulepreload" href="\/play\/([^"]+)"/g)].map(
    ([, path]) => new URL(path!, root),
  );
  expect(named.map(({ pathname }) => pathname).sort()).toEqual([...imported].sort());
  const library = [...html.matchAll(/rel="modulepreload" href="\/client\/([^"]+)\.js"/g)].map(([, name]) => name);
  expect(library.sort()).toEqual([...CLIENT_MODULES].sort());
});
