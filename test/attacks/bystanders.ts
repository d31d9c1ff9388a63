import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What people who play saw since they were last asked. */
export interface Witnessed {
  readonly latenciesUs: readonly number[]; // of each move, from its sending to its acknowledgement
  readonly complaints: readonly string[]; // moves that were refused or not answered, promises that were broken
}

/** Four people at one table, who play as fast as they can. */
export class Bystanders {
  readonly #process: ChildProcess;

  /** @param url of the sockets: `ws://127.0.0.1:5050` */
  constructor(url: string) {
    this.#process = fork(fileURLToPath(new URL('./bystanders-process.ts', import.meta.url)), [url], {
      execArgv: ['--import', 'tsx'],
    });
  }

  /** What happened since the last time. */
  async take(): Promise<Witnessed> {
    const answer = once(this.#process, 'message') as Promise<[Witnessed]>;
    this.#process.send('take');
    return (await answer)[0];
  }

  /** Waits until they have made so many moves; what they saw until then is forgotten. */
  async warmUp(moves: number): Promise<void> {
    for (let made = 0; made < moves; ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { latenciesUs, complaints } = await this.take();
      if (complaints[0] !== undefined) throw new Error(`before any attack, ${complaints[0]}`);
      made += latenciesUs.length;
    }
  }

  async stop(): Promise<void> {
    this.#process.disconnect();
    await once(this.#process, 'exit');
  }
}
