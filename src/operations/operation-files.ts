import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OperationRefused } from '../../actors/operation-refused.js';
import type { OperationActor } from './operation.js';

export interface FilePlace {
  readonly dataDir: string;
  readonly actor: OperationActor;
}

/** A name without separators: it can't lead anywhere but into its folder, and no leading dot hides it there. */
const PLAIN_NAME = /^\w[\w.-]{0,99}$/;

/** Where a backup goes: into `backups/` of the data folder, which is made. Only the tool writes elsewhere. */
export async function backupPath(
  { dataDir, actor }: FilePlace,
  file: string | undefined,
  now: number,
): Promise<string> {
  if (actor === 'tool' && file !== undefined) return resolve(file);
  const folder = join(dataDir, 'backups');
  const name = file ?? `${timeName(now)}.sqlite`;
  // The ending keeps the parts of a backup under way, which are removed at any time, apart from finished ones.
  mustBePlain(name, ['.sqlite'], folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return join(folder, name);
}

/** Where an import comes from: out of `imports/` of the data folder. Only the tool reads elsewhere. */
export function importPath({ dataDir, actor }: FilePlace, file: string): string {
  if (actor === 'tool') return resolve(file);
  const folder = join(dataDir, 'imports');
  mustBePlain(file, ['.jsonl', '.jsonl.gz'], folder);
  return join(folder, file);
}

function mustBePlain(name: string, endings: readonly string[], folder: string): void {
  if (PLAIN_NAME.test(name) && endings.some((ending) => name.endsWith(ending))) return;
  throw new OperationRefused(`The file must be the plain name of one in ${folder}, ending in ${endings.join(' or ')}`);
}

/** 2030-01-01T12:34:56.789Z is `20300101-123456-789`. */
function timeName(now: number): string {
  return new Date(now).toISOString().replace(/[-:Z]/g, '').replace(/[T.]/g, '-');
}
