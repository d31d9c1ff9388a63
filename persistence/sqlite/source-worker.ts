import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, BuildResult } from 'esbuild';
import type { ThreadModule } from './worker-protocol.js';

const THREADS: readonly ThreadModule[] = ['writer', 'reader', 'inspector'];
let folder: URL | null = null;

/**
 * A worker's file for programs that run from source: on Node 20 a .ts file does not load in a worker thread by itself, and
 * a loader in each thread costs ten times what opening a journal does. All are bundled once in a process, into a folder
 * whose name is a hash of what they hold, so that processes share them and a thread finds the others beside its own file.
 */
export function sourceWorker(module: ThreadModule): URL {
  folder ??= bundle();
  return new URL(`./${module}.mjs`, folder);
}

function bundle(): URL {
  const require = createRequire(import.meta.url);
  const { buildSync } = require('esbuild') as { readonly buildSync: (options: BuildOptions) => BuildResult };
  const { outputFiles = [] } = buildSync({
    entryPoints: THREADS.map((name) => fileURLToPath(new URL(`./${name}.ts`, import.meta.url))),
    outdir: fileURLToPath(new URL('.', import.meta.url)),
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    packages: 'external',
    sourcemap: 'inline',
  });
  const hash = createHash('sha256');
  for (const { contents } of outputFiles) hash.update(contents);
  const name = hash.digest('hex').slice(0, 16);
  const target = new URL(`../../node_modules/.cache/journal-threads/${name}/`, import.meta.url);
  mkdirSync(target, { recursive: true });
  for (const { path, contents } of outputFiles) {
    const file = fileURLToPath(new URL(basename(path), target));
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, contents);
    renameSync(draft, file); // whole or not at all: another process may load it now
  }
  return target;
}
