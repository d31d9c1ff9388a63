import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of package.json, where `web/` lies: the same for the sources under `src/` and for the build under
 * `dist/src/`, which has no package.json of its own.
 */
export function projectRoot(from = fileURLToPath(import.meta.url)): string {
  const folder = dirname(from);
  if (existsSync(join(folder, 'package.json'))) return folder;
  if (folder === from) throw new Error(`No package.json above ${fileURLToPath(import.meta.url)}`);
  return projectRoot(folder);
}
