import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Where the server of a data folder is reached: `{"url":"http://127.0.0.1:5050","pid":4711}`. */
export interface ServerAddress {
  readonly url: string;
  readonly pid: number;
}

const serverAddress = z.object({ url: z.url({ protocol: /^https?$/ }), pid: z.int().positive() });

/**
 * Says in the data folder, to its owner only, where its server is: tools find it there.
 * @param host what the server listens on; one that means every interface is reached over loopback
 * @returns removes the file, unless another server has taken its place
 */
export function writeServerFile(dataDir: string, { host, port }: { readonly host: string; readonly port: number }) {
  const file = serverFile(dataDir);
  const { pid } = process;
  const address: ServerAddress = { url: `http://${reachable(host)}:${port}`, pid };
  const draft = `${file}.${pid}`;
  writeFileSync(draft, `${JSON.stringify(address)}\n`, { mode: 0o600 });
  renameSync(draft, file);
  return (): void => {
    if (readServerFile(dataDir)?.pid === pid) rmSync(file, { force: true });
  };
}

/** Where the folder's server is, or was if it did not end by itself; null where none is known. */
export function readServerFile(dataDir: string): ServerAddress | null {
  let text: string;
  try {
    text = readFileSync(serverFile(dataDir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return serverAddress.parse(JSON.parse(text));
  } catch {
    return null; // not a file of ours: it names no server
  }
}

function serverFile(dataDir: string): string {
  return join(dataDir, 'server.json');
}

function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::' || host === '[::]') return '[::1]';
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
