import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsCategorized, TransactionsIngested, TransactionsRemoved } from '@orrery/contracts';
import { anIngestedTransaction, aUser, eventually, startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { z } from 'zod';
import { loadArtifacts } from '../src/artifacts/load-artifacts.ts';
import { categorization } from '../src/module.ts';

const Categories = z.object({
  data: z.array(
    z.object({ slug: z.string(), name: z.string(), parent: z.string().nullable(), pocketcSub: z.number() }),
  ),
});
const Results = z.object({
  results: z.array(
    z.object({
      id: z.string().optional(),
      category: z.object({ slug: z.string(), pfcPrimary: z.string() }).nullable(),
      confidence: z.number(),
      decision: z.string(),
      source: z.string(),
    }),
  ),
});
const Explanation = z.object({
  category: z.object({ slug: z.string() }).nullable(),
  decision: z.string(),
  evidence: z.array(z.object({ kind: z.string(), text: z.string(), weight: z.number() })).min(1),
});

let service: TestService;

beforeAll(async () => {
  service = await startTestService(categorization);
});

afterAll(async () => {
  await service.stop();
});

const decisionsOf = (userId: string) =>
  service.captured
    .of(TransactionsCategorized)
    .filter((event) => event.subject === userId)
    .flatMap((event) => event.data.transactions);

const told = (userId: string, count: number) =>
  eventually(
    () => decisionsOf(userId).length,
    (length) => length === count,
  );

describe('GET /v1/categories', () => {
  it('names the whole taxonomy in the language that was asked for', async () => {
    const reply = await service.call('/v1/categories', { headers: { 'Accept-Language': 'fr-FR, en;q=0.5' } });
    const { data } = Categories.parse(reply.json);

    expect(reply.status).toBe(200);
    expect(data.find((row) => row.slug === 'groceries')).toMatchObject({
      name: 'Courses',
      parent: 'food-and-drink',
      pocketcSub: 7,
    });
  });
});

describe('POST /v1/categorize', () => {
  it('answers in order with categories from three languages', async () => {
    const rows = [
      ['a', 'SQ *BLUE HERON ESPRESSO SEATTLE WA', '-4.75', 'USD', 'US', 'FOOD_AND_DRINK'],
      ['b', 'PRLV SEPA EDF CLIENTS PARTICULIERS', '-64.20', 'EUR', 'FR', 'RENT_AND_UTILITIES'],
      ['c', '온누리중앙약국', '-5400', 'KRW', 'KR', 'MEDICAL'],
      ['d', 'VIR SEPA RECU /DE ACME SAS /MOTIF SALAIRE', '2100.00', 'EUR', 'FR', 'INCOME'],
    ] as const;
    const reply = await service.call('/v1/categorize', {
      method: 'POST',
      json: {
        transactions: rows.map(([id, description, amount, currency, country]) => ({
          id,
          description,
          amount,
          currency,
          country,
        })),
      },
    });
    const { results } = Results.parse(reply.json);

    expect(results.map((row) => [row.id, row.category?.pfcPrimary])).toEqual(
      rows.map((row) => [row[0], row[5]]),
    );
  });

  it('refuses an empty batch, a blank text and an amount that the currency does not have', async () => {
    const transaction = { description: 'SHOP', amount: '-1.00', currency: 'EUR' };
    const bad = [
      [],
      [{ ...transaction, description: ' ' }],
      [{ ...transaction, amount: '1e5' }],
      [{ ...transaction, amount: '-1.50', currency: 'KRW' }],
    ];
    for (const transactions of bad) {
      const reply = await service.call('/v1/categorize', { method: 'POST', json: { transactions } });
      expect(reply.status).toBe(422);
    }
  });
});

describe('events of ingestion', () => {
  it('decides a batch, tells it once, and ignores a version that is not newer', async () => {
    const user = aUser();
    const first = anIngestedTransaction({
      description: 'CB FRANPRIX 5118 PARIS',
      rowVersion: 2,
      country: 'FR',
    });
    await service.publish(TransactionsIngested, user.userId, { userId: user.userId, transactions: [first] });
    await told(user.userId, 1);
    await service.publish(TransactionsIngested, user.userId, {
      userId: user.userId,
      transactions: [{ ...first, rowVersion: 1, description: 'OLDER' }],
    });
    const second = anIngestedTransaction({ description: 'TOTAL ACCESS LYON', country: 'FR' });
    await service.publish(TransactionsIngested, user.userId, { userId: user.userId, transactions: [second] });
    await told(user.userId, 2);

    expect(decisionsOf(user.userId)).toMatchObject([
      { transactionId: first.transactionId, decision: { category: 'groceries', decisionVersion: 1 } },
      { transactionId: second.transactionId, decision: { category: 'fuel', decisionVersion: 1 } },
    ]);
  });

  it('forgets a removed transaction, also when its older version arrives later', async () => {
    const user = aUser();
    const row = anIngestedTransaction({ rowVersion: 1 });
    await service.publish(TransactionsRemoved, user.userId, {
      userId: user.userId,
      transactions: [{ transactionId: row.transactionId, rowVersion: 2 }],
    });
    const path = `/v1/transactions/${row.transactionId}/explanation`;
    const marker = anIngestedTransaction();
    await eventually(
      () => service.mongo.collection('decisions').countDocuments({ userId: user.userId }),
      (found) => found === 1,
    );
    await service.publish(TransactionsIngested, user.userId, {
      userId: user.userId,
      transactions: [row, marker],
    });
    await told(user.userId, 1);

    expect(decisionsOf(user.userId)[0]?.transactionId).toBe(marker.transactionId);
    expect((await service.call(path, { as: user })).status).toBe(404);
  });
});

describe('a correction', () => {
  it('is kept, explained, teaches the merchant at once and can change its past', async () => {
    const user = aUser();
    const rows = ['GYMKHANA 12 LEEDS', 'GYMKHANA 12 LEEDS'].map((description) =>
      anIngestedTransaction({ description, currency: 'GBP', country: 'GB' }),
    );
    await service.publish(TransactionsIngested, user.userId, { userId: user.userId, transactions: rows });
    await told(user.userId, 2);
    const [corrected, sibling] = rows;
    const path = `/v1/transactions/${corrected?.transactionId ?? ''}`;

    const reply = await service.call(`${path}/category`, {
      as: user,
      method: 'PUT',
      json: { category: 'hobbies', applyToMerchant: true },
    });
    expect(reply).toMatchObject({ status: 200, json: { decision: 'user', category: { slug: 'hobbies' } } });
    await told(user.userId, 4);
    expect(decisionsOf(user.userId).at(-1)).toMatchObject({
      transactionId: sibling?.transactionId,
      decision: { category: 'hobbies', source: 'memory', decisionVersion: 2 },
    });

    const explanation = Explanation.parse(
      (await service.call(`${path}/explanation`, { as: user, headers: { 'Accept-Language': 'ko' } })).json,
    );
    expect(explanation).toMatchObject({ decision: 'user', category: { slug: 'hobbies' } });
    expect(explanation.evidence[0]?.text).toContain('취미');

    const again = { description: 'GYMKHANA 98 LEEDS', amount: '-9.00', currency: 'GBP', country: 'GB' };
    const own = await service.call('/v1/categorize', {
      as: user,
      method: 'POST',
      json: { transactions: [again] },
    });
    expect(Results.parse(own.json).results[0]).toMatchObject({
      category: { slug: 'hobbies' },
      source: 'memory',
    });
    const other = await service.call('/v1/categorize', { method: 'POST', json: { transactions: [again] } });
    expect(Results.parse(other.json).results[0]?.source).not.toBe('memory');

    await service.publish(TransactionsIngested, user.userId, {
      userId: user.userId,
      transactions: rows.slice(0, 1).map((row) => ({ ...row, rowVersion: 2, pending: false })),
    });
    await told(user.userId, 5);
    expect(decisionsOf(user.userId).at(-1)?.decision).toMatchObject({ category: 'hobbies', source: 'user' });
  });

  it('answers 404 to a stranger and 422 to a category that is none', async () => {
    const user = aUser();
    const row = anIngestedTransaction();
    await service.publish(TransactionsIngested, user.userId, { userId: user.userId, transactions: [row] });
    await told(user.userId, 1);
    const path = `/v1/transactions/${row.transactionId}/category`;
    const put = (as: typeof user, category: string) =>
      service.call(path, { as, method: 'PUT', json: { category } });

    expect((await put(aUser(), 'groceries')).status).toBe(404);
    expect((await put(user, 'food-and-drink')).status).toBe(422);
    expect((await put(user, 'no-such-thing')).status).toBe(422);
  });
});

describe('rules', () => {
  const RuleBody = z.object({
    id: z.string(),
    position: z.number(),
    conditions: z.object({ minAmount: z.string().optional() }),
  });
  const create = (as: ReturnType<typeof aUser>, json: unknown) =>
    service.call('/v1/rules', { as, method: 'POST', json });

  it('are kept in order, previewed, win over everything, and can be changed and deleted', async () => {
    const user = aUser();
    const row = anIngestedTransaction({ description: 'STARBUCKS OPERA PARIS', country: 'FR' });
    await service.publish(TransactionsIngested, user.userId, { userId: user.userId, transactions: [row] });
    await told(user.userId, 1);
    const wanted = { conditions: { text: 'starbucks', minAmount: '10.00' }, category: 'other-services' };

    const preview = await service.call('/v1/rules/preview', { as: user, method: 'POST', json: wanted });
    expect(preview).toMatchObject({
      status: 200,
      json: { checked: 1, changing: 1, changes: [{ from: 'coffee', to: 'other-services' }] },
    });

    const created = await create(user, { name: 'Work', ...wanted });
    expect(created.status).toBe(201);
    const rule = RuleBody.parse(created.json);
    expect(rule.conditions.minAmount).toBe('10.00');
    const ask = async (as: ReturnType<typeof aUser>) => {
      const transactions = [
        { description: 'STARBUCKS OPERA', amount: '-12.00', currency: 'EUR', country: 'FR' },
      ];
      const reply = await service.call('/v1/categorize', { as, method: 'POST', json: { transactions } });
      return Results.parse(reply.json).results[0]?.category?.slug;
    };
    expect(await ask(user)).toBe('other-services');
    expect(await ask(aUser())).toBe('coffee');

    const path = `/v1/rules/${rule.id}`;
    const change = await service.call(path, { as: user, method: 'PATCH', json: { category: 'gifts' } });
    expect(change).toMatchObject({ status: 200, json: { name: 'Work', category: 'gifts' } });
    expect((await service.call(path, { method: 'DELETE' })).status).toBe(404);
    expect((await service.call(path, { as: user, method: 'DELETE' })).status).toBe(200);
    expect(await ask(user)).toBe('coffee');
  });

  it('refuses a pattern that cannot run in linear time, an empty rule, a range that holds nothing and a group', async () => {
    const user = aUser();
    const bad = [
      { name: 'x', conditions: { regex: '(a)\\1' }, category: 'coffee' },
      { name: 'x', conditions: {}, category: 'coffee' },
      { name: 'x', conditions: { minAmount: '5', maxAmount: '4.99' }, category: 'coffee' },
      { name: 'x', conditions: { text: 'a' }, category: 'food-and-drink' },
    ];
    for (const rule of bad) {
      expect((await create(user, rule)).status).toBe(422);
    }
  });
});

describe('a pattern made to run for ever', () => {
  it('is answered in time', async () => {
    const user = aUser();
    const rule = { name: 'x', conditions: { regex: '^(a+)+$' }, category: 'gifts' };
    expect((await service.call('/v1/rules', { as: user, method: 'POST', json: rule })).status).toBe(201);
    const transactions = [{ description: `${'a'.repeat(500)}!`, amount: '-1.00', currency: 'EUR' }];
    const reply = await service.call('/v1/categorize', {
      as: user,
      method: 'POST',
      json: { transactions },
      signal: AbortSignal.timeout(4000),
    });

    expect(reply.status).toBe(200);
    expect(Results.parse(reply.json).results[0]?.source).not.toBe('rule');
  });
});

describe('the older systems', () => {
  it('answers PocketC with its ids, marks a fallback and refuses a bad date', async () => {
    const ask = (json: unknown) => service.call('/ai/categories', { method: 'POST', json });
    const coffee = { amount: 5400, merchantName: '스타벅스 강남점', transactedAt: '2025-09-29T08:12:00' };

    expect(await ask(coffee)).toMatchObject({
      status: 201,
      json: { transactionId: null, ...coffee, majorId: 4, subId: 1, isFixed: false },
    });
    for (const merchantName of ['0000 1111', 'qwpoeiru', 'XYZ 123', 'ㅁㄴㅇㄹ']) {
      expect((await ask({ ...coffee, merchantName })).json).toMatchObject({
        majorId: 10,
        subId: 39,
        confidence: 0,
        fallback: true,
      });
    }
    const spaced = { ...coffee, transactedAt: '2025-09-29 08:12:00' };
    expect(await ask(spaced)).toMatchObject({ status: 201, json: spaced });
    expect((await ask({ ...coffee, transactedAt: 'yesterday' })).status).toBe(422);
    expect((await ask({ ...coffee, transactedAt: '2025-09-29 25:12:00' })).status).toBe(422);
    expect((await ask({ ...coffee, merchantName: ' ' })).status).toBe(422);
  });

  it('answers PocketC the placeholder that it knows', async () => {
    expect(await service.call('/ai/categories')).toMatchObject({ status: 200, json: 'categories' });
  });

  it('lists the stored purchases of the caller for PocketC, and of nobody else', async () => {
    const user = aUser();
    const row = anIngestedTransaction({
      description: '온누리약국',
      amountMinor: -5400,
      currency: 'KRW',
      country: 'KR',
    });
    await service.publish(TransactionsIngested, user.userId, { userId: user.userId, transactions: [row] });
    await told(user.userId, 1);
    const path = `/ai/categories/${user.userId}`;

    expect(await service.call(path, { as: user, method: 'POST' })).toMatchObject({
      status: 201,
      json: { transactions: [{ transactionId: row.transactionId, amount: 5400, majorId: 6, subId: 20 }] },
    });
    expect((await service.call(path, { method: 'POST' })).status).toBe(403);
  });

  it('answers Cash Sense with its ids', async () => {
    const reply = await service.call('/api/categorize_transaction', {
      method: 'POST',
      json: { description: 'CARREFOUR', amount: 52.3 },
    });

    expect(reply).toMatchObject({
      status: 200,
      json: { category: 'foodAndDrink', subcategory: 'groceries', model_version: loadArtifacts().version },
    });
  });

  it.each(['2026-11-05', '2026-11-05T10:00:00', '2026-11-05T10:00:00+01:00'])(
    'takes the day %s from a client of Cash Sense, and no nonsense in its place',
    async (date) => {
      const statusOf = async (given: string) =>
        (
          await service.call('/api/categorize_transaction', {
            method: 'POST',
            json: { description: 'CARREFOUR', amount: 52.3, date: given, payment_channel: 'in store' },
          })
        ).status;

      expect([await statusOf(date), await statusOf(`${date}x`)]).toEqual([200, 400]);
    },
  );
});
