import { type Lane, type Mail, Mailbox } from '../../actors/mailbox.js';
import type { Broken } from '../subject.js';
import type { QueueAct } from './queue-act.js';

/** What the queue in front of a room promises, one name each. */
export const QUEUE_PROMISES = {
  order: 'messages are taken by lane, and in a lane in their order',
  bounds: 'a message is refused where the mailbox is full, and only there',
  slots: 'of the messages of one slot only the newest waits',
  counts: 'a mailbox knows how many wait',
} as const;

/** Small bounds, so that they are met often. */
const COUNT_MAX = 6;
const BYTES_MAX = 100;
const LANE_ORDER: readonly Lane[] = ['system', 'timer', 'player', 'bot'];

interface Letter extends Mail {
  readonly id: number;
}

/** A mailbox beside a list that is told what the mailbox is told: the plainest thing that keeps the promises. */
export function runQueue(acts: readonly QueueAct[]): Broken | null {
  const mailbox = new Mailbox<Letter>({ countMax: COUNT_MAX, bytesMax: BYTES_MAX });
  let list: Letter[] = []; // in the order of coming
  let taken: Letter | undefined;
  const wrong = (promise: keyof typeof QUEUE_PROMISES, message: string): Broken => ({
    promise: QUEUE_PROMISES[promise],
    message,
  });
  const inOrder = (): Letter[] => LANE_ORDER.flatMap((lane) => list.filter((letter) => letter.lane === lane));
  for (const [id, act] of acts.entries()) {
    switch (act.do) {
      case 'offer': {
        const letter: Letter = { id, lane: act.lane, bytes: act.bytes, ...(act.slot !== null && { slot: act.slot }) };
        const older = list.find(({ lane, slot }) => lane === act.lane && slot !== undefined && slot === act.slot);
        const bytes = list.reduce((sum, other) => sum + other.bytes, letter.bytes);
        const isFull = act.slot === null && (list.length >= COUNT_MAX || bytes > BYTES_MAX);
        const offer = mailbox.offer(letter);
        if ((offer.kind === 'refused') !== isFull) {
          return wrong('bounds', `${list.length} wait with ${bytes} bytes, and message ${id} was ${offer.kind}`);
        }
        if (isFull) break;
        const superseded = offer.kind === 'accepted' ? offer.superseded : undefined;
        if (superseded !== older) return wrong('slots', `message ${id} replaced another one`);
        list = [...list.filter((other) => other !== older), letter];
        break;
      }
      case 'take': {
        const [next] = inOrder();
        taken = mailbox.take();
        if (taken !== next) return wrong('order', `${nameOf(taken)} was taken, and ${nameOf(next)} was next`);
        list = list.filter((other) => other !== taken);
        break;
      }
      case 'putBack':
        if (taken === undefined) break;
        mailbox.putBack(taken);
        list = [taken, ...list];
        taken = undefined;
        break;
      case 'remove': {
        const letter = list[act.which % Math.max(1, list.length)];
        if (letter === undefined) break;
        if (!mailbox.remove(letter)) return wrong('counts', `message ${letter.id} was not there any more`);
        list = list.filter((other) => other !== letter);
        break;
      }
    }
    if (mailbox.count !== list.length) return wrong('counts', `${list.length} wait, and it says ${mailbox.count}`);
    const [waits, expected] = [[...mailbox.waiting()].map(nameOf).join(), inOrder().map(nameOf).join()];
    if (waits !== expected) return wrong('order', `${waits} wait, and it should be ${expected}`);
  }
  return null;
}

const nameOf = (letter: Letter | undefined): string => (letter === undefined ? 'nothing' : `message ${letter.id}`);
