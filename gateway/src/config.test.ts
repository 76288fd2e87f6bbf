import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '@orrery/service-kit';
import { gatewayConfig, weakSecrets } from './config.ts';

const good = 'a-secret-that-is-long-enough-for-anyone';
const load = (env: Record<string, string>) => loadConfig(gatewayConfig, env, 'gateway');

describe('settings of the gateway', () => {
  it('reads SECRET_KEY as the secret when JWT_SECRET is unset', () => {
    expect(load({ SECRET_KEY: good }).SECRET_KEY).toBe(good);
    expect(() => load({})).toThrow('JWT_SECRET');
  });

  it.each([
    ['too short', 'only-15-letters'],
    ['a sample', 'your-secret-key-here-and-some-more-letters'],
    ['a sample', 'changeme'],
    ['a sample', 'admin123'],
  ])('refuses a secret that is %s outside a local installation', (_why, secret) => {
    expect(() => load({ JWT_SECRET: secret, APP_ENV: 'staging' })).toThrow('JWT_SECRET');
    expect(load({ JWT_SECRET: secret, APP_ENV: 'local' }).JWT_SECRET).toBe(secret);
  });

  it('warns of a secret between 16 and 31 characters', () => {
    expect(weakSecrets({ JWT_SECRET: 'x'.repeat(16) })).toEqual([{ name: 'JWT_SECRET', isRefused: false }]);
    expect(weakSecrets({ JWT_SECRET: 'x'.repeat(32) })).toEqual([]);
  });

  it.each([{ DISABLE_AUTH: '1' }, { RATE_LIMIT: 'off' }])(
    'takes %j only in a local installation',
    (extra) => {
      expect(() => load({ JWT_SECRET: good, APP_ENV: 'production', ...extra })).toThrow('APP_ENV=local');
      expect(() => load({ JWT_SECRET: good, ...extra })).toThrow('APP_ENV=local');
      expect(load({ JWT_SECRET: good, APP_ENV: 'local', ...extra })).toBeDefined();
    },
  );

  it('pins the algorithm', () => {
    expect(() => load({ JWT_SECRET: good, JWT_ALGORITHM: 'none' })).toThrow('JWT_ALGORITHM');
  });

  it('joins both lists of origins as they are written', () => {
    const config = load({
      JWT_SECRET: good,
      ALLOWED_HOST_ORIGINS: 'https://a.test/, https://b.test',
      CORS_ORIGINS: '',
    });

    expect(config.ALLOWED_HOST_ORIGINS).toEqual(['https://a.test', 'https://b.test']);
    expect(config.CORS_ORIGINS).toEqual([]);
  });

  it('reads weighted upstreams and refuses what it cannot read', () => {
    const config = load({ JWT_SECRET: good, GATEWAY_UPSTREAMS: 'insights=http://a:1=90,http://b:2=10' });

    expect(config.GATEWAY_UPSTREAMS.get('insights')).toEqual([
      { origin: 'http://a:1', weight: 90 },
      { origin: 'http://b:2', weight: 10 },
    ]);
    expect(() => load({ JWT_SECRET: good, GATEWAY_UPSTREAMS: 'insights=nonsense' })).toThrow(
      'GATEWAY_UPSTREAMS',
    );
    expect(() => load({ JWT_SECRET: good, GATEWAY_UPSTREAMS: 'insights=http://a=0' })).toThrow(
      'GATEWAY_UPSTREAMS',
    );
  });

  it('takes key sets by https only, except on loopback', () => {
    const issuers = (url: string) => JSON.stringify([{ name: 'x', url, issuer: 'i', audience: 'a' }]);

    expect(
      load({ JWT_SECRET: good, JWKS_ISSUERS: issuers('https://id.test/keys') }).JWKS_ISSUERS,
    ).toHaveLength(1);
    expect(
      load({ JWT_SECRET: good, JWKS_ISSUERS: issuers('http://127.0.0.1:1/keys') }).JWKS_ISSUERS,
    ).toHaveLength(1);
    expect(() => load({ JWT_SECRET: good, JWKS_ISSUERS: issuers('http://10.0.0.1/keys') })).toThrow('https');
    expect(() => load({ JWT_SECRET: good, JWKS_ISSUERS: 'x' })).toThrow('JWKS_ISSUERS');
  });
});
