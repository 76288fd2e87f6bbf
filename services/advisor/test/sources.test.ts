import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AnomalyDetected,
  BudgetThresholdReached,
  DailyMetricsUpdated,
  RecurringChanged,
  ForecastShortfallExpected,
  UserErasureRequested,
  UserSegmentAssigned,
} from '@orrery/contracts';
import { aUser, eventually } from '@orrery/testing';
import { MongoClient } from 'mongodb';
import { openMainBackend } from '../src/clients/main-backend.ts';
import { openFormerAdvice } from '../src/clients/former-advice.ts';
import { createSignalStore } from '../src/store/signal-store.ts';
import { openAdvisor, type LedgerRow, type TestAdvisor } from './open-advisor.ts';

let service: TestAdvisor;

beforeAll(async () => {
  service = await openAdvisor({ env: { MAIN_BACKEND_INDEXES: 'on' } });
  service.ledger.rows.push(...LEDGER);
}, 60_000);
afterAll(async () => {
  await service.stop();
});

const row = (
  date: string,
  merchant: string,
  amount: string,
  slug: string | null,
  currency = 'EUR',
): LedgerRow => ({
  date,
  description: merchant.toUpperCase(),
  merchant,
  amount: { amount, currency },
  category: slug === null ? null : { slug, name: slug },
});

const LEDGER: readonly LedgerRow[] = [
  row('2026-05-18', 'Bistro', '-40.50', 'restaurants'),
  row('2026-05-17', 'Bistro', '10.00', 'restaurants'),
  row('2026-05-12', 'Savings bank', '-500.00', 'savings-out'),
  row('2026-05-10', 'Lidl', '-80.00', 'groceries'),
  row('2026-05-09', 'Dollar shop', '-9.00', 'groceries', 'USD'),
  row('2026-05-02', 'Employer', '2000.00', 'salary'),
  row('2026-05-02', 'Mystery', '-5.00', null),
  row('2026-04-20', 'Bistro', '-100.00', 'restaurants'),
];
const eur = (amount: string) => ({ amount, currency: 'EUR' });

describe('users whom the main back end does not know', () => {
  it('get their figures from the ledger: refunds reduce spending, own transfers and other currencies stay out', async () => {
    const { status, json } = await service.call('/v1/summary', { as: aUser() });

    expect(status).toBe(200);
    expect(json).toMatchObject({
      source: 'ledger',
      currency: 'EUR',
      income: eur('2000.00'),
      expenses: eur('115.50'),
      afterDebts: eur('1884.50'),
      previousMonth: { expenses: eur('100.00') },
      household: null,
    });
    expect(service.ledger.queries[0]?.get('from')).toBe('2026-04-01');
    expect(service.ledger.queries[0]?.get('to')).toBe('2026-05-31');
  });

  it('answer 503 while insights cannot be reached, never as if there were nothing', async () => {
    const alone = await openAdvisor({ insights: 'http://127.0.0.1:9' });
    try {
      expect((await alone.as('nobody', '/v1/summary')).status).toBe(503);
      expect((await alone.as('rowan', '/v1/summary')).status).toBe(200);
    } finally {
      await alone.stop();
    }
  }, 30_000);

  it('are advised at night once their ledger was heard of', async () => {
    const userId = 'f'.repeat(24);
    await service.publish(DailyMetricsUpdated, userId, { userId, days: ['2026-05-18'] });
    await eventually(
      () => service.mongo.collection('ledger_users').countDocuments({ _id: userId } as object),
      (known) => known === 1,
    );
    await service.as('boss', '/admin/run-analysis', { method: 'POST' });

    const { json } = await eventually(
      () => service.call('/suggestions', { as: aUser({ userId }) }),
      (reply) => (reply.json as { suggestions: unknown[] }).suggestions.length === 3,
    );

    expect(JSON.stringify(json)).toContain('€');
  });
});

