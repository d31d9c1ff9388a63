import { expect, test } from 'vitest';
import { roomCode, uuidV7 } from './room-ids.js';

const ones = (count: number) => Buffer.alloc(count, 0xff);
const zeros = (count: number) => Buffer.alloc(count);

test('a room id is a UUID of version 7 and variant 10, with the time in front', () => {
  // RFC 9562, appendix A.6: 2022-02-22 19:22:22.00 UTC is 0x017F22E279B0.
  expect(uuidV7(0x017f22e279b0, ones)).toBe('017f22e2-79b0-7fff-bfff-ffffffffffff');
  expect(uuidV7(0x017f22e279b0, zeros)).toBe('017f22e2-79b0-7000-8000-000000000000');
});

test('ids sort by the time of creation', () => {
  const times = [0, 1, 255, 256, 1_700_000_000_000, 1_700_000_000_001, 2 ** 48 - 1];
  const ids = times.map((time, index) => uuidV7(time, index % 2 === 0 ? ones : zeros));
  expect([...ids].sort()).toEqual(ids);
});

test('a code is six characters 0-9A-F', () => {
  expect(roomCode(ones)).toBe('FFFFFF');
  expect(roomCode(() => Buffer.from([0x0a, 0xbc, 0x09]))).toBe('0ABC09');
});
