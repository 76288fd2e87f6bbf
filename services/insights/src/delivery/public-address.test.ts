import { describe, expect, it } from '@jest/globals';
import { ClosedAddressError, isClosedHost, isPublicAddress, lookupPublic } from './public-address.ts';

describe('a public address', () => {
  it.each(['1.1.1.1', '93.184.216.34', '172.15.255.255', '172.32.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '%s is one',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.19.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    'fc00::1',
    'fe80::1',
    'ff02::1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'localhost',
    '',
  ])('%s is none', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]:80/',
    'http://[::ffff:7f00:1]/',
    'http://169.254.169.254/latest/meta-data',
  ])('is not the host of %s, however it is written', (url) => {
    expect(isClosedHost(new URL(url))).toBe(true);
  });

  it('is asked of every address that a name has', async () => {
    const looked = await new Promise<unknown>((resolve) => {
      lookupPublic('localhost', { all: true }, (error, addresses) => {
        resolve(error ?? addresses);
      });
    });

    expect(looked).toBeInstanceOf(ClosedAddressError);
  });
});
