// The server in a process that tells its parent what it uses, on each message.
import { LiveConfig } from '../src/live-config.js';
import { startServer } from '../src/server.js';
import { createLog } from '../src/telemetry/log.js';
import { usage } from './usage.js';

const config = new LiveConfig(process.env);
const server = await startServer(config, createLog(config.current.logLevel), () => process.exit(1));
process.on('message', () => void process.send!(usage(server.rooms.rooms.counts.inMemory)));
process.on('disconnect', () => process.exit(0));
process.send!({ port: server.port });
