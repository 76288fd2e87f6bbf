import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { loadServiceConfig, startService } from '@orrery/service-kit';
import { identity } from '../src/index.ts';
import { type OpenIdentity, openIdentity } from './open-identity.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

const printed = () => {
  const lines: string[] = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  return lines;
};

/** Another process of the service on the same database. */
const startAgain = async (open: OpenIdentity, env: Record<string, string> = {}): Promise<void> => {
  const { mongo, bus } = open.service;
  const again = await startService(identity, {
    env: {
      NODE_ENV: 'test',
      APP_ENV: 'local',
      LOG_LEVEL: 'silent',
      MONGODB_URI: `mongodb://${mongo.getClient().options.hosts[0]?.toString() ?? ''}/?directConnection=true`,
      ORRERY_NAMESPACE: mongo.name.replace(/_identity$/, ''),
      JWT_SECRET: 'another-start-with-another-secret-32',
      ...env,
    },
    bus,
  });
  await again.stop();
};

describe('the first administrator', () => {
  it('has the configured name and password, and nothing is printed', async () => {
    const lines = printed();
    const open = await openIdentity({ ADMIN_USERNAME: 'root', ADMIN_EMAIL: 'root@example.test' });
    try {
      const { json } = await open.logIn('root', 'the-first-administrators-password');

      expect(json).toMatchObject({ user: { role: 'admin', email: 'root@example.test' } });
      expect(lines.join('')).toBe('');
    } finally {
      await open.service.stop();
    }
  }, 60_000);

  it('gets a random password that is printed once, not logged, and kept by a second start', async () => {
    const lines = printed();
    const open = await openIdentity({ ADMIN_PASSWORD: '' });
    try {
      const [, password = ''] = /password (\S+)/.exec(lines.join('')) ?? [];
      expect(password.length).toBeGreaterThanOrEqual(24);
      expect((await open.logIn('admin', password)).status).toBe(200);
      expect(open.service.logs.join('')).not.toContain(password);
      const before = await open.service.mongo.collection('accounts').find({}).toArray();
      lines.length = 0;

      await startAgain(open);

      expect(await open.service.mongo.collection('accounts').find({}).toArray()).toEqual(before);
      expect(lines.join('')).toBe('');
    } finally {
      await open.service.stop();
    }
  }, 60_000);

  it('is not made of a user who has the name', async () => {
    const open = await openIdentity();
    try {
      await open.register({ username: 'chief', email: 'chief@example.test' });
      await open.service.mongo.collection('accounts').deleteMany({ role: 'admin' });

      await startAgain(open, { ADMIN_USERNAME: 'chief', ADMIN_PASSWORD: 'a-password-of-the-settings' });

      expect((await open.logIn('chief', 'a-long-password')).json).toMatchObject({ user: { role: 'user' } });
    } finally {
      await open.service.stop();
    }
  }, 60_000);
});

describe('settings', () => {
  const good = {
    NODE_ENV: 'production',
    APP_ENV: 'production',
    MONGODB_URI: 'mongodb://db.internal/?replicaSet=rs0',
    RABBITMQ_URL: 'amqp://broker.internal',
    SERVICE_TOKEN_SECRET: 'k7vQ2mZx9Lw4Tn8Rb1Yc6Hd3Jf5Gs0Pa',
    JWT_SECRET: 'Zx9Lw4Tn8Rb1Yc6Hd3Jf5Gs0Pak7vQ2m',
    IDENTITY_MODE: 'standalone',
    INGESTION_URL: 'http://ingestion:8080',
    CATEGORIZATION_URL: 'http://categorization:8080',
    INSIGHTS_URL: 'http://insights:8080',
  };

  it('of a sound production are taken', () => {
    expect(() => loadServiceConfig(identity, good)).not.toThrow();
  });

  it.each([
    ['the sample secret of the legacy service', { JWT_SECRET: 'your-secret-key-here-change-in-production' }],
    ['a short secret', { JWT_SECRET: 'fifteen-letters' }],
    ['no secret', { JWT_SECRET: '' }],
    ['a short secret by its other name', { JWT_SECRET: '', SECRET_KEY: 'changeme' }],
    ['the administrator password admin123', { ADMIN_PASSWORD: 'admin123' }],
    ['an administrator password that is too short', { ADMIN_PASSWORD: 'short' }],
    ['no mode', { IDENTITY_MODE: '' }],
    ['no limits on guessing', { RATE_LIMIT: 'off' }],
  ])('with %s stop the start', (_what, wrong) => {
    expect(() => loadServiceConfig(identity, { ...good, ...wrong })).toThrow(/settings are not usable/);
  });

  it('take SECRET_KEY in the place of JWT_SECRET', () => {
    expect(() =>
      loadServiceConfig(identity, { ...good, JWT_SECRET: '', SECRET_KEY: good.JWT_SECRET }),
    ).not.toThrow();
  });
});
