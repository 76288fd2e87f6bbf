import { type KeyObject, generateKeyPairSync } from 'node:crypto';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { jwksIssuer, mainBackendIssuer, outsideUserId } from './issuers.ts';
import { jwksKeys } from './jwks-keys.ts';
import { accessTokenVerifier } from './verify-access-token.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
const jwk = (kid: string, key: KeyObject) => ({ ...key.export({ format: 'jwk' }), kid, use: 'sig' });
const settings = {
  name: 'x',
  issuer: 'https://id.test/',
  audience: 'orrery',
  algorithms: ['RS256', 'ES256'] as const,
};

/** Our id of the issuer's user `u1`. */
const U1 = outsideUserId(settings.issuer, 'u1');

let server: Server;
let url = '';
let asked = 0;
let answer: { status: number; keys: object[] };
let now = 0;
let forgotten = 0;

beforeEach(async () => {
  asked = 0;
  forgotten = 0;
  now = Date.now();
  answer = {
    status: 200,
    keys: [jwk('r1', rsa.publicKey), jwk('e1', ec.publicKey), jwk('weak', small.publicKey)],
  };
  server = createServer((_request, response) => {
    asked += 1;
    response.statusCode = answer.status;
    response.end(JSON.stringify({ keys: answer.keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const make = () => {
  const failures: unknown[] = [];
  const keys = jwksKeys({
    url,
    onRemoved: () => {
      forgotten += 1;
    },
    onFailure: (error) => failures.push(error),
    now: () => now,
  });
  return {
    verifier: accessTokenVerifier([mainBackendIssuer(['x'.repeat(32)]), jwksIssuer(settings, keys)]),
    failures,
  };
};
const sign = (key: KeyObject, kid: string, alg: 'RS256' | 'ES256' = 'RS256', claims: object = {}) =>
  jwt.sign({ sub: 'u1', iss: settings.issuer, aud: settings.audience, ...claims }, key, {
    algorithm: alg,
    keyid: kid,
    expiresIn: 600,
    allowInsecureKeySizes: true,
  });

describe('issuers with a key set', () => {
  it('accepts RS256 and ES256 tokens of the set and fetches it once', async () => {
    const { verifier } = make();

    expect((await verifier.verify(sign(rsa.privateKey, 'r1'))).userId).toBe(U1);
    expect((await verifier.verify(sign(ec.privateKey, 'e1', 'ES256'))).userId).toBe(U1);
    expect(asked).toBe(1);
  });

  it('never takes its users for those of another issuer, whatever it calls them', async () => {
    const { verifier } = make();
    const names = ['64b7f0c2a1b2c3d4e5f60718', '42', '9f1f6e6e-6c5e-4f0a-9b1e-2f4c8f6f3a10', 'auth0|ü 1'];
    const ids = await Promise.all(
      names.map(
        async (sub) => (await verifier.verify(sign(rsa.privateKey, 'r1', 'RS256', { sub, jti: sub }))).userId,
      ),
    );

    expect(new Set(ids).size).toBe(names.length);
    expect(ids.every((id) => /^x-[\w-]{43}$/.test(id))).toBe(true);
    expect(outsideUserId('https://other.example', 'u1')).not.toBe(U1);
    await expect(
      (async () => verifier.verify(sign(rsa.privateKey, 'r1', 'RS256', { sub: '' })))(),
    ).rejects.toThrow();
  });

  it('refuses a weak key, an unknown key id, another audience, another issuer and a role by its word', async () => {
    const { verifier } = make();
    const refused = async (token: string) =>
      expect((async () => verifier.verify(token))()).rejects.toThrow('Invalid token');

    await refused(sign(small.privateKey, 'weak'));
    await refused(sign(rsa.privateKey, '../../dev/null'));
    await refused(sign(rsa.privateKey, 'r1', 'RS256', { aud: 'others' }));
    await refused(sign(rsa.privateKey, 'r1', 'RS256', { iss: 'https://evil.test/' }));
    expect((await verifier.verify(sign(rsa.privateKey, 'r1', 'RS256', { role: 'ADMIN' }))).role).toBe('user');
  });

  it('asks for unknown key ids at most twice a minute, however many are forged', async () => {
    const { verifier } = make();
    for (const kid of ['a', 'b', 'c', 'd']) {
      await expect((async () => verifier.verify(sign(rsa.privateKey, kid)))()).rejects.toThrow(
        'Invalid token',
      );
    }

    expect(asked).toBe(1);
    now += 31_000;
    answer.keys.push(jwk('a', rsa.publicKey));
    expect((await verifier.verify(sign(rsa.privateKey, 'a'))).userId).toBe(U1);
  });

  it('goes on with its keys while the issuer is away, and forgets tokens when a key is withdrawn', async () => {
    const { verifier, failures } = make();
    await verifier.verify(sign(rsa.privateKey, 'r1'));
    answer.status = 500;
    now += 11 * 60_000;

    const token = sign(rsa.privateKey, 'r1', 'RS256', { jti: 'later' });
    expect((await verifier.verify(token)).userId).toBe(U1);

    answer = { status: 200, keys: [jwk('e1', ec.publicKey)] };
    now += 31_000;
    await expect((async () => verifier.verify(sign(rsa.privateKey, 'new')))()).rejects.toThrow(
      'Invalid token',
    );
    expect(forgotten).toBe(1);
    expect(failures.length).toBeLessThanOrEqual(1);
  });
});
