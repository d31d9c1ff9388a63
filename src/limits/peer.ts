import { isIP, isIPv6 } from 'node:net';
import type { ProxyTrust } from './trusted-proxies.js';

/** Whom limits by address count a connection for. */
export interface Peer {
  /** The key of its limits: an IPv4 address, the /64 of an IPv6 one (`2001:db8:0:7::/64`), '' where it is not known. */
  readonly address: string;
  /** The socket itself comes from this machine, and speaks for nobody else. */
  readonly isThisMachine: boolean;
}

/**
 * @param remoteAddress of the socket; undefined where it is gone already
 * @param forwardedFor the X-Forwarded-For header. Each proxy appends whom it spoke with: what stands in front of the last
 *   one that is believed is the client's own claim, and so is everything if it is no address.
 * @param trust `true`: the sender of the header is believed, and nobody in front of it
 */
export function peerOf(remoteAddress: string | undefined, forwardedFor?: string, trust: ProxyTrust = true): Peer {
  const own = canonical(remoteAddress ?? '');
  if (forwardedFor === undefined || trust === false) return { address: keyOf(own), isThisMachine: isLoopback(own) };
  const address = believes(trust, own) ? clientIn(forwardedFor, trust) : own;
  return { address: keyOf(isIP(address) === 0 ? own : address), isThisMachine: false };
}

/** Whether what a socket's other side forwards is believed. */
export function believes(trust: ProxyTrust, remoteAddress: string | undefined): boolean {
  return typeof trust === 'boolean' ? trust : trust.has(canonical(remoteAddress ?? ''));
}

/** The newest hop that is no proxy of ours. */
function clientIn(forwardedFor: string, trust: ProxyTrust): string {
  const hops = forwardedFor.split(',').map((hop) => canonical(withoutPort(hop.trim())));
  if (typeof trust === 'boolean') return hops.at(-1)!;
  return hops.findLast((hop) => !trust.has(hop)) ?? hops[0]!;
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** One spelling for each address; an IPv4 address that came over IPv6 is an IPv4 address. */
function canonical(address: string): string {
  const plain = address.split('%', 1)[0]!; // the zone of a link-local address names a card of this machine
  if (!isIPv6(plain)) return plain;
  const shortest = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(shortest) ?? [];
  if (high === undefined || low === undefined) return shortest;
  const bytes = [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
  return bytes.join('.');
}

/** A household or a host has a /64: limits by single IPv6 addresses would limit nobody. */
function keyOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`;
}

/** Some proxies write the port as well: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(text: string): string {
  return /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
}
