import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/** Whether this file was compiled. What it starts is then compiled too. */
export const isBuilt = import.meta.url.endsWith('.js');

/** @param module relative to this folder, without its extension */
const fileOf = (module: string): URL => new URL(`./${module}${isBuilt ? '.js' : '.ts'}`, import.meta.url);

/** Starts a file of this folder as a process of its own. */
export function forkModule(module: string, env: Readonly<Record<string, string>>, flags: readonly string[] = []) {
  return fork(fileURLToPath(fileOf(module)), {
    execArgv: [...flags, ...(isBuilt ? [] : ['--import', 'tsx'])],
    env: { ...process.env, ...env },
  });
}

/** Starts a file of this folder as a thread. */
export function startThread(module: string, workerData: unknown): Worker {
  const file = fileOf(module);
  if (isBuilt) return new Worker(file, { workerData });
  // On Node 20 a .ts file does not load in a worker thread by itself.
  const load = `require('tsx/cjs/api').require(${JSON.stringify(fileURLToPath(file))}, ${JSON.stringify(import.meta.url)})`;
  return new Worker(load, { eval: true, execArgv: [], workerData });
}

/** @throws where the process ends before it says anything */
export async function firstMessage<T>(child: ChildProcess): Promise<T> {
  const decided = new AbortController();
  const { signal } = decided;
  try {
    const [message] = (await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code, name]: unknown[]) => {
        throw new Error(`a process of the bench ended with ${String(code ?? name)} before it answered`);
      }),
    ])) as [T];
    return message;
  } finally {
    decided.abort(); // neither listens any more
  }
}

export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
