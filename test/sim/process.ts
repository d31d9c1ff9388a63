import { createHash } from 'node:crypto';
import type { Clock } from '../../actors/clock.js';
import type { LiapTui } from '../../actors/room/liap-tui.js';
import type { SimulatedClock } from '../../actors/simulated-clock.js';
import type { JournalEngine } from '../../persistence/journal.js';
import type { GatewaySettings } from '../../src/gateway/gateway.js';
import type { Sessions } from '../../src/gateway/sessions.js';
import { type RoomServer, startRooms } from '../../src/server.js';
import type { Log } from '../../src/telemetry/log.js';

export interface ProcessPorts {
  readonly clock: SimulatedClock;
  readonly life: number; // counts processes of one simulation
  readonly seed: string;
  readonly engine: JournalEngine;
  readonly definition: LiapTui;
  readonly sessions: Sessions;
  readonly settings: GatewaySettings;
  readonly log: Log;
  readonly onStep: (roomId: string) => void; // before each step of a room; may throw, as a bug would
  readonly onWake: () => void; // before each scheduled call; the process may be killed in it
  readonly onGiveUp: () => void;
}

/** One run of the server's process. Killed, nothing of it ever runs again, whatever was scheduled. */
export class SimulatedProcess {
  readonly life: number;
  readonly startedAtMs: number; // true time
  isAlive = true;
  server: RoomServer | null = null; // null while it starts
  readonly #ports: ProcessPorts;

  constructor(ports: ProcessPorts) {
    this.#ports = ports;
    this.life = ports.life;
    this.startedAtMs = ports.clock.elapsedMs();
  }

  /** @returns null where it was killed meanwhile */
  async start(): Promise<RoomServer | null> {
    const { engine, definition, sessions, settings, log, onStep, onGiveUp, seed } = this.#ports;
    const server = await startRooms({
      engine,
      definition,
      sessions,
      clock: this.#clock(),
      random: seededBytes(`${seed}/${this.life}`),
      log,
      settings,
      stepMark: { begin: onStep, end: () => undefined },
      onGiveUp: () => {
        if (this.isAlive) onGiveUp();
      },
    });
    if (!this.isAlive) return null;
    this.server = server;
    return server;
  }

  kill(): void {
    this.isAlive = false;
    this.server?.stopClocks();
  }

  /** Time as a process sees it: its own monotonic clock, and calls that end with it. */
  #clock(): Clock {
    const { clock, onWake } = this.#ports;
    const isAlive = (): boolean => this.isAlive;
    const run = (call: () => void) => (): void => {
      if (!isAlive()) return;
      onWake();
      if (isAlive()) call();
    };
    return {
      nowMs: clock.nowMs,
      elapsedMs: () => clock.elapsedMs() - this.startedAtMs,
      schedule: (delayMs, call) => clock.schedule(delayMs, run(call)),
      defer: (call) => clock.defer(run(call)),
    };
  }
}

/** Bytes that follow from the seed: SHA-256 in counter mode. */
export function seededBytes(seed: string): (count: number) => Buffer {
  let counter = 0;
  return (count) => {
    let bytes = Buffer.alloc(0);
    while (bytes.length < count) {
      bytes = Buffer.concat([bytes, createHash('sha256').update(`${seed}/${counter++}`).digest()]);
    }
    return bytes.subarray(0, count);
  };
}
