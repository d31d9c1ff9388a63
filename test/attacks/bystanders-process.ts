// Four people who play while others attack, in a process of their own: what attackers cost their own process is not
// what they cost the players. Told `take`, it says what happened since the last time.
import { type GameResult, GameFailed, playGame } from '../../src/client/game-session.js';
import { seededRandom } from '../../src/client/random.js';
import { botStrategy } from '../../src/client/strategy.js';
import { connectOverWs } from '../../src/client/ws-socket.js';
import { realGame } from '../support/real-game.js';
import type { Witnessed } from './bystanders.js';

const HUMANS = 4;
let seen: { latenciesUs: number[]; complaints: string[] } = { latenciesUs: [], complaints: [] };

async function play(url: string): Promise<void> {
  for (let seed = 1; ; seed++) {
    try {
      // Played as bots do it, a game hardly ever ends.
      const strategy = botStrategy(seededRandom(seed));
      const result = await playGame({
        ...realGame(connectOverWs(url), seed, HUMANS),
        strategy,
        observer: { action: (_, { event, outcome }) => note(event, outcome) },
      });
      seen.complaints.push(...complaintsOf(result));
    } catch (failure) {
      if (!(failure instanceof GameFailed)) throw failure;
      seen.complaints.push(failure.message);
    }
  }
}

type Action = Parameters<NonNullable<NonNullable<Parameters<typeof playGame>[0]['observer']>['action']>>[1];

function note(event: string, outcome: Action['outcome']): void {
  if (outcome.kind === 'applied') seen.latenciesUs.push(outcome.latencyUs);
  else
    seen.complaints.push(`${event} was ${outcome.kind === 'refused' ? `refused: ${outcome.message}` : 'not answered'}`);
}

function complaintsOf({ violations }: GameResult): string[] {
  return violations.map(({ human, sentence }) => `${human} saw that ${sentence}`);
}

process.on('message', () => {
  const taken: Witnessed = seen;
  seen = { latenciesUs: [], complaints: [] };
  process.send!(taken);
});
process.on('disconnect', () => process.exit(0));
void play(process.argv[2]!);
