import { open } from 'node:fs/promises';

/** Brings a folder's names to the disk: a file that was made or renamed is durable when its folder is. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
