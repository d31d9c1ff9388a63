import { expect, test } from 'vitest';
import { peerOf } from './peer.js';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:0201', '192.0.2.1'],
  ['2001:db8:0:7:1:2:3:4', '2001:db8:0:7::/64'],
  ['2001:0DB8:0000:0007::9', '2001:db8:0:7::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  [undefined, ''],
])('the address %s counts for %s', (remote, address) => {
  expect(peerOf(remote).address).toBe(address);
});

test.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1', '0:0:0:0:0:0:0:1'])('%s is this machine', (remote) => {
  expect(peerOf(remote).isThisMachine).toBe(true);
});

test.each(['192.0.2.1', '::ffff:10.0.0.1', '::2', '12.7.0.1', undefined])('%s is not this machine', (remote) => {
  expect(peerOf(remote).isThisMachine).toBe(false);
});

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['198.51.100.1, 203.0.113.9', '203.0.113.9'],
  ['127.0.0.1,203.0.113.9', '203.0.113.9'],
  ['203.0.113.9:4711', '203.0.113.9'],
  ['[2001:db8:0:7::9]:4711', '2001:db8:0:7::/64'],
  ['203.0.113.9, unknown', '10.0.0.5'],
  ['', '10.0.0.5'],
])('of "X-Forwarded-For: %s" only the hop that the proxy itself saw counts: %s', (header, address) => {
  expect(peerOf('10.0.0.5', header)).toEqual({ address, isThisMachine: false });
});

test('who claims to be this machine is not, through a proxy on this machine neither', () => {
  expect(peerOf('127.0.0.1', '127.0.0.1').isThisMachine).toBe(false);
  expect(peerOf('192.0.2.1', '::1').isThisMachine).toBe(false);
  expect(peerOf('127.0.0.1', 'nonsense').isThisMachine).toBe(false);
});
