import { expect, test } from 'vitest';
import { shareOfFolders } from './profile-shares.js';

test('self times are added up by package and folder, without the time in which nothing ran', () => {
  const frame = (id: number, functionName: string, url: string) => ({ id, callFrame: { functionName, url } });
  const shares = shareOfFolders({
    nodes: [
      frame(1, '(idle)', ''),
      frame(2, '(garbage collector)', ''),
      frame(3, 'send', 'file:///app/node_modules/ws/lib/sender.js'),
      frame(4, 'play', 'file:///app/dist/actors/room/phases/turn.js'),
      frame(5, 'append', 'file:///app/dist/persistence/group-commit.js'),
      frame(6, 'onread', 'node:internal/stream_base_commons'),
      frame(7, '', 'file:///app/dist/src/gateway/gateway.js'),
      frame(8, 'encode', 'file:///app/node_modules/@scope/name/index.js'),
    ],
    samples: [1, 2, 3, 4, 5, 6, 7, 8, 3],
    timeDeltas: [1_000, 100, 100, 100, 100, 100, 100, 100, 300],
  });
  expect(shares.busy_percent).toBe(50);
  expect(shares.percent_by_folder).toEqual({
    'package ws': 40,
    'garbage collection': 10,
    'actors/room': 10,
    persistence: 10,
    node: 10,
    'src/gateway': 10,
    'package @scope/name': 10,
  });
  expect(Object.entries(shares.percent_by_function)[0]).toEqual(['send of package ws', 40]);
  expect(shares.percent_by_function).toHaveProperty('(anonymous) of src/gateway');
});
