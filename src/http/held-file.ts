import { createHash } from 'node:crypto';
import { type BigIntStats, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import { COMPRESSIBLE_CONTENT_TYPE_REGEX } from 'hono/utils/compress';
import { getMimeType } from 'hono/utils/mime';

/** Larger files are not for the memory. */
const HELD_BYTES_MAX = 1024 * 1024;
const PACKED_BYTES_MIN = 1024;
/** What was written just now may be written again within the same tick of the file system: until then it is read anew. */
const SETTLED_MS = 2_000;

/** Names do not carry versions (`bundle.js`), so that a browser must ask each time; the ETag makes it cheap. */
export const CACHE_CONTROL = 'no-cache';

export interface HeldFileOptions {
  readonly type?: string; // else by the name
  /** @returns what is sent instead of the text */
  readonly change?: ((text: string) => string | Promise<string>) | undefined;
}

interface Content {
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly packed: Uint8Array<ArrayBuffer> | null; // where it is worth it
  readonly etag: string;
}

const pack = promisify(gzip);

/**
 * A file that is sent from memory, plain or packed, as long as it is the same on the disk: thousands who ask for a page
 * in one moment would else open, read and pack it thousands of times.
 */
export class HeldFile {
  readonly #path: string;
  readonly #type: string;
  readonly #change: HeldFileOptions['change'];
  #version = ''; // of the content
  #content: Promise<Content> | null = null;
  #size = 0;

  constructor(path: string, { type, change }: HeldFileOptions = {}) {
    this.#path = path;
    this.#type = type ?? getMimeType(path) ?? 'application/octet-stream';
    this.#change = change;
  }

  /** What it takes of the memory, bytes; 0 before it is asked for. */
  get size(): number {
    return this.#size;
  }

  /** @returns null where there is no such file, or where it is too large */
  async answer(c: Context): Promise<Response | null> {
    const stats = statSync(this.#path, { throwIfNoEntry: false, bigint: true });
    if (stats === undefined || !stats.isFile() || stats.size > HELD_BYTES_MAX) return null;
    const { plain, packed, etag } = await this.#read(stats);
    c.header('Content-Type', this.#type);
    c.header('Cache-Control', CACHE_CONTROL);
    if (packed !== null) c.header('Vary', 'Accept-Encoding', { append: true });
    const isPacked = packed !== null && readsGzip(c);
    if (isPacked) c.header('Content-Encoding', 'gzip');
    c.header('ETag', isPacked ? `W/"${etag}"` : `"${etag}"`);
    const body = isPacked ? packed : plain;
    c.header('Content-Length', String(body.length));
    return c.body(body);
  }

  #read({ ino, size, mtimeNs, ctimeNs, ctimeMs }: BigIntStats): Promise<Content> {
    const version = `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
    const isSettled = Date.now() - Number(ctimeMs) > SETTLED_MS;
    if (this.#content !== null && isSettled && version === this.#version) return this.#content;
    const reading = this.#load();
    this.#version = isSettled ? version : '';
    this.#content = reading;
    reading.catch(() => {
      if (this.#content === reading) this.#content = null; // whoever waits for it hears of the failure
    });
    return reading;
  }

  async #load(): Promise<Content> {
    const bytes = await readFile(this.#path);
    const plain = new Uint8Array(
      this.#change === undefined ? bytes : Buffer.from(await this.#change(bytes.toString())),
    );
    const isText = plain.length >= PACKED_BYTES_MIN && COMPRESSIBLE_CONTENT_TYPE_REGEX.test(this.#type);
    const packed = isText ? new Uint8Array(await pack(plain)) : null;
    this.#size = plain.length + (packed?.length ?? 0);
    return { plain, packed, etag: createHash('sha1').update(plain).digest('hex') };
  }
}

function readsGzip(c: Context): boolean {
  return accepts(c, { header: 'Accept-Encoding', supports: ['gzip'], default: 'identity' }) === 'gzip';
}
