import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SEATS } from '../game/seats.js';
import { jsonCodec } from './frame-codec.js';
import { HAND_OF, HandTemplate } from './hand-template.js';
import { inReplyTo, type WireMessage } from './wire.js';

/** Names that try to look like the place of a hand, among whatever else there is. */
const name = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    'hand',
    '0',
    '7',
    '"hand":"\\u00000",',
    '\\"hand\\":\\"\\u00001\\",',
    '\u00002',
    '","hand":"\u00003","',
  ),
);

/* Goal: whoever reads a text that was put together reads the message that would have been made for that reader alone. */
test('each reader gets the message with the own hand in it, whatever the names are', () => {
  const anything = fc.record({
    names: fc.uniqueArray(name, { minLength: 4, maxLength: 4 }),
    hands: fc.array(fc.array(fc.string(), { maxLength: 8 }), { minLength: 4, maxLength: 4 }),
    replyTo: fc.option(name),
  });
  fc.assert(
    fc.property(anything, ({ names, hands, replyTo }) => {
      const messageFor = (handOf: (seat: number) => object): WireMessage => {
        const players = names.map((who, seat) => [who, { name: who, ...handOf(seat), hand_size: seat }]);
        return { event: 'phase_change', data: { reason: names[0], players: Object.fromEntries(players) as object } };
      };
      const template = new HandTemplate(messageFor((seat) => ({ hand: HAND_OF[seat] })));
      for (const reader of [null, ...SEATS]) {
        const own = messageFor((seat) => (seat === reader ? { hand: hands[seat] } : {}));
        const text = template.text(reader, reader === null ? [] : hands[reader]!, replyTo);
        expect(text).toBe(jsonCodec.encode(inReplyTo(own, replyTo)));
      }
    }),
  );
});
