import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CategorizerTrained,
  CategoryCorrected,
  TransactionsCategorized,
  TransactionsIngested,
  UserConsentChanged,
  UserErasureRequested,
} from '@orrery/contracts';
import type { IngestedTransaction } from '@orrery/contracts';
import { createLogger } from '@orrery/service-kit';
import { anAdmin, anIngestedTransaction, aUser, eventually, startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { z } from 'zod';
import { createActiveModel } from '../src/active-model.ts';
import { baseOf, loadArtifacts } from '../src/artifacts/load-artifacts.ts';
import { HOLDINGS } from '../src/holdings.ts';
import { categorization } from '../src/module.ts';
import { createModelStore } from '../src/store/model-store.ts';

type User = ReturnType<typeof aUser>;

const Change = z.object({
  changeId: z.string().nullable(),
  changing: z.number(),
  changes: z.array(z.object({ from: z.string().nullable(), to: z.string().nullable() })),
});
const Corrected = z.object({
  decision: z.string(),
  past: Change,
  offeredRule: z
    .object({ name: z.string(), conditions: z.looseObject({ text: z.string() }), category: z.string() })
    .nullable(),
});
const Outcome = Change.extend({ checked: z.number(), more: z.boolean() });
const Results = z.object({
  results: z.array(
    z.object({
      category: z.object({ slug: z.string() }).nullable(),
      decision: z.string(),
      source: z.string(),
    }),
  ),
});
const Card = z.object({
  version: z.string(),
  shippedVersion: z.string(),
  trainings: z.array(z.object({ version: z.string(), promoted: z.boolean(), corrections: z.number() })),
});

let service: TestService;

beforeAll(async () => {
  service = await startTestService(categorization, { env: { MODEL_REFRESH_SECONDS: '1' } });
});

afterAll(async () => {
  await service.stop();
});

const decisionsOf = (userId: string) =>
  service.captured
    .of(TransactionsCategorized)
    .filter((event) => event.subject === userId)
    .flatMap((event) => event.data.transactions);

const send = async (user: User, rows: IngestedTransaction[]): Promise<IngestedTransaction[]> => {
  const before = decisionsOf(user.userId).length;
  await service.publish(TransactionsIngested, user.userId, { userId: user.userId, transactions: rows });
  await eventually(
    () => decisionsOf(user.userId).length,
    (length) => length === before + rows.length,
  );
  return rows;
};

const shop = (description: string): IngestedTransaction =>
  anIngestedTransaction({ description, currency: 'GBP', country: 'GB', amountMinor: -900 });

const post = (as: User, path: string, json: unknown = {}) => service.call(path, { as, method: 'POST', json });

const correct = async (as: User, row: IngestedTransaction, json: object) => {
  const reply = await service.call(`/v1/transactions/${row.transactionId}/category`, {
    as,
    method: 'PUT',
    json,
  });
  expect(reply.status).toBe(200);
  return Corrected.parse(reply.json);
};

const categoryOf = async (user: User, row: IngestedTransaction): Promise<string | undefined> => {
  const reply = await service.call(`/v1/transactions/${row.transactionId}/explanation`, { as: user });
  return z.object({ category: z.object({ slug: z.string() }).nullable() }).parse(reply.json).category?.slug;
};

const ask = async (user: User, description: string) => {
  const transactions = [{ description, amount: '-9.00', currency: 'GBP', country: 'GB' }];
  const { results } = Results.parse((await post(user, '/v1/categorize', { transactions })).json);
  return results[0];
};

describe('a correction', () => {
  it('tells first what it would change, then changes it, and can be undone with what it taught', async () => {
    const user = aUser();
    const [first = shop(''), second = shop('')] = await send(user, [
      shop('GYMKHANA 12 LEEDS'),
      shop('GYMKHANA 14 LEEDS'),
    ]);
    const before = await categoryOf(user, second);
    const wish = { category: 'hobbies', applyToMerchant: true };

    const dry = await correct(user, first, { ...wish, dryRun: true });
    expect(dry.past).toMatchObject({ changeId: null, changing: 1, changes: [{ to: 'hobbies' }] });
    expect(await categoryOf(user, first)).toBe(before);
    expect((await ask(user, 'GYMKHANA 98 LEEDS'))?.source).not.toBe('memory');

    const { past } = await correct(user, first, wish);
    expect(await categoryOf(user, second)).toBe('hobbies');
    expect(await ask(user, 'GYMKHANA 98 LEEDS')).toMatchObject({ source: 'memory', decision: 'auto' });

    const undo = `/v1/recategorizations/${past.changeId ?? ''}/undo`;
    expect((await post(aUser(), undo)).status).toBe(404);
    expect(await post(user, undo)).toMatchObject({ status: 200, json: { restored: 2, kept: 0 } });
    expect(await categoryOf(user, first)).toBe(before);
    expect(await categoryOf(user, second)).toBe(before);
    expect((await ask(user, 'GYMKHANA 98 LEEDS'))?.source).not.toBe('memory');
    expect(await post(user, undo)).toMatchObject({ status: 409, json: { code: 'already-undone' } });
  });

  it('offers a rule that works as it is, and not again once there is one', async () => {
    const user = aUser();
    const [first = shop(''), second = shop('')] = await send(user, [
      shop('HARBOUR LANE CERAMICS 3'),
      shop('HARBOUR LANE CERAMICS 4'),
    ]);

    const { offeredRule } = await correct(user, first, { category: 'hobbies' });
    expect(offeredRule?.conditions.text).toContain('harbour lane ceramics');
    expect((await post(user, '/v1/rules', offeredRule)).status).toBe(201);

    expect((await correct(user, second, { category: 'hobbies' })).offeredRule).toBeNull();
  });

  it('is told with what was there before', async () => {
    const user = aUser();
    const [row = shop('')] = await send(user, [shop('STARBUCKS LEEDS')]);
    await correct(user, row, { category: 'gifts' });
    const told = await eventually(
      () => service.captured.of(CategoryCorrected).filter((event) => event.subject === user.userId),
      (events) => events.length === 1,
    );

    expect(told[0]?.data.corrections).toEqual([
      { transactionId: row.transactionId, decisionVersion: 2, from: 'coffee', to: 'gifts' },
    ]);
  });
});

describe('changing the past', () => {
  it('takes the user at their word in bulk and learns it', async () => {
    const user = aUser();
    const rows = await send(user, [shop('OAKMERE STABLES 1'), shop('TINDALL RIDING 2')]);
    const transactions = rows.map((row) => row.transactionId);

    const dry = await post(user, '/v1/recategorizations', {
      transactions,
      category: 'hobbies',
      dryRun: true,
    });
    expect(Outcome.parse(dry.json)).toMatchObject({ changeId: null, checked: 2, changing: 2, more: false });
    const done = await post(user, '/v1/recategorizations', { transactions, category: 'hobbies' });
    expect(Outcome.parse(done.json).changing).toBe(2);

    expect(await ask(user, 'OAKMERE STABLES 7')).toMatchObject({
      category: { slug: 'hobbies' },
      source: 'memory',
    });
    expect(await ask(user, 'TINDALL RIDING 8')).toMatchObject({
      category: { slug: 'hobbies' },
      source: 'memory',
    });
    const listed = await service.call('/v1/recategorizations', { as: user });
    expect(listed.json).toMatchObject({ data: [{ kind: 'bulk-correction', changed: 2, undoneAt: null }] });
  });

  it('refuses strangers, half a wish and a group', async () => {
    const user = aUser();
    const [row = shop('')] = await send(user, [shop('OAKMERE STABLES 1')]);
    const transactions = [row.transactionId];

    expect((await post(aUser(), '/v1/recategorizations', { transactions, category: 'hobbies' })).status).toBe(
      404,
    );
    expect((await post(user, '/v1/recategorizations', { transactions })).status).toBe(422);
    expect(
      (await post(user, '/v1/recategorizations', { transactions, category: 'food-and-drink' })).status,
    ).toBe(422);
  });

  it('lets a rule decide the past except what the user filed by hand, and takes it back', async () => {
    const user = aUser();
    const rows = await send(user, [
      shop('STARBUCKS LEEDS 1'),
      shop('STARBUCKS YORK 2'),
      shop('TESCO STORES 3'),
    ]);
    const [byHand = shop(''), ruled = shop(''), other = shop('')] = rows;
    await correct(user, byHand, { category: 'gifts' });
    const created = await post(user, '/v1/rules', {
      name: 'Work',
      conditions: { regex: '^starbucks' },
      category: 'other-services',
    });
    const { id } = z.object({ id: z.string() }).parse(created.json);

    const dry = Outcome.parse((await post(user, `/v1/rules/${id}/apply`, { dryRun: true })).json);
    expect(dry).toMatchObject({ checked: 3, changing: 1, changeId: null });
    const { changeId } = Outcome.parse((await post(user, `/v1/rules/${id}/apply`)).json);
    expect(await Promise.all(rows.map((row) => categoryOf(user, row)))).toEqual([
      'gifts',
      'other-services',
      'groceries',
    ]);

    await correct(user, ruled, { category: 'coffee' });
    expect(await post(user, `/v1/recategorizations/${changeId ?? ''}/undo`)).toMatchObject({
      json: { restored: 0, kept: 1 },
    });
    expect(await categoryOf(user, ruled)).toBe('coffee');
    expect(await categoryOf(user, other)).toBe('groceries');
    expect((await post(aUser(), `/v1/rules/${id}/apply`)).status).toBe(404);
  });

  it('decides everything again with what was learnt since', async () => {
    const user = aUser();
    const [first = shop(''), second = shop('')] = await send(user, [
      shop('BRACKEN HALL 12'),
      shop('BRACKEN HALL 15'),
    ]);
    await correct(user, first, { category: 'hobbies' });

    const outcome = Outcome.parse((await post(user, '/v1/recategorizations')).json);
    expect(outcome).toMatchObject({ checked: 2, changing: 1, changes: [{ to: 'hobbies' }] });
    expect(await categoryOf(user, second)).toBe('hobbies');
    expect(Outcome.parse((await post(user, '/v1/recategorizations')).json).changing).toBe(0);
  });
});

describe('large batches', () => {
  it('are read in the thread with the same answers as one by one', async () => {
    const user = aUser();
    await post(user, '/v1/rules', { name: 'Odd', conditions: { regex: 'unit 7$' }, category: 'gifts' });
    const transactions = Array.from({ length: 1000 }, (_unused, index) => ({
      description: `${['STARBUCKS', 'SHELL', 'TESCO STORES'][index % 3] ?? ''} UNIT ${String(index)}`,
      amount: '-9.00',
      currency: 'GBP',
      country: 'GB',
    }));
    const reply = await post(user, '/v1/categorize', { transactions });
    const { results } = Results.parse(reply.json);

    expect(results).toHaveLength(1000);
    expect(results[7]).toMatchObject({ category: { slug: 'gifts' }, source: 'rule' });
    for (const index of [0, 1, 2, 998]) {
      expect(results[index]).toEqual(await ask(user, transactions[index]?.description ?? ''));
    }
  });
});

describe('thresholds of a user', () => {
  it('count for decisions from then on', async () => {
    const user = aUser();
    const change = (json: object) =>
      service.call('/v1/categorizer/settings', { as: user, method: 'PATCH', json });

    expect((await service.call('/v1/categorizer/settings', { as: user })).json).toEqual({
      auto: 0.95,
      suggest: 0.35,
      pooledLearning: false,
    });
    expect((await ask(user, 'STARBUCKS LEEDS'))?.decision).toBe('auto');
    expect(await change({ auto: 1 })).toMatchObject({ status: 200, json: { auto: 1, suggest: 0.35 } });
    expect((await ask(user, 'STARBUCKS LEEDS'))?.decision).toBe('suggest');
    expect((await ask(aUser(), 'STARBUCKS LEEDS'))?.decision).toBe('auto');
    expect((await change({ auto: 0.6, suggest: 0.7 })).status).toBe(422);
  });
});

describe('training', () => {
  const consent = async (user: User, pooledLearning: boolean) => {
    await service.publish(UserConsentChanged, user.userId, {
      userId: user.userId,
      pooledLearning,
      partnerView: false,
    });
    await eventually(
      async () =>
        z
          .object({ pooledLearning: z.boolean() })
          .parse((await service.call('/v1/categorizer/settings', { as: user })).json),
      (settings) => settings.pooledLearning === pooledLearning,
    );
  };
  const pooled = (user: User) => service.mongo.collection('pool').countDocuments({ userId: user.userId });
  const teach = async (user: User) => {
    const [row = shop('')] = await send(user, [shop('QUILLWORTH 12 LEEDS')]);
    await correct(user, row, { category: 'hobbies' });
  };
  const card = async () => Card.parse((await service.call('/v1/models/categorizer')).json);

  it('keeps corrections for the pool only from users who agreed, and only as long', async () => {
    const [agreed, silent] = [aUser(), aUser()];
    await consent(agreed, true);
    await Promise.all([teach(agreed), teach(silent)]);

    expect(await pooled(agreed)).toBe(1);
    expect(await pooled(silent)).toBe(0);
    await consent(agreed, false);
    expect(await pooled(agreed)).toBe(0);
  });

  it('is for administrators, one at a time, and answers go on meanwhile', async () => {
    const admin = anAdmin();
    for (const user of [aUser(), aUser(), aUser()]) {
      await consent(user, true);
      await teach(user);
    }
    expect((await service.call('/api/retrain_models')).status).toBe(403);

    const started = await service.call('/api/retrain_models', { as: admin });
    expect(started).toMatchObject({
      status: 202,
      json: { status: 'queued', models: ['transaction_classifier', 'spending_predictor'] },
    });
    expect((await post(admin, '/api/retrain_models')).status).toBe(409);
    expect((await ask(aUser(), 'STARBUCKS LEEDS'))?.category?.slug).toBe('coffee');
    expect((await card()).version).toBe((await card()).shippedVersion);

    const { trainings } = await eventually(card, (found) => found.trainings.length === 1, {
      timeoutMs: 240_000,
    });
    expect(trainings).toMatchObject([{ promoted: true, corrections: 1 }]);
    await eventually(card, (found) => found.version === trainings[0]?.version);
    expect((await ask(aUser(), 'STARBUCKS LEEDS'))?.category?.slug).toBe('coffee');
    const told = service.captured.of(CategorizerTrained);
    expect(told.at(-1)?.data).toMatchObject({ modelVersion: trainings[0]?.version, promoted: true });

    const used: string[] = [];
    const replica = createActiveModel({
      models: createModelStore(service.mongo),
      base: baseOf(loadArtifacts().manifest),
      use: (model) => used.push(model.version),
      refreshMs: 50,
      logger: createLogger('categorization', 'error'),
    });
    await eventually(
      () => used,
      ([first]) => first === trainings[0]?.version,
    );
    replica.stop();
  }, 90_000);
});

describe('erasure', () => {
  it('removes everything about a user and nothing about another', async () => {
    const [leaving, staying] = [aUser(), aUser()];
    for (const user of [leaving, staying]) {
      const [row = shop('')] = await send(user, [shop('QUILLWORTH 12 LEEDS')]);
      await correct(user, row, { category: 'hobbies' });
      await post(user, '/v1/rules', { name: 'x', conditions: { text: 'x' }, category: 'gifts' });
      await service.call('/v1/categorizer/settings', { as: user, method: 'PATCH', json: { auto: 0.9 } });
    }
    const held = async (user: User) => {
      const counts = HOLDINGS.map(({ collection, owner }) =>
        service.mongo.collection(collection).countDocuments({ [owner]: user.userId }),
      );
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    };
    const before = await held(staying);
    expect(await held(leaving)).toBe(before);

    await service.publish(UserErasureRequested, leaving.userId, {
      userId: leaving.userId,
      erasureId: 'e-1',
      round: 1,
      requestedAt: service.clock.now().toISOString(),
    });
    await eventually(
      () => held(leaving),
      (count) => count === 0,
    );

    expect(await held(staying)).toBe(before);
  }, 300_000);
});
