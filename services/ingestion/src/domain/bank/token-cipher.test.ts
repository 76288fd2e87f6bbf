import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newTokenKey, openToken, parseTokenKeys, sealToken } from './token-cipher.ts';

const older = newTokenKey('k1');
const newer = newTokenKey('k2');

describe('sealed tokens', () => {
  it('open with the key that sealed them, whatever they hold', () => {
    const keys = parseTokenKeys(older);
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (token, itemId) => {
        expect(openToken(keys, itemId, sealToken(keys, itemId, token))).toBe(token);
      }),
    );
  });

  it('never look the same twice and never hold the token', () => {
    const keys = parseTokenKeys(older);
    const first = sealToken(keys, 'item', 'access-sandbox-1');
    const second = sealToken(keys, 'item', 'access-sandbox-1');

    expect(first.sealed).not.toBe(second.sealed);
    expect(Buffer.from(first.sealed, 'base64url').toString('latin1')).not.toContain('access');
  });

  it('open for no other bank link, under no other key, and not when a bit was changed', () => {
    const keys = parseTokenKeys(older);
    const stored = sealToken(keys, 'item', 'access-sandbox-1');
    const bytes = Buffer.from(stored.sealed, 'base64url');
    bytes[14] = (bytes[14] ?? 0) ^ 1;

    expect(() => openToken(keys, 'another', stored)).toThrow('does not fit');
    expect(() => openToken(parseTokenKeys(newer), 'item', stored)).toThrow('PLAID_TOKEN_KEYS');
    expect(() => openToken(keys, 'item', { ...stored, sealed: bytes.toString('base64url') })).toThrow(
      'does not fit',
    );
  });

  it('stay readable after a newer key has taken the first place', () => {
    const stored = sealToken(parseTokenKeys(older), 'item', 'access-sandbox-1');
    const rotated = parseTokenKeys(`${newer},${older}`);

    expect(openToken(rotated, 'item', stored)).toBe('access-sandbox-1');
    expect(sealToken(rotated, 'item', 'x').keyId).toBe('k2');
  });

  it.each(['', 'k1', 'k1:short', `${older},${older}`])('refuses the setting %p', (text) => {
    expect(() => parseTokenKeys(text)).toThrow();
  });
});
