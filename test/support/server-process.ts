import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Connect } from '../../src/client/client-socket.js';
import { connectOverWs } from '../../src/client/ws-socket.js';
import { projectRoot } from '../../src/http/project-root.js';

/** Settings as an operator gives them; those of the process that runs the tests are not handed on. */
export type ServerEnvironment = Readonly<Record<string, string>>;

export interface ServerProcessOptions {
  readonly env?: ServerEnvironment;
  readonly dataDir?: string; // kept when the server is disposed of; otherwise a new one that is not
  /** The program and its arguments; by default the server from its source, so that no build is needed. */
  readonly command?: readonly string[];
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const FROM_SOURCE: readonly string[] = [process.execPath, '--import', 'tsx', 'src/main.ts'];
const READY = /^ready http:\/\/(?:[^/]+):(\d+)$/;
const START_LIMIT_MS = 30_000;
/** What tests want unless they say otherwise: quick, quiet, and reachable from this machine only. */
const DEFAULTS: ServerEnvironment = { HOST: '127.0.0.1', LOG_LEVEL: 'warn', TIME_SCALE: '0', RATE_LIMITS: 'off' };

/** The server as a process of its own, on a port that the system chose. A restart keeps port and data folder. */
export class ServerProcess {
  readonly dataDir: string;
  readonly connect: Connect = (path, headers) => connectOverWs(this.socketUrl)(path, headers);
  readonly #options: ServerProcessOptions;
  #port = 0;
  #running: Running | null = null;

  private constructor(options: ServerProcessOptions) {
    this.#options = options;
    this.dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'rooms-'));
  }

  /** @throws with what the process said where it did not become ready */
  static async start(options: ServerProcessOptions = {}): Promise<ServerProcess> {
    const server = new ServerProcess(options);
    try {
      await server.restart();
    } catch (failure) {
      await server.dispose();
      throw failure;
    }
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get socketUrl(): string {
    return `ws://127.0.0.1:${this.#port}`;
  }

  /** Of the process that runs. */
  get pid(): number {
    if (this.#running === null) throw new Error('the server does not run');
    return this.#running.child.pid!;
  }

  /** Starts the server again after `stop` or `kill`. */
  async restart(): Promise<void> {
    if (this.#running !== null) throw new Error('the server still runs');
    const { command = FROM_SOURCE, env } = this.#options;
    const running = run(command, { ...DEFAULTS, ...env, PORT: String(this.#port), DATA_DIR: this.dataDir });
    this.#running = running;
    const timer = setTimeout(() => running.child.kill('SIGKILL'), START_LIMIT_MS);
    const port = await Promise.race([running.ready, running.ended.then(() => null)]);
    clearTimeout(timer);
    if (port !== null) {
      this.#port = port;
      return;
    }
    this.#running = null;
    const { code, signal, stderr } = await running.ended;
    throw new Error(`the server ended with ${code ?? signal} before it was ready: ${stderr}`);
  }

  /** Asks the server to stop as an operator does, and waits until it is gone. */
  stop(): Promise<ProcessEnd> {
    return this.#end('SIGTERM');
  }

  /** The end without a farewell: nothing is told, nothing is flushed. */
  kill(): Promise<ProcessEnd> {
    return this.#end('SIGKILL');
  }

  /** Kills what still runs and removes what was made. */
  async dispose(): Promise<void> {
    if (this.#running !== null) await this.kill();
    if (this.#options.dataDir === undefined) rmSync(this.dataDir, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<ProcessEnd> {
    const running = this.#running;
    if (running === null) throw new Error('the server does not run');
    running.child.kill(signal);
    const end = await running.ended;
    this.#running = null;
    return end;
  }
}

/** Runs a program to its end: for a start that is to fail. It is killed after `limitMs`. */
export async function runToEnd(
  env: ServerEnvironment,
  command: readonly string[] = FROM_SOURCE,
  limitMs = START_LIMIT_MS,
): Promise<ProcessEnd> {
  const running = run(command, env);
  const timer = setTimeout(() => running.child.kill('SIGKILL'), limitMs);
  const end = await running.ended;
  clearTimeout(timer);
  return end;
}

interface Running {
  readonly child: ChildProcess;
  readonly ready: Promise<number>; // the port; never settles for a process that does not get there
  readonly ended: Promise<ProcessEnd>;
}

function run([program, ...args]: readonly string[], env: ServerEnvironment): Running {
  const child = spawn(program!, args, {
    cwd: projectRoot(),
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ready = new Promise<number>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      stdout += `${line}\n`;
      const port = READY.exec(line)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout,
    stderr,
  }));
  return { child, ready, ended };
}
