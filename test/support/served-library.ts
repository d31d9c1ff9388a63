import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What the play page imports of the client library. */
const ENTRIES = ['room-link', 'session'];
const IMPORTED = /^(?:import|export)\b[^;]*?\bfrom ["']([^"']+)["'];$/gm;

/**
 * Loads the client library as a page does: what it imports itself, and then whatever that imports.
 * @param get answers a path, e.g. `/client/room-link.js`
 * @returns the names that each module exports
 * @throws where something that is imported is not served
 */
export async function servedLibrary(
  get: (path: string) => Response | Promise<Response>,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const texts = new Map<string, string>();
  const follow = async (name: string): Promise<void> => {
    if (texts.has(name)) return;
    const response = await get(`/client/${name}.js`);
    if (response.status !== 200) throw new Error(`/client/${name}.js is answered with ${response.status}`);
    const text = await response.text();
    texts.set(name, text);
    for (const [, imported] of text.matchAll(IMPORTED)) {
      const next = /^\.\/([\w-]+)\.js$/.exec(imported!)?.[1];
      if (next === undefined) throw new Error(`${name} imports ${imported}, which no page can load`);
      await follow(next);
    }
  };
  for (const entry of ENTRIES) await follow(entry);

  const folder = mkdtempSync(join(tmpdir(), 'library-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    for (const [name, text] of texts) writeFileSync(join(folder, `${name}.js`), text);
    return await exportsOf([...texts.keys()], (name) => pathToFileURL(join(folder, `${name}.js`)).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What the same modules export where programs import them. */
export function importedLibrary(names: readonly string[]): Promise<Readonly<Record<string, readonly string[]>>> {
  return exportsOf(names, (name) => new URL(`../../src/client/${name}.ts`, import.meta.url).href);
}

async function exportsOf(names: readonly string[], url: (name: string) => string): Promise<Record<string, string[]>> {
  const load = async (name: string) => [name, Object.keys((await import(url(name))) as object).sort()] as const;
  return Object.fromEntries(await Promise.all(names.map(load)));
}
