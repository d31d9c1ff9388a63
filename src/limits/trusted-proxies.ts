import { BlockList, isIP } from 'node:net';

/** Whose X-Forwarded headers are believed: nobody's, those of whoever sends them, or those of these proxies. */
export type ProxyTrust = boolean | TrustedProxies;

/** Addresses and networks of proxies: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`. */
export class TrustedProxies {
  readonly #list = new BlockList();

  private constructor() {}

  /** @returns null where one of them is no address and no network */
  static of(networks: readonly string[]): TrustedProxies | null {
    const proxies = new TrustedProxies();
    return networks.every((network) => proxies.#add(network)) ? proxies : null;
  }

  has(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#list.check(address, version === 6 ? 'ipv6' : 'ipv4');
  }

  #add(network: string): boolean {
    const [address = '', prefix, more] = network.split('/');
    const version = isIP(address);
    const bitsMax = version === 6 ? 128 : 32;
    const bits = prefix === undefined ? bitsMax : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
    if (version === 0 || more !== undefined || !(bits <= bitsMax)) return false;
    this.#list.addSubnet(address, bits, version === 6 ? 'ipv6' : 'ipv4');
    return true;
  }
}
