import { createHmac, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { mainBackendIssuer, supabaseIssuer } from './issuers.ts';
import { type VerifiedUser, accessTokenVerifier } from './verify-access-token.ts';

const secret = 'a-secret-of-the-main-back-end-32-bytes';
const previous = 'the-secret-before-the-rotation-32-bytes';
const supabaseSecret = 'a-supabase-secret-that-is-long-enough';
const settled = (user: VerifiedUser | Promise<VerifiedUser>): VerifiedUser => {
  if (user instanceof Promise) {
    throw new Error('a shared secret needs no waiting');
  }
  return user;
};
const verifier = () => {
  const issuers = [mainBackendIssuer([secret, previous]), supabaseIssuer(supabaseSecret)];
  const inner = accessTokenVerifier(issuers);
  return { verify: (token: string) => settled(inner.verify(token)) };
};
const sign = (claims: object, key = secret, options: jwt.SignOptions = {}) =>
  jwt.sign(claims, key, { algorithm: 'HS256', expiresIn: '1h', ...options });
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const forge = (header: object, claims: object, key = secret, digest = 'sha256') => {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createHmac(digest, key).update(signed).digest('base64url')}`;
};
const soon = Math.floor(Date.now() / 1000) + 600;

describe('user tokens', () => {
  it.each([
    [{ user_id: 'u1', id: 'u2', sub: 'u3' }, 'u1'],
    [{ id: '66a000000000000000000003', role: 'USER' }, '66a000000000000000000003'],
    [{ sub: 'u3' }, 'u3'],
    [{ id: 42 }, '42'],
  ])('takes the user of %j as %s', (claims, userId) => {
    expect(verifier().verify(sign(claims)).userId).toBe(userId);
  });

  it.each(['{', '{"exp":Infinity}', 'null', '\u0000'])('refuses claims that are the text %j', (claims) => {
    const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${Buffer.from(claims).toString('base64url')}`;
    const signature = createHmac('sha256', secret).update(signed).digest('base64url');
    for (const token of [`${signed}.AAAA`, `${signed}.${signature}`]) {
      expect(() => verifier().verify(token)).toThrow(expect.objectContaining({ code: 'sign-in-required' }));
    }
  });

  it.each([
    ['ADMIN', 'admin'],
    ['Admin', 'admin'],
    ['analyst', 'analyst'],
    ['USER', 'user'],
    ['SUPERUSER', 'user'],
    [null, 'user'],
    [{ $ne: 1 }, 'user'],
  ])('reads the role %j as %s', (role, expected) => {
    expect(verifier().verify(sign({ id: 'u1', role })).role).toBe(expected);
  });

  it('accepts the previous secret during a rotation', () => {
    expect(verifier().verify(sign({ id: 'u1' }, previous)).userId).toBe('u1');
  });

  it('gives a Supabase token no rights by its database role', () => {
    const sub = '9f1f6e6e-6c5e-4f0a-9b1e-2f4c8f6f3a10';
    const token = sign({ sub, aud: 'authenticated', role: 'service_role' }, supabaseSecret);

    expect(verifier().verify(token)).toMatchObject({ userId: sub, role: 'user', issuer: 'supabase' });
  });

  it('never takes a Supabase user for one of ours', () => {
    const ours = verifier().verify(sign({ id: '64b7f0c2a1b2c3d4e5f60718' }));
    const theirs = verifier().verify(
      sign({ sub: '64b7f0c2a1b2c3d4e5f60718', aud: 'authenticated' }, supabaseSecret),
    );

    expect(ours.userId).toBe('64b7f0c2a1b2c3d4e5f60718');
    expect(theirs.userId).toMatch(/^x-[\w-]{43}$/);
  });

  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();

  it.each([
    ['alg none', `${encode({ alg: 'none' })}.${encode({ id: 'u1', exp: soon })}.`],
    ['alg NoNe', `${encode({ alg: 'NoNe' })}.${encode({ id: 'u1', exp: soon })}.`],
    ['stripped signature', sign({ id: 'u1' }).replace(/[^.]+$/, '')],
    ['trailing garbage', `${sign({ id: 'u1' })}x`],
    ['a fourth part', `${sign({ id: 'u1' })}.x`],
    ['a foreign secret', sign({ id: 'u1' }, 'somebody-elses-secret-of-32-bytes!')],
    ['HS256 with a public key as secret', forge({ alg: 'HS256', typ: 'JWT' }, { id: 'u1', exp: soon }, pem)],
    [
      'HS512 with the same key',
      forge({ alg: 'HS512', typ: 'JWT' }, { id: 'u1', exp: soon }, secret, 'sha512'),
    ],
    ['no expiry', jwt.sign({ id: 'u1' }, secret)],
    ['an expiry as text', forge({ alg: 'HS256' }, { id: 'u1', exp: String(soon) })],
    ['a future issue date', sign({ id: 'u1', iat: soon + 3_000 })],
    ['not valid yet', sign({ id: 'u1' }, secret, { notBefore: '1h' })],
    ['an unknown critical extension', forge({ alg: 'HS256', crit: ['x'], x: 1 }, { id: 'u1', exp: soon })],
    ['another type of token', forge({ alg: 'HS256', typ: 'logout+jwt' }, { id: 'u1', exp: soon })],
    ['a user id that is an object', sign({ id: { $ne: null } })],
    ['a user id that is a path', sign({ id: '../admin' })],
    ['an empty user id', sign({ id: '' })],
    ['a payload that is text', jwt.sign('u1', secret)],
    ['a key id that is a path', forge({ alg: 'HS256', kid: '../../dev/null' }, { id: 'u1', exp: soon }, '')],
    [
      'an embedded key',
      forge({ alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } }, { id: 'u1', exp: soon }, 'AAAA'),
    ],
    ['a Supabase token without audience', sign({ sub: 'u1' }, supabaseSecret)],
    ['12 KB', sign({ id: 'u1', filler: 'x'.repeat(12_000) })],
    ['no token at all', 'x'],
  ])('refuses %s', (_attack, token) => {
    expect(() => verifier().verify(token)).toThrow('Invalid token');
  });

  it('names an expired token and a token without a user as the contract words it', () => {
    expect(() => verifier().verify(sign({ id: 'u1' }, secret, { expiresIn: -60 }))).toThrow(
      'Token has expired',
    );
    expect(() => verifier().verify(sign({ role: 'ADMIN' }))).toThrow(
      expect.objectContaining({ message: 'User identifier not found in token', status: 403 }),
    );
  });

  it('checks the expiry again on every use of a remembered token', () => {
    let now = Date.now();
    const remembering = accessTokenVerifier([mainBackendIssuer([secret])], () => now);
    const token = sign({ id: 'u1' }, secret, { expiresIn: 60 });
    expect(settled(remembering.verify(token)).userId).toBe('u1');

    now += 70_000;

    expect(() => remembering.verify(token)).toThrow('Token has expired');
  });
});
