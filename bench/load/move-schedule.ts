import { build } from 'hdr-histogram-js';

interface UnderWay {
  readonly dueMs: number;
  readonly counts: boolean;
}

/** What moves. */
interface Mover {
  readonly move: () => unknown;
}

/** Who moves when in one phase, and what became of it. */
export class MoveSchedule<T extends Mover> {
  applied = 0;
  appliedInTime = 0;
  readonly refused = new Map<string, number>();
  readonly lost = new Set<T>();
  readonly latency = build();
  readonly sentLate = build();
  readonly #asSoonAsPossible: boolean;
  readonly #nowMs: () => number;
  readonly #ready = new Set<T>();
  readonly #underWay = new Map<T, UnderWay>();
  readonly #due: UnderWay[] = [];
  #fromMs = Number.POSITIVE_INFINITY;
  #toMs = Number.POSITIVE_INFINITY;
  #isPast = false; // all that counts was due
  #waiting = 0; // that count and are not answered
  #onSettled: () => void = () => undefined;

  /** @param asSoonAsPossible each table moves when it is ready; otherwise when a move is due as well */
  constructor(asSoonAsPossible: boolean, nowMs: () => number) {
    this.#asSoonAsPossible = asSoonAsPossible;
    this.#nowMs = nowMs;
  }

  get unsent(): number {
    return this.#due.filter(({ counts }) => counts).length;
  }

  get unanswered(): number {
    return this.#asSoonAsPossible ? 0 : this.#waiting - this.unsent;
  }

  /** What is due, or answered where nothing is ever due, from the one time on and before the other counts. */
  count(fromMs: number, toMs: number): void {
    this.#fromMs = fromMs;
    this.#toMs = toMs;
  }

  /** A move is due, or was: beats come late where the machine is busy. */
  due(dueMs: number): void {
    if (dueMs >= this.#toMs) {
      this.#isPast = true;
      this.#settle();
      return;
    }
    const counts = this.#isCounted(dueMs);
    this.#due.push({ dueMs, counts });
    if (counts) this.#waiting++;
    this.#sendDue();
  }

  /** Resolves when all that counts was due and is answered, or after the limit. */
  async settled(limitMs: number): Promise<void> {
    if (this.#isPast && this.#waiting === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#onSettled = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  ready(table: T): void {
    if (this.#asSoonAsPossible) {
      this.#send(table, { dueMs: this.#nowMs(), counts: true });
      return;
    }
    this.#ready.add(table);
    this.#sendDue();
  }

  answered(table: T, refusal: string | null): void {
    const underWay = this.#underWay.get(table);
    if (underWay === undefined) return; // of the phase before
    this.#underWay.delete(table);
    const applied = refusal === null;
    if (!applied) this.refused.set(refusal, (this.refused.get(refusal) ?? 0) + 1);
    const isInTime = this.#isCounted(this.#nowMs());
    if (applied && isInTime) this.appliedInTime++;
    if (!(this.#asSoonAsPossible ? isInTime : underWay.counts)) return;
    if (applied) {
      this.applied++;
      this.latency.recordValue(this.#microsecondsSince(underWay.dueMs));
    }
    if (this.#asSoonAsPossible) return;
    this.#waiting--;
    this.#settle();
  }

  closed(table: T): void {
    this.lost.add(table);
    this.#ready.delete(table);
  }

  #isCounted(ms: number): boolean {
    return ms >= this.#fromMs && ms < this.#toMs;
  }

  #settle(): void {
    if (this.#isPast && this.#waiting === 0) this.#onSettled();
  }

  #sendDue(): void {
    while (this.#due.length > 0 && this.#ready.size > 0) {
      const due = this.#due.shift()!;
      const [table] = this.#ready;
      this.#ready.delete(table!);
      if (due.counts) this.sentLate.recordValue(this.#microsecondsSince(due.dueMs));
      this.#send(table!, due);
    }
  }

  #send(table: T, underWay: UnderWay): void {
    this.#underWay.set(table, underWay);
    table.move();
  }

  #microsecondsSince(ms: number): number {
    return Math.max(1, Math.round((this.#nowMs() - ms) * 1000));
  }
}
