import { describe, expect, test } from 'vitest';
import { type Lane, type Mail, Mailbox } from './mailbox.js';

interface Letter extends Mail {
  readonly name: string;
}

const letter = (name: string, lane: Lane = 'player', more: Partial<Mail> = {}): Letter => ({
  name,
  lane,
  bytes: 0,
  ...more,
});

function drain(mailbox: Mailbox<Letter>): string[] {
  const names: string[] = [];
  for (let next = mailbox.take(); next !== undefined; next = mailbox.take()) names.push(next.name);
  return names;
}

describe('lanes', () => {
  test('system messages overtake timers, timers players, and bots come last', () => {
    const mailbox = new Mailbox<Letter>();
    for (const lane of ['bot', 'player', 'timer', 'system'] as const) mailbox.offer(letter(lane, lane));
    expect(drain(mailbox)).toEqual(['system', 'timer', 'player', 'bot']);
  });

  test('inside a lane the order of arrival holds, also while others are taken', () => {
    const mailbox = new Mailbox<Letter>();
    mailbox.offer(letter('p1'));
    mailbox.offer(letter('p2'));
    expect(mailbox.take()?.name).toBe('p1');
    mailbox.offer(letter('b1', 'bot'));
    mailbox.offer(letter('p3'));
    expect(drain(mailbox)).toEqual(['p2', 'p3', 'b1']);
  });

  test('tell how many wait in each; the mailbox, how many bytes in all', () => {
    const mailbox = new Mailbox<Letter>();
    for (const lane of ['bot', 'player', 'player', 'timer', 'timer', 'timer'] as const) {
      mailbox.offer(letter(lane, lane, { bytes: 10 }));
    }
    expect(mailbox.lanes).toEqual({ system: 0, timer: 3, player: 2, bot: 1 });
    expect(mailbox.bytes).toBe(60);
    mailbox.take();
    expect(mailbox.bytes).toBe(50);
  });

  test('an empty mailbox gives nothing', () => {
    expect(new Mailbox<Letter>().take()).toBeUndefined();
  });
});

describe('bounds', () => {
  test('refuses the 257th message by default', () => {
    const mailbox = new Mailbox<Letter>();
    for (let n = 0; n < 256; n++) expect(mailbox.offer(letter(`m${n}`))).toEqual({ kind: 'accepted' });
    expect(mailbox.offer(letter('late'))).toEqual({ kind: 'refused', reason: 'mailboxFull' });
    expect(mailbox.count).toBe(256);
  });

  test('refuses what would exceed 256 KiB by default, and takes what fits exactly', () => {
    const mailbox = new Mailbox<Letter>();
    expect(mailbox.offer(letter('big', 'player', { bytes: 256 * 1024 - 1 })).kind).toBe('accepted');
    expect(mailbox.offer(letter('two', 'player', { bytes: 2 })).kind).toBe('refused');
    expect(mailbox.offer(letter('one', 'player', { bytes: 1 })).kind).toBe('accepted');
  });

  test('a refused message leaves no trace', () => {
    const mailbox = new Mailbox<Letter>({ countMax: 1 });
    mailbox.offer(letter('first'));
    mailbox.offer(letter('refused', 'system'));
    expect(drain(mailbox)).toEqual(['first']);
  });

  test('taking makes room again, in count and in bytes', () => {
    const mailbox = new Mailbox<Letter>({ countMax: 1, bytesMax: 10 });
    mailbox.offer(letter('first', 'player', { bytes: 10 }));
    mailbox.take();
    expect(mailbox.count).toBe(0);
    expect(mailbox.offer(letter('second', 'player', { bytes: 10 })).kind).toBe('accepted');
  });
});

describe('slots', () => {
  test('of a slot only the newest waits, at the end of its lane, and the one before is handed back', () => {
    const mailbox = new Mailbox<Letter>();
    mailbox.offer(letter('away', 'player', { slot: 'seat 1' }));
    mailbox.offer(letter('move'));
    expect(mailbox.offer(letter('back', 'player', { slot: 'seat 1' }))).toMatchObject({
      kind: 'accepted',
      superseded: { name: 'away' },
    });
    expect(mailbox.count).toBe(2);
    expect(drain(mailbox)).toEqual(['move', 'back']);
  });

  test('different slots, and equal slots of different lanes, do not replace each other', () => {
    const mailbox = new Mailbox<Letter>();
    mailbox.offer(letter('a', 'player', { slot: 'seat 1' }));
    mailbox.offer(letter('b', 'player', { slot: 'seat 2' }));
    mailbox.offer(letter('c', 'timer', { slot: 'seat 1' }));
    expect(mailbox.count).toBe(3);
  });

  test('a message of a slot is never refused', () => {
    const mailbox = new Mailbox<Letter>({ countMax: 1, bytesMax: 1 });
    mailbox.offer(letter('full', 'player', { bytes: 1 }));
    expect(mailbox.offer(letter('alarm', 'timer', { slot: 'deadline', bytes: 5 })).kind).toBe('accepted');
    expect(drain(mailbox)).toEqual(['alarm', 'full']);
  });
});

describe('messages that were taken or are taken out of turn', () => {
  test('one that is put back stands in front of its lane, counts again, and is let in where the mailbox is full', () => {
    const mailbox = new Mailbox<Letter>({ countMax: 2, bytesMax: 10 });
    mailbox.offer(letter('first', 'player', { bytes: 4 }));
    mailbox.offer(letter('second', 'player', { bytes: 4 }));
    const first = mailbox.take()!;
    mailbox.offer(letter('third', 'player', { bytes: 4 }));
    mailbox.putBack(first);
    expect(mailbox.count).toBe(3);
    expect([...mailbox.waiting()].map(({ name }) => name)).toEqual(['first', 'second', 'third']);
    mailbox.take();
    mailbox.take();
    expect(mailbox.offer(letter('7 bytes', 'player', { bytes: 7 })).kind).toBe('refused');
    expect(mailbox.offer(letter('6 bytes', 'player', { bytes: 6 })).kind).toBe('accepted');
  });

  test('any one that waits can be removed, and what is not there can not', () => {
    const mailbox = new Mailbox<Letter>();
    const [first, second] = [letter('first'), letter('second')];
    mailbox.offer(first);
    mailbox.offer(second);
    expect(mailbox.remove(letter('first'))).toBe(false);
    expect(mailbox.remove(first)).toBe(true);
    expect(mailbox.remove(first)).toBe(false);
    expect(mailbox.count).toBe(1);
    expect(drain(mailbox)).toEqual(['second']);
  });

  test('all that wait are told by lane and order, and go on waiting', () => {
    const mailbox = new Mailbox<Letter>();
    for (const [name, lane] of [
      ['b', 'bot'],
      ['p1', 'player'],
      ['t', 'timer'],
      ['p2', 'player'],
    ] as const) {
      mailbox.offer(letter(name, lane));
    }
    expect([...mailbox.waiting()].map(({ name }) => name)).toEqual(['t', 'p1', 'p2', 'b']);
    expect(mailbox.count).toBe(4);
  });

  test('an answer names a replaced message only where there is one', () => {
    expect(new Mailbox<Letter>().offer(letter('alone', 'player', { slot: 's' }))).toStrictEqual({ kind: 'accepted' });
  });
});
