import { GameFailed, HUMAN_NAMES, playGame } from '../../src/client/game-session.js';
import { pick, seededRandom } from '../../src/client/random.js';
import { botStrategy, carefulStrategy, randomStrategy } from '../../src/client/strategy.js';
import { PLAYERS_SEE_THE_PROTOCOL, RUNTIME_NEVER_FAILS } from './oracles/promises.js';
import { numberOf, type World } from './world.js';

export interface TablesOptions {
  readonly seed: string;
  readonly count: number; // tables at which one game after the other is played
  readonly roundsMax?: number; // then its players leave the game to itself
  /** Whether players judge what they see (`ProtocolWatch`): not where others speak in their names. */
  readonly areStrict: boolean;
  readonly thinkMs?: number; // at most
}

const ROUNDS_MAX = 40;
const PAUSE_MS = 3_000;

/** Scripted people who play whole games, come back, and send again what was not answered. */
export class Tables {
  gamesPlayed = 0;
  gamesFailed = 0;
  movesApplied = 0;
  readonly #world: World;
  readonly #options: TablesOptions;
  #ids = 0;
  #isOver = false;

  constructor(world: World, options: TablesOptions) {
    this.#world = world;
    this.#options = options;
    for (let table = 0; table < options.count; table++) void this.#sit(table);
  }

  /** Games that are under way go on; no other begins. */
  stop(): void {
    this.#isOver = true;
  }

  async #sit(table: number): Promise<void> {
    for (let game = 0; !this.#over(); game++) await this.#play(table, game);
  }

  #over(): boolean {
    return this.#isOver;
  }

  async #play(table: number, game: number): Promise<void> {
    const { clock, network, witness } = this.#world;
    const { seed, roundsMax = ROUNDS_MAX, areStrict, thinkMs = 800 } = this.#options;
    const random = seededRandom(numberOf(`${seed}/table ${table} game ${game}`));
    try {
      const result = await playGame({
        humans: 1 + Math.floor(random() * 4),
        connect: network.connect,
        clock,
        random,
        newId: () => `m${++this.#ids}`,
        strategy: pick(random, [carefulStrategy, randomStrategy, botStrategy])(random),
        thinkMs: () => random() * thinkMs,
        credentials: random() < 0.8 ? 'cookie' : 'token',
        changePages: random() < 0.5,
        roundsMax,
        observer: {
          violation: (human, { sentence, frame }) => {
            if (areStrict) witness.break(PLAYERS_SEE_THE_PROTOCOL, `${HUMAN_NAMES[human]}: ${sentence} in ${frame}`);
          },
        },
      });
      this.gamesPlayed++;
      this.movesApplied += result.movesApplied;
    } catch (failure) {
      if (!(failure instanceof GameFailed)) {
        witness.break(
          RUNTIME_NEVER_FAILS,
          failure instanceof Error ? (failure.stack ?? failure.message) : String(failure),
        );
      }
      this.gamesFailed++;
    }
    // The same people do not come back in the same moment.
    await new Promise<void>((resolve) => clock.schedule(random() * PAUSE_MS, resolve));
  }
}
