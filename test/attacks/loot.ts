import { AttackSucceeded } from './attack.js';

const STACK = /\n\s+at .+:\d+:\d+/;

/** Everything that attackers were sent, looked through for what they must not have. */
export class Loot {
  readonly leaks: string[] = [];
  readonly #keys = new Map<string, string>(); // text to what it is
  readonly #lasting = new Map<string, string>();
  readonly #passing = new Map<string, string>();

  guardKey(what: string, text: string): void {
    this.#keys.set(text, what);
  }

  guard(what: string, text: string): void {
    this.#lasting.set(text, what);
  }

  /** Of a room that the next attack has nothing to do with. */
  guardForNow(what: string, text: string): void {
    this.#passing.set(text, what);
  }

  forgetPassing(): void {
    this.#passing.clear();
  }

  /** What may stand in no log either. */
  seeLog(line: string): void {
    for (const [secret, what] of this.#keys) if (line.includes(secret)) this.leaks.push(`${what} in the log`);
  }

  see(text: string, from: string): void {
    for (const secrets of [this.#keys, this.#lasting, this.#passing]) {
      for (const [secret, what] of secrets) if (text.includes(secret)) this.leaks.push(`${what} in ${from}`);
    }
    if (STACK.test(text)) this.leaks.push(`a stack trace in ${from}`);
  }

  /** @param ownName the attacker's own seat, whose hand it may see */
  seeFrame({ event, data }: { readonly event: string; readonly data: object }, ownName: string | undefined): void {
    const players = 'players' in data && !Array.isArray(data.players) ? data.players : undefined;
    for (const [name, player] of Object.entries((players ?? {}) as Record<string, { hand?: readonly string[] }>)) {
      if (name !== ownName && (player.hand?.length ?? 0) > 0) this.leaks.push(`the hand of ${name} in ${event}`);
    }
  }

  /** @throws AttackSucceeded naming the first leak since the last call */
  assertEmpty(): void {
    const [first] = this.leaks.splice(0);
    if (first !== undefined) throw new AttackSucceeded(`attackers saw ${first}`);
  }
}