describe('what other services tell', () => {
  const userId = 'e'.repeat(24);
  const told = async (kind: string) =>
    service.mongo.collection('signals').find({ userId, 'signal.kind': kind }).toArray();

  it('becomes advice once, also when it is told twice', async () => {
    const money = (amountMinor: number) => ({ amountMinor, currency: 'EUR' });
    const budget = {
      userId,
      budgetId: 'b1',
      category: 'groceries',
      thresholdPercent: 90,
      periodFrom: '2026-05-01',
      periodTo: '2026-05-31',
      limit: money(10_000),
      spent: money(9_100),
    };
    const first = await service.publish(BudgetThresholdReached, userId, budget);
    await service.publish(BudgetThresholdReached, userId, budget, { id: first.id });
    await service.publish(AnomalyDetected, userId, {
      userId,
      transactionId: 't1',
      kind: 'large',
      score: 0.9,
      reason: 'r',
      merchant: 'Shop',
      date: '2026-05-18',
      amount: money(-45_000),
    });
    await service.publish(RecurringChanged, userId, {
      userId,
      changes: [
        {
          streamId: 's1',
          change: 'price-rose',
          merchant: 'Gym',
          amount: money(-3_500),
          previous: money(-3_000),
          nextDate: null,
        },
        { streamId: 's2', change: 'ended', merchant: 'Old', amount: money(-100), nextDate: null },
      ],
    });
    await service.publish(ForecastShortfallExpected, userId, {
      userId,
      date: '2026-05-28',
      lowest: money(-1_200),
      probabilityBelowZero: 0.7,
      computedAt: '2026-05-20T00:00:00.000Z',
    });
    const signals = createSignalStore(service.mongo);
    const kept = await eventually(
      async () => (await signals.ofUsers([userId])).get(userId) ?? [],
      (all) => all.length === 4,
    );

    expect(await told('budget-nearly-used')).toHaveLength(1);
    await service.call('/suggestions/generate', { method: 'POST', as: aUser({ userId }) });
    const { json } = await eventually(
      () => service.call('/suggestions', { as: aUser({ userId }) }),
      (reply) => (reply.json as { suggestions: unknown[] }).suggestions.length === 3,
    );
    expect(JSON.stringify(json)).toContain('The payment of €450.00 to Shop on 18 May 2026 is unusual');
    expect(kept.map(({ kind }) => kind).sort()).toEqual([
      'budget-nearly-used',
      'price-rose',
      'shortfall-ahead',
      'unusual-payment',
    ]);
  });

  it('is ignored when an older assignment to a segment comes late', async () => {
    const assigned = (rowVersion: number, en: string) => ({
      userId,
      model: 'spending' as const,
      modelVersion: 1,
      segmentId: 'seg',
      names: { en, fr: en, ko: en },
      topCategories: ['restaurants', 'groceries'],
      rowVersion,
    });
    await service.publish(UserSegmentAssigned, userId, assigned(2, 'Diners'));
    await eventually(
      () => told('segment-habit'),
      (rows) => rows.length === 1,
    );
    await service.publish(UserSegmentAssigned, userId, assigned(1, 'Savers'));
    // Published after it, so when this one was handled the late one was too.
    const marker = 'd'.repeat(24);
    await service.publish(UserSegmentAssigned, marker, { ...assigned(1, 'Marker'), userId: marker });
    await eventually(
      () => service.mongo.collection('signals').countDocuments({ userId: marker }),
      (handled) => handled === 1,
    );

    expect((await told('segment-habit'))[0]?.['signal']).toMatchObject({ segment: 'Diners' });
  });
});

