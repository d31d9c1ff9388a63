import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/http/project-root.js';

/** How users run the built server, from `npm start`: the flags for Node, then the file. */
export function startArguments(): readonly string[] {
  const manifest = readFileSync(join(projectRoot(), 'package.json'), 'utf8');
  const { start } = (JSON.parse(manifest) as { readonly scripts: { readonly start: string } }).scripts;
  return start.replace(/^exec node /, '').split(' ');
}

/** The flags for Node alone, for a program that runs the server in itself. */
export function startFlags(): readonly string[] {
  return startArguments().filter((argument) => argument.startsWith('--'));
}
