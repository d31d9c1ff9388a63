import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BuildOptions, BuildResult } from 'esbuild';
import type { ThreadModule } from './worker-protocol.js';

const THREADS: readonly ThreadModule[] = ['writer', 'reader', 'inspector'];
let bundles: ReadonlyMap<string, URL> | null = null;

/**
 * A worker's file for programs that run from source: on Node 20 a .ts file does not load in a worker thread by itself, and
 * a loader in each thread costs ten times what opening a journal does. All are bundled once in a process; their names
 * hold what is in them, so processes share them.
 */
export function sourceWorker(module: ThreadModule): URL {
  bundles ??= bundle();
  return bundles.get(module)!;
}

function bundle(): ReadonlyMap<string, URL> {
  const require = createRequire(import.meta.url);
  const { buildSync } = require('esbuild') as { readonly buildSync: (options: BuildOptions) => BuildResult };
  const { outputFiles = [] } = buildSync({
    entryPoints: THREADS.map((name) => fileURLToPath(new URL(`./${name}.ts`, import.meta.url))),
    entryNames: '[name]-[hash]',
    outdir: fileURLToPath(new URL('../../node_modules/.cache/journal-threads/', import.meta.url)),
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    packages: 'external',
    sourcemap: 'inline',
  });
  const files = outputFiles.map(({ path, contents }) => {
    mkdirSync(join(path, '..'), { recursive: true });
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, contents);
    renameSync(draft, path); // whole or not at all: another process may load it now
    return [basename(path).split('-')[0]!, pathToFileURL(path)] as const;
  });
  return new Map(files);
}
