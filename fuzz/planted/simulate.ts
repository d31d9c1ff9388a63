import { PROFILE_NAMES } from '../../test/sim/profiles.js';
import { simulate } from '../../test/sim/simulate.js';

// What `npm run fuzz:planted` runs as its third finder: one simulation after the other, the profiles in turn, until one
// fails. Prints one JSON object. Usage: simulate.ts <seed> <simulations>

const [seed, runs] = process.argv.slice(2).map(Number) as [number, number];
const HOURS = 0.1;

let messages = 0;
for (let run = 0; run < runs; run++) {
  const profile = PROFILE_NAMES[run % PROFILE_NAMES.length]!;
  const { failure, counts } = await simulate({ seed: seed + run, profile, hours: HOURS, tables: 2 });
  messages += counts.entries;
  if (failure === null) continue;
  const { promise, message } = failure;
  const script = `${profile}, seed ${seed + run}`;
  process.stdout.write(
    `${JSON.stringify({ ok: false, failure: { promise, message, foundAfter: messages, script } })}\n`,
  );
  process.exit(1);
}
process.stdout.write(`${JSON.stringify({ ok: true, messages })}\n`);
