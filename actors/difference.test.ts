// Goal: what a history says of a step is all that the step changed, and no more: told to a copy of the state before,
// it makes the state after.
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { type Change, changesBetween, type Json, plainJson } from './difference.js';

/** The plain way to apply changes, for comparison: replaces, appends to and cuts from copies. */
function applied(document: Json, changes: readonly Change[]): Json {
  return changes.reduce((current, change) => put(current, change.path.split('/').slice(1), change), document);
}

function put(target: Json, [step, ...below]: readonly string[], change: Change): Json {
  if (step === undefined) return change.after!;
  const member = step.replaceAll('~1', '/').replaceAll('~0', '~');
  const old = Object.getOwnPropertyDescriptor(target, member)?.value as Json;
  const value = below.length === 0 && change.after === undefined ? undefined : put(old, below, change);
  if (Array.isArray(target)) {
    const list = target as readonly Json[];
    if (value !== undefined)
      return Number(member) === list.length ? [...list, value] : list.with(Number(member), value);
    expect(Number(member), 'only the last element can go').toBe(list.length - 1);
    return list.slice(0, -1);
  }
  const members = Object.entries(target as object).filter(([name]) => name !== member) as [string, Json][];
  return Object.fromEntries(value === undefined ? members : [...members, [member, value]]);
}

const document = fc.jsonValue({ maxDepth: 4 }).map(plainJson);
const reversed = (changes: readonly Change[]): Change[] =>
  changes.toReversed().map(({ path, before, after }) => ({
    path,
    ...(after !== undefined && { before: after }),
    ...(before !== undefined && { after: before }),
  }));

describe('changes between two documents', () => {
  property.prop([document, document], { seed: 7, numRuns: 2_000 })(
    'lead from one to the other and back',
    (one, other) => {
      const changes = changesBetween(one, other);
      expect(applied(one, changes)).toEqual(other);
      expect(applied(other, reversed(changes))).toEqual(one);
      expect(changesBetween(one, one)).toEqual([]);
    },
  );

  test('name the places that differ and nothing around them', () => {
    const before = { round: 1, seats: [{ name: 'Ann' }, { name: 'Bot' }], 'a/b~c': null };
    const after = { round: 1, seats: [{ name: 'Ann' }, { name: 'Bob' }], 'a/b~c': 3 };
    expect(changesBetween(before, after)).toEqual([
      { path: '/seats/1/name', before: 'Bot', after: 'Bob' },
      { path: '/a~1b~0c', before: null, after: 3 },
    ]);
  });

  test('tell what came and what went apart from what became null', () => {
    expect(changesBetween({ a: 1, b: 2 }, { b: null, c: 3 })).toEqual([
      { path: '/a', before: 1 },
      { path: '/b', before: 2, after: null },
      { path: '/c', after: 3 },
    ]);
  });

  test('of a list are told by index, and whole where everything moved', () => {
    expect(changesBetween([1, 2], [1, 2, 3])).toEqual([{ path: '/2', after: 3 }]);
    expect(changesBetween({ hand: [1, 2, 3, 4] }, { hand: [2, 3, 4] })).toEqual([
      { path: '/hand', before: [1, 2, 3, 4], after: [2, 3, 4] },
    ]);
  });

  test('of a document that begins or ends are the document', () => {
    expect(changesBetween(undefined, { a: 1 })).toEqual([{ path: '', after: { a: 1 } }]);
  });
});
