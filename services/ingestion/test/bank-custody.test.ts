import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UserErasureRequested } from '@orrery/contracts';
import { ConfigError, loadConfig } from '@orrery/service-kit';
import { eventually, startTestService } from '@orrery/testing';
import { MongoClient } from 'mongodb';
import { IngestionConfig } from '../src/config.ts';
import { newTokenKey } from '../src/domain/bank/token-cipher.ts';
import { ingestion } from '../src/index.ts';
import { newUser, openBank, SANDBOX_SECRET, type Bank } from './open-bank.ts';

const CLEAR_TOKEN = /access-(?:sandbox|development|production)-[\w-]+/;

let bank: Bank;

beforeAll(async () => {
  bank = await openBank();
}, 60_000);

afterAll(async () => {
  await bank.close();
});

/** Every document of every database of ours, as text. */
const everythingStored = async (): Promise<string> => {
  const client = await new MongoClient(bank.database.uri).connect();
  try {
    const namespace = bank.service.mongo.name.replace(/_ingestion$/, '');
    const { databases } = await client.db().admin().listDatabases({ nameOnly: true });
    const texts: string[] = [];
    for (const { name } of databases.filter(({ name }) => name.startsWith(`${namespace}_`))) {
      const collections = await client.db(name).listCollections({}, { nameOnly: true }).toArray();
      for (const collection of collections) {
        const documents = await client.db(name).collection(collection.name).find({}).toArray();
        texts.push(JSON.stringify(documents));
      }
    }
    return texts.join('\n');
  } finally {
    await client.close();
  }
};

describe('access tokens', () => {
  it('stand in clear in no database of ours, no log line, no event and no answer, whatever goes wrong', async () => {
    const user = newUser();
    const answers: string[] = [];
    const { handle, itemId } = await bank.link(user);
    await bank.healthy(user, itemId);
    for (const errorCode of ['INTERNAL_SERVER_ERROR', 'INVALID_API_KEYS', 'ITEM_LOCKED', 'RATE_LIMIT']) {
      await bank.control('faults', { path: '/accounts/get', itemId, times: 3, errorCode });
      answers.push((await bank.post(user, '/api/get_accounts', { access_token: handle })).text);
    }
    for (const path of ['/api/get_accounts', '/api/get_balances', '/api/get_investments']) {
      answers.push((await bank.post(user, path, { item_id: itemId })).text);
    }
    answers.push((await bank.service.call('/v1/items', { as: user })).text);
    await bank.control('faults', {
      path: '/transactions/sync',
      itemId,
      times: 1,
      errorCode: 'INVALID_API_KEYS',
    });
    await bank.post(user, `/v1/items/${itemId}/sync`);
    await eventually(
      () => bank.itemsOf(user),
      ([item]) => item?.lastError?.code === 'INVALID_API_KEYS',
    );

    const places = {
      databases: await everythingStored(),
      logs: bank.service.logs.join('\n'),
      events: JSON.stringify(bank.service.captured.all()),
      answers: answers.join('\n'),
    };

    expect(places.databases).toContain(itemId);
    for (const text of Object.values(places)) {
      expect(text).not.toMatch(CLEAR_TOKEN);
      expect(text).not.toContain(SANDBOX_SECRET);
    }
  });

  it('are sealed anew after a key was added, and work when the older key is gone', async () => {
    const user = newUser();
    const { itemId } = await bank.linkCustom(user, [{ transactions: [] }]);
    await bank.healthy(user, itemId);
    const newer = newTokenKey('k2');
    const namespace = bank.service.mongo.name.replace(/_ingestion$/, '');
    const secrets = bank.service.mongo.collection<{ _id: string; keyId: string }>('item_secrets');

    const { runServices } = await import('@orrery/service-kit');
    const env = {
      NODE_ENV: 'test',
      APP_ENV: 'local',
      MONGODB_URI: bank.database.uri,
      ORRERY_NAMESPACE: namespace,
      SERVICE_TOKEN_SECRET: 'a-secret-that-only-tests-know-0123456789',
      LOG_LEVEL: 'silent',
      ...bank.env,
      PLAID_TOKEN_KEYS: `${newer},${bank.keys}`,
    };
    const rotating = await runServices([ingestion], { env });
    try {
      await eventually(
        () => secrets.findOne({ _id: itemId }),
        (secret) => secret?.keyId === 'k2',
      );
    } finally {
      await rotating.stop();
    }
    const rotated = await runServices([ingestion], { env: { ...env, PLAID_TOKEN_KEYS: newer } });
    try {
      await bank.service.mongo
        .collection<{ _id: string }>('items')
        .updateOne(
          { _id: itemId },
          { $set: { nextSyncAt: new Date(), lastSyncedAt: null, 'claim.until': new Date(Date.now() + 500) } },
        );
      await eventually(
        () =>
          bank.service.mongo
            .collection<{ _id: string; lastSyncedAt: Date | null }>('items')
            .findOne({ _id: itemId }),
        (item) => item?.lastSyncedAt !== null,
      );
    } finally {
      await rotated.stop();
    }
  });

  it('of an erased user are used once more, to end the links at the provider', async () => {
    const user = newUser();
    const { itemId } = await bank.link(user, { username: 'user_yuppie' });
    await bank.healthy(user, itemId);

    await bank.service.publish(UserErasureRequested, user.userId, {
      userId: user.userId,
      erasureId: 'erasure-1',
      round: 1,
      requestedAt: new Date().toISOString(),
    });

    await eventually(
      async () =>
        (await bank.service.mongo.collection('items').countDocuments({ userId: user.userId })) === 0,
    );
    await eventually(async () => (await bank.truth(itemId).catch(() => [])).length === 0);
    for (const collection of ['item_secrets', 'accounts', 'raw_transactions', 'webhooks']) {
      expect(await bank.service.mongo.collection(collection).countDocuments({ userId: user.userId })).toBe(0);
    }
    expect(await bank.service.mongo.collection('item_endings').countDocuments({})).toBe(0);
  });
});

