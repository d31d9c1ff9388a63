/** Every room that is not closed, by its id and by the code that players type. */
export class RoomDirectory {
  readonly #ids = new Map<string, string>(); // by code
  readonly #codes = new Map<string, string>(); // by id

  get size(): number {
    return this.#codes.size;
  }

  get ids(): IterableIterator<string> {
    return this.#codes.keys();
  }

  has(roomId: string): boolean {
    return this.#codes.has(roomId);
  }

  resolve(code: string): string | undefined {
    return this.#ids.get(code);
  }

  codeOf(roomId: string): string | undefined {
    return this.#codes.get(roomId);
  }

  add(roomId: string, code: string): void {
    this.#ids.set(code, roomId);
    this.#codes.set(roomId, code);
  }

  remove(roomId: string): void {
    const code = this.#codes.get(roomId);
    if (code !== undefined) this.#ids.delete(code);
    this.#codes.delete(roomId);
  }
}
