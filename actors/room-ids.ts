/** Bytes that nobody can guess; handed in, so that a simulated server makes the same rooms again. */
export type RandomBytes = (count: number) => Buffer;

/** A UUID of version 7 (RFC 9562): begins with the time, so that ids of rooms sort by creation. */
export function uuidV7(nowMs: number, random: RandomBytes): string {
  const bytes = random(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** What players type: six characters 0-9A-F (protocol.md 2.3). */
export function roomCode(random: RandomBytes): string {
  return random(3).toString('hex').toUpperCase();
}