describe('the settings of bank links', () => {
  const problems = (env: Record<string, string>): string => {
    try {
      loadConfig(IngestionConfig, env, 'ingestion');
      return '';
    } catch (error) {
      return error instanceof ConfigError ? error.message : String(error);
    }
  };
  const whole = {
    PLAID_CLIENT_ID: 'id',
    PLAID_SECRET_sand: 'secret-of-sand',
    PLAID_TOKEN_KEYS: newTokenKey('k1'),
  };

  it('may be absent altogether; the routes then say that banks are off', async () => {
    expect(problems({})).toBe('');
    const service = await startTestService(ingestion);
    try {
      const reply = await service.call('/api/create_link_token', { method: 'POST' });
      expect(reply).toMatchObject({ status: 503, json: { code: 'bank-links-off' } });
    } finally {
      await service.stop();
    }
  });

  it.each([
    [{ ...whole }, ''],
    [{ ...whole, PLAID_ENV_MODE: 'sandbox' }, 'PLAID_ENV_MODE'],
    [{ ...whole, PLAID_ENV_MODE: 'prod' }, 'PLAID_SECRET_prod is missing'],
    [{ PLAID_ENV_MODE: 'sand' }, 'PLAID_CLIENT_ID is missing'],
    [{ ...whole, PLAID_ENV_sand: 'http://plaid.example' }, 'PLAID_ENV_sand must begin with https'],
    [{ ...whole, PLAID_ENV_sand: 'http://127.0.0.1:8090/' }, ''],
    [{ ...whole, PLAID_TOKEN_KEYS: 'k1:short' }, 'PLAID_TOKEN_KEYS must be'],
    [{ ...whole, PLAID_TOKEN_KEYS: '' }, 'PLAID_TOKEN_KEYS'],
  ])('%# are told apart in plain words', (env, problem) => {
    const told = problems(env);

    expect(told === '').toBe(problem === '');
    expect(told).toContain(problem);
    expect(told).not.toContain('secret-of-sand');
  });

  it('refuse the sandbox helper in every mode but the sandbox', async () => {
    const service = await startTestService(ingestion, {
      env: { ...whole, PLAID_ENV_MODE: 'prod', PLAID_SECRET_prod: 'x', PLAID_ENV_prod: bank.sandbox.url },
    });
    try {
      const reply = await service.call('/api/create_sandbox_token', { method: 'POST', json: {} });
      expect(reply).toMatchObject({ status: 403, json: { error_code: 'SANDBOX_ONLY' } });
    } finally {
      await service.stop();
    }
  });
});
