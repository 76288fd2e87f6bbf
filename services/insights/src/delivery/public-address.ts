import { lookup } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import type { LookupFunction } from 'node:net';

/** Networks that no stranger's server is in (IANA special-purpose registries). */
const CLOSED_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** Parts of the global IPv6 space that lead to other addresses or to nobody: Teredo, documentation, 6to4. */
const CLOSED_V6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const closed = new BlockList();
for (const [network, prefix] of CLOSED_V4) {
  closed.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of CLOSED_V6) {
  closed.addSubnet(network, prefix, 'ipv6');
}

const globalV6 = new BlockList();
globalV6.addSubnet('2000::', 3, 'ipv6');

/** A name or address that leads into a private network. */
export class ClosedAddressError extends Error {
  override readonly name = 'ClosedAddressError';
}

/**
 * Whether an address is one of the public internet. Addresses of IPv6 that stand for others, such as ::ffff:10.0.0.1,
 * are not.
 * @param address an IPv4 or IPv6 address
 */
export const isPublicAddress = (address: string): boolean => {
  const family = isIP(address);
  return family === 4
    ? !closed.check(address, 'ipv4')
    : family === 6 && globalV6.check(address, 'ipv6') && !closed.check(address, 'ipv6');
};

/**
 * Whether the host of a URL is written as an address of a private network. A name can still lead to one.
 * @param url any URL
 */
export const isClosedHost = (url: URL): boolean => {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) !== 0 && !isPublicAddress(host);
};

/**
 * Looks a name up for a connection and refuses it when any of its addresses is private. The connection uses the
 * addresses that were checked, so that a name cannot change between the two.
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, [], 0);
      return;
    }
    const [first] = addresses;
    if (first === undefined || addresses.some(({ address }) => !isPublicAddress(address))) {
      callback(new ClosedAddressError(`${hostname} leads into a private network`), [], 0);
    } else if (options.all === true) {
      callback(null, addresses);
    } else {
      callback(null, first.address, first.family);
    }
  });
};
