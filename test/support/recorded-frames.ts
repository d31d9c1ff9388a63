import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { ClientSocket, Connect } from '../../src/client/client-socket.js';
import { isRecord, readFrame } from '../../src/client/frame.js';

/** Writes down at the clients' sockets which entries they were shown. */
export class FrameRecorder {
  frames = 0; // that show an entry
  readonly #earliest = new Map<string, number>(); // by `code/seq`: the earliest time that a frame of it carried, ms

  /** The same connections, watched. */
  watch(connect: Connect): Connect {
    return (path, headers) => {
      const inner = connect(path, headers);
      const outer: ClientSocket = {
        onOpen: () => undefined,
        onMessage: () => undefined,
        onClose: () => undefined,
        send: (text) => inner.send(text),
        close: (code, reason) => inner.close(code, reason),
        terminate: () => inner.terminate(),
      };
      inner.onOpen = (setCookie) => outer.onOpen(setCookie);
      inner.onMessage = (text) => {
        this.#note(text);
        outer.onMessage(text);
      };
      inner.onClose = (code, reason) => outer.onClose(code, reason);
      return outer;
    };
  }

  /** Shown entries that are not in the journal, or stand there with a later time: another one took their number. */
  missingIn(dataDir: string): string[] {
    const db = new Database(join(dataDir, 'journal.sqlite'), { readonly: true });
    const entry = db.prepare<[string, number], { readonly at: number }>(
      `SELECT e.at FROM rooms r JOIN streams s ON s.room_id = r.room_id JOIN entries e ON e.stream = s.key
       WHERE r.code = ? AND e.seq = ?`,
    );
    const missing = [...this.#earliest].filter(([name, shownAt]) => {
      const [code, seq] = name.split('/');
      const found = entry.all(code!, Number(seq));
      return !found.some(({ at }) => at <= shownAt);
    });
    db.close();
    return missing.map(([name]) => name);
  }

  #note(text: string): void {
    const read = readFrame(text);
    if (read.kind !== 'frame' || !isRecord(read.frame.data)) return;
    const { sequence, room_id: code, timestamp } = read.frame.data;
    if (typeof sequence !== 'number' || typeof code !== 'string' || typeof timestamp !== 'number') return;
    this.frames++;
    const name = `${code}/${sequence}`;
    const shownAt = Math.round(timestamp * 1_000);
    this.#earliest.set(name, Math.min(this.#earliest.get(name) ?? shownAt, shownAt));
  }
}
