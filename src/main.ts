import { ConfigError } from './config.js';
import { LiveConfig } from './live-config.js';
import { startServer } from './server.js';
import { startFailure } from './start-failure.js';
import { stderrLines } from './telemetry/bounded-lines.js';
import { createLog } from './telemetry/log.js';
import { openLogFile } from './telemetry/log-file.js';

/** Longest time for a stop in order; then the process ends all the same. */
const STOP_MS = 15_000;

/** Starts the server of the environment's configuration and stops it on SIGINT or SIGTERM. */
async function main(live: LiveConfig): Promise<void> {
  const config = live.current;
  const { logFile } = config;
  const lines = logFile === undefined ? stderrLines() : openLogFile(logFile, config);
  const log = createLog(config.logLevel, lines);
  let stop = (why: object, exitCode: number): void => {
    log.warn(why, 'ending before the start was done');
    process.exit(exitCode);
  };
  const server = await startServer(live, log, () => stop({ supervisor: 'gave up' }, 1));

  let stopping = false;
  stop = (why, exitCode) => {
    if (stopping) return;
    stopping = true;
    log.info(why, 'stopping');
    // Whatever hangs: what was acknowledged is on the disk, so there is nothing to lose by ending.
    setTimeout(() => {
      log.error({ waitedMs: STOP_MS }, 'stopping takes too long');
      process.exit(1);
    }, STOP_MS).unref();
    void server
      .stop()
      .catch((failure: unknown) => {
        log.error({ err: failure }, 'stop failed');
        exitCode = 1;
      })
      .then(() => lines.end())
      .then(() => process.exit(exitCode));
  };
  // Before anybody is told that it is ready: a signal may come at once.
  process.on('SIGHUP', () => void server.reload());
  process.on('SIGINT', (signal) => stop({ signal }, 0));
  process.on('SIGTERM', (signal) => stop({ signal }, 0));

  // The one line that scripts wait for; a name that browsers can open stands in place of "every interface".
  const host = config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host;
  process.stdout.write(`ready http://${host}:${server.port}\n`);
  if (process.stdout.isTTY) {
    process.stdout.write(`play  http://${host}:${server.port}/play\n`);
    process.stdout.write(`see   http://${host}:${server.port}/visualizer?token=${server.adminToken}\n`);
  }
  const { rooms, awayMs } = server.rooms;
  const { open, quarantined } = rooms.counts;
  log.info({ port: server.port, dataDir: config.dataDir, open, quarantined, awayMs }, 'ready');
}

/** What an operator can mend is said in one sentence; everything else is a bug and comes with its stack. */
function explain(failure: unknown, live: LiveConfig | null): string {
  if (!(failure instanceof Error)) return String(failure);
  if (failure instanceof ConfigError || failure.name === 'DataFolderLocked') return failure.message;
  const sentence = live === null ? null : startFailure(failure, live.current);
  return sentence ?? failure.stack ?? failure.message;
}

let live: LiveConfig | null = null;
try {
  live = new LiveConfig(process.env);
  await main(live);
} catch (failure) {
  process.stderr.write(`${explain(failure, live)}\n`);
  process.exitCode = 1;
}
