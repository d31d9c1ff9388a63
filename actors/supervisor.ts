import type { Cancel, Clock } from './clock.js';
import type { RestartPolicy } from './restart-policy.js';

/** A part of the process. Parts stand in the order in which they depend on each other, the first on none. */
export interface Part {
  readonly name: string;
  /** Ends what the part does and begins anew; whoever it serves waits meanwhile. */
  readonly restart: () => Promise<void>;
}

export interface SupervisorPorts {
  readonly clock: Clock;
  readonly policy: RestartPolicy;
  readonly onRestart: (part: string, failure: unknown) => void;
  /** The parts fail more often than the policy lets them: the process should end, and be started by its manager. */
  readonly onGiveUp: (part: string, failure: unknown) => void;
}

/** Rest for one, as in OTP: when a part fails it is restarted, and after it, in order, what depends on it. */
export class Supervisor {
  readonly #parts: readonly Part[];
  readonly #ports: SupervisorPorts;
  readonly #restarts = new Map<string, number>(); // since the start, by the part that failed
  #first: number | null = null; // the part from which on a restart is due or under way
  #cancel: Cancel | null = null;
  #isStopped = false;

  constructor(parts: readonly Part[], ports: SupervisorPorts) {
    this.#parts = parts;
    this.#ports = ports;
  }

  /** How often each part made a restart necessary, since the start. */
  get restarts(): ReadonlyMap<string, number> {
    return new Map(this.#parts.map(({ name }) => [name, this.#restarts.get(name) ?? 0]));
  }

  /** A part can't go on. Failures while a restart is under way that covers the part are part of that one. */
  failed(name: string, failure: unknown): void {
    const index = this.#parts.findIndex((part) => part.name === name);
    if (index < 0) throw new Error(`the supervisor has no part ${name}`);
    if (this.#isStopped || (this.#first !== null && this.#first <= index)) return;
    const { policy, clock, onRestart, onGiveUp } = this.#ports;
    const verdict = policy.failed('parts');
    if (verdict.kind === 'giveUp') {
      this.stop();
      onGiveUp(name, failure);
      return;
    }
    this.#restarts.set(name, (this.#restarts.get(name) ?? 0) + 1);
    onRestart(name, failure);
    this.#cancel?.();
    this.#first = index;
    this.#cancel = clock.schedule(verdict.delayMs, () => void this.#restart(index));
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  async #restart(first: number): Promise<void> {
    this.#cancel = null;
    for (const [index, part] of this.#parts.entries()) {
      if (index < first) continue;
      try {
        await part.restart();
      } catch (failure) {
        this.#first = null;
        this.failed(part.name, failure);
        return;
      }
      // A part in front failed meanwhile: its own restart comes by here again.
      if (this.#first !== first) return;
    }
    this.#first = null;
  }
}
