import { BrowserPlayer, type BrowserObserver, type BrowserPlayerOptions } from './browser-player.js';
import { GameLimitWatch, type GameLimits } from './game-limits.js';
import { GameFailed, HUMAN_NAMES } from './game-session.js';
import type { Violation } from './protocol-watch.js';
import type { FinalResult } from './room-view.js';

/** What a person is ready to wait for a page. */
const PAGE_LIMIT_MS = 20_000;

export interface BrowserGameOptions extends Omit<BrowserPlayerOptions, 'name' | 'observer'>, GameLimits {
  readonly humans: number; // 1 to 4; bots take the other seats
  readonly onRoom?: (roomId: string) => void;
  readonly observer?: (human: number) => BrowserObserver; // `human` counts from 0, the host
}

export interface BrowserGameResult extends FinalResult {
  readonly roomId: string;
  readonly humans: readonly string[];
  readonly complete: boolean; // false: given up after `roundsMax`, without winners
  readonly clicks: number; // those with an effect
  readonly latenciesUs: readonly number[]; // of each: from the click to the message that shows its effect
  readonly violations: readonly (Violation & { readonly human: string })[];
  readonly durationMs: number;
}

/**
 * Plays one whole game with people at the unmodified frontend, page by page.
 * @throws GameFailed when a page does not come, or nothing goes on any more
 */
export async function playBrowserGame(options: BrowserGameOptions): Promise<BrowserGameResult> {
  const { humans, clock, onRoom, observer } = options;
  if (!(Number.isInteger(humans) && humans >= 1 && humans <= 4))
    throw new RangeError(`${humans} humans at a table of 4`);
  const startMs = clock.elapsedMs();
  const limits = new GameLimitWatch(clock, options);
  const people = HUMAN_NAMES.slice(0, humans).map((name, human) => {
    const given = observer?.(human) ?? {};
    const frame: BrowserObserver['frame'] = (seen) => {
      limits.see(seen);
      given.frame?.(seen);
    };
    return new BrowserPlayer({ ...options, name, observer: { ...given, frame } });
  });

  try {
    const roomId = await seatAll(people, onRoom);
    const ends = await Promise.race([Promise.all(people.map(({ finished }) => finished)), limits.reached]);
    if (ends === 'stalled') throw new GameFailed(`Nothing has happened in room ${roomId} for a long time`);
    const final = ends === 'roundsMax' ? { rounds: options.roundsMax!, winners: [], rankings: [] } : ends[0]!;
    return {
      ...final,
      complete: final.winners.length > 0,
      roomId,
      humans: people.map(({ name }) => name),
      clicks: people.reduce((sum, { latenciesUs }) => sum + latenciesUs.length, 0),
      latenciesUs: people.flatMap(({ latenciesUs }) => latenciesUs),
      violations: people.flatMap(({ name, violations }) => violations.map((each) => ({ ...each, human: name }))),
      durationMs: clock.elapsedMs() - startMs,
    };
  } finally {
    limits.stop();
    for (const person of people) person.close();
  }
}

async function seatAll(people: readonly BrowserPlayer[], onRoom?: (roomId: string) => void): Promise<string> {
  const [host, ...guests] = people;
  await visitLobby(host!);
  host!.clickCreate();
  await see(host!, 'the room page', () => host!.page === 'room');
  const { roomId } = host!;
  onRoom?.(roomId);
  await see(host!, 'the seats', () => host!.seats !== undefined);

  for (const [index, guest] of guests.entries()) {
    const seat = index + 1;
    host!.clickRemove(seat + 1);
    await see(host!, `an empty seat ${seat + 1}`, () => host!.seats?.[seat] === null);
    await visitLobby(guest);
    guest.clickJoin(roomId);
    await see(guest, 'the room page', () => guest.page === 'room');
    await see(guest, 'the seats', () => guest.seats !== undefined);
    await see(host!, `${guest.name} at the table`, () => host!.seats?.[seat]?.name === guest.name);
  }
  host!.clickStart();
  for (const person of people) await see(person, 'the game page', () => person.page === 'game');
  return roomId;
}

async function visitLobby(person: BrowserPlayer): Promise<void> {
  person.load();
  person.visitLobby();
  await see(person, 'the lobby', () => person.connected);
}

async function see(person: BrowserPlayer, what: string, done: () => boolean): Promise<void> {
  try {
    await person.until(what, done, PAGE_LIMIT_MS);
  } catch (error) {
    throw new GameFailed(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
