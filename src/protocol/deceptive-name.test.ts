import { expect, test } from 'vitest';
import { isDeceptive } from './deceptive-name.js';

test.each([
  ...[
    'Hana',
    'Jean-Luc',
    'Renée',
    'Nguyễn Văn',
    'Дмитрий',
    'Ελένη',
    '花子',
    'ハナ',
    '하나',
    'حنا',
    'חנה',
    'हना',
    'ฮานา',
  ],
  ...['Hana 😀', '👩‍🚀', '👍🏽', '❤️', "O'Neill", 'x_2-y', 'hana@home', 'Łódź'],
])('%j is a name', (name) => {
  expect(isDeceptive(name)).toBe(false);
});

test.each([
  ['a zero width space', 'Ha\u200bna'],
  ['a joiner without a picture', 'Hana\u200d'],
  ['a selector without a picture', 'Hana\ufe0f'],
  ['a soft hyphen', 'Ha\u00adna'],
  ['a blank that is a letter', '\u3164'],
  ['an empty Braille pattern', '\u2800'],
  ['an override of the direction', '\u202eanaH'],
  ['an escape', '\u001b[31mHana'],
  ['a control of eight bits', '\u009b2J'],
  ['a line separator', 'Ha\u2028na'],
  ['half a character', 'Ha\ud800na'],
  ['what is no character', 'Hana\ufdd0'],
  ['a private character', 'Hana\ue000'],
  ['a tag', 'Hana\u{e0041}'],
  ['another spelling of the same text', 'Rene\u0301e'],
  ['full width', '\uff28\uff41\uff4e\uff41'],
  ['a Cyrillic letter among Latin ones', 'H\u0430na'],
  ['a Greek letter among Latin ones', 'M\u03bfna'],
  ['a pile of marks', `a${'\u0334'.repeat(5)}`],
])('%s deceives', (_, name) => {
  expect(isDeceptive(name)).toBe(true);
});

test('a name of the longest kind is judged at once, whatever it is made of', () => {
  for (const part of ['👩‍', '\u200d', 'a\u0301', '\u0301', '❤️', ' ']) isDeceptive(part.repeat(30_000));
});
