import { readFileSync } from 'node:fs';
import { env } from 'node:process';

/**
 * Preloaded by `--import`: moves the process's wall clock by as many ms as the file `WALL_CLOCK_OFFSET_FILE` says, at
 * the start and again at each SIGUSR2. Monotonic time and timers go on as they do when an operator sets the clock.
 */
const file = env['WALL_CLOCK_OFFSET_FILE'];
if (file === undefined) throw new Error('WALL_CLOCK_OFFSET_FILE is not set');

let offsetMs = 0;
const move = (): void => {
  offsetMs = Number(readFileSync(file, 'utf8'));
};
move();
process.on('SIGUSR2', move);

const RealDate = Date;
const now = (): number => RealDate.now() + offsetMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
  get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
});
