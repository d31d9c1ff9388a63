import { describe, expect, test } from 'vitest';
import { believes, peerOf } from './peer.js';
import { TrustedProxies } from './trusted-proxies.js';

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

describe('behind a list of proxies', () => {
  const trust = TrustedProxies.of(['10.0.0.0/8', '2001:db8:ffff::/48', '198.51.100.7'])!;

  test.each([
    ['203.0.113.9', '203.0.113.9'],
    ['203.0.113.9, 198.51.100.7', '203.0.113.9'], // a proxy behind a proxy
    ['203.0.113.9, 198.51.100.7, ::ffff:10.9.9.9, 2001:db8:ffff::1', '203.0.113.9'],
    ['192.0.2.1, 203.0.113.9, 10.1.1.1', '203.0.113.9'], // what stands in front is the client's claim
    ['10.0.0.9, 10.0.0.8', '10.0.0.9'], // somebody inside
    ['nonsense, 10.0.0.8', '10.0.0.5'],
  ])('of "X-Forwarded-For: %s" the newest hop that is none of them counts: %s', (header, address) => {
    expect(peerOf('10.0.0.5', header, trust)).toEqual({ address, isThisMachine: false });
  });

  test('whoever is none of them is believed nothing, and is not this machine when it speaks for others', () => {
    expect(peerOf('192.0.2.1', '203.0.113.9', trust)).toEqual({ address: '192.0.2.1', isThisMachine: false });
    expect(peerOf('127.0.0.1', '127.0.0.1', trust)).toEqual({ address: '127.0.0.1', isThisMachine: false });
    expect([believes(trust, '10.1.2.3'), believes(trust, '11.1.2.3'), believes(trust, undefined)]).toEqual([
      ...[true, false, false],
    ]);
  });

  test('a header is nothing where no proxy is trusted', () => {
    expect(peerOf('127.0.0.1', '203.0.113.9', false)).toEqual({ address: '127.0.0.1', isThisMachine: true });
  });

  test.each(['10.0.0.0/33', '2001:db8::/129', '10.0.0.0/', '10.0.0/8', '10.0.0.0/8/8', 'proxy.example', '', '/8'])(
    '"%s" is no proxy',
    (network) => {
      expect(TrustedProxies.of(['10.0.0.1', network])).toBeNull();
    },
  );
});
