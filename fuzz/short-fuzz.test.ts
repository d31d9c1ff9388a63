// Goal: a wrong rule shows at once. Method: few messages, all promises looked at; a mutation run asks this test about
// each mutant (docs/MUTATION.md), so it has to be quick. The long run is `npm run fuzz`.
import { expect, test } from 'vitest';
import { fuzzRoom } from './fuzz-room.js';
import { fuzzedLiapTui, liapTuiSubject } from './liap/subject.js';

test.each([1, 2, 3])('the game room keeps its promises in 1,500 messages of seed %i', (seed) => {
  expect(fuzzRoom(fuzzedLiapTui(), { ...liapTuiSubject, seed, steps: 1_500 }).failure).toBeNull();
});
