import { existsSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Whether the process was started for this very file, and not for one that imports it.
 * @param url the file's own `import.meta.url`. Node names files by what links point to, and a program as it was typed: a
 *   folder of releases is entered by a link.
 */
export function isProgram(url: string): boolean {
  const started = process.argv[1];
  if (started === undefined || !existsSync(started)) return false; // another program imports it
  return realpathSync(started) === fileURLToPath(url);
}