describe("the main back end's own collections", () => {
  it('are only read: a listener sees no write to them in reports, nightly work, dashboards and erasure', async () => {
    const reads = new Set([
      'find',
      'aggregate',
      'getMore',
      'listCollections',
      'hello',
      'endSessions',
      'ping',
    ]);
    const own = new Set(['suggestions', 'admin_alerts', 'optimization_reports', 'calculator_tips']);
    const offences: string[] = [];
    const seen: string[] = [];
    const uri = process.env['TEST_MONGODB_URI'] ?? '';
    const main = openMainBackend({
      uri,
      databaseName: service.main.databaseName,
      clientOptions: { monitorCommands: true },
    });
    main.client.on('commandStarted', ({ commandName, command, databaseName }) => {
      const collection = String(command[commandName]);
      seen.push(commandName);
      if (databaseName === service.main.databaseName && !reads.has(commandName) && !own.has(collection)) {
        offences.push(`${commandName} ${collection}`);
      }
    });
    const days = { from: new Date('2026-04-01'), before: new Date('2026-06-01') };
    const ids = await main.records.listAdvisedUsers(undefined, 100);
    await main.records.readRecords(ids, days);
    await main.calculations(ids[0] ?? '');
    const former = openFormerAdvice(main.db);
    await former.suggestionsOf(ids[0] ?? '');
    await former.listAlerts({});
    await former.erase('d'.repeat(24));
    await main.close();

    expect(seen).toEqual(expect.arrayContaining(['find', 'delete']));
    expect(offences).toEqual([]);
  });

  it('keep every document as it is through all of the work', async () => {
    const client = await new MongoClient(process.env['TEST_MONGODB_URI'] ?? '').connect();
    const snapshot = async () => {
      const db = client.db(service.main.databaseName);
      const names = (await db.listCollections({}, { nameOnly: true }).toArray())
        .map(({ name }) => name)
        .sort();
      return Promise.all(
        names.map(async (name) => [name, await db.collection(name).find().sort({ _id: 1 }).toArray()]),
      );
    };
    const before = await snapshot();
    for (const path of [
      '/feedback/optimize-expenses',
      '/feedback/optimize-debt',
      '/calculator/tips',
      '/suggestions',
    ]) {
      await service.as('rowan', path);
    }
    await service.as('boss', '/admin/run-analysis', { method: 'POST' });
    await service.as('boss', `/admin/user-dashboard/${service.people.rowan._id.toHexString()}`);

    const after = await snapshot();
    await client.close();

    expect(after).toEqual(before);
  });

  it('can be indexed by user without a unique index, and are read by it', async () => {
    const indexes = await eventually(
      () => service.main.collection('expenses').indexes(),
      (all) => all.length > 1,
    );
    const plan = await service.main
      .collection('expenses')
      .find({ userId: service.people.rowan._id, isDeleted: false })
      .explain('queryPlanner');

    expect(indexes.filter(({ unique }) => unique === true)).toEqual([]);
    expect(JSON.stringify(plan)).toContain('IXSCAN');
    expect(JSON.stringify(plan)).not.toContain('COLLSCAN');
  });
});

describe('erasure', () => {
  it("takes everything about a user, the former service's rows included, and nothing of others", async () => {
    const userId = service.people.karl._id.toHexString();
    for (const collection of ['suggestions', 'admin_alerts', 'optimization_reports', 'calculator_tips']) {
      await service.main.collection(collection).insertMany([
        { userId: service.people.karl._id, createdAt: new Date() },
        { userId: service.people.mina._id, createdAt: new Date() },
      ]);
    }
    await service.as('karl', '/feedback/optimize-budget');
    await service.publish(UserErasureRequested, userId, {
      userId,
      erasureId: 'er-1',
      round: 1,
      requestedAt: new Date().toISOString(),
    });

    await eventually(
      () => service.mongo.collection('reports').countDocuments({ userId }),
      (left) => left === 0,
    );
    for (const collection of ['suggestions', 'admin_alerts', 'optimization_reports', 'calculator_tips']) {
      expect(
        await service.main.collection(collection).countDocuments({ userId: service.people.karl._id }),
      ).toBe(0);
      expect(
        await service.main.collection(collection).countDocuments({ userId: service.people.mina._id }),
      ).toBe(1);
    }
  });
});

describe('isolation', () => {
  it.each(['/suggestions', '/calculator/tips', '/feedback/optimize-expenses', '/v1/summary'])(
    'shows nothing of another user on %s, whatever is asked along',
    async (path) => {
      const rowan = service.people.rowan._id.toHexString();
      const own = await service.as('ines', path);
      const asked = await service.as('ines', `${path}?userId=${rowan}&user_id=${rowan}`, {
        headers: { 'x-user-id': rowan },
      });

      expect([200, 422]).toContain(asked.status);
      expect(asked.status === 200 ? asked.json : own.json).toEqual(own.json);
      expect(own.text).not.toContain('Rowan');
    },
  );

  it.each(['/suggestions', '/calculator/tips', '/feedback/optimize-debt', '/v1/summary'])(
    'refuses %s without a signed call',
    async (path) => {
      expect((await service.call(path, { as: null })).status).toBe(401);
    },
  );
});
