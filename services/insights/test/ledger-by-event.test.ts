import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DailyMetricsUpdated, TransactionsCategorized, TransactionsRemoved } from '@orrery/contracts';
import type { CategorizedTransaction } from '@orrery/contracts';
import { aCategorizedTransaction, aDecision, aUser, eventually, startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { insights } from '../src/index.ts';
import { countDailyMetrics, metricKeyText } from '../src/domain/daily-metrics.ts';
import type { DailyMetric } from '../src/domain/daily-metrics.ts';
import { placeInZone } from '../src/domain/day-place.ts';
import { createDailyMetricsStore } from '../src/store/daily-metrics-store.ts';
import { idsOf, listAll } from './list-all.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(insights);
});

afterAll(async () => {
  await service.stop();
});

const categorize = (userId: string, ...transactions: CategorizedTransaction[]) =>
  service.publish(TransactionsCategorized, userId, { userId, transactions });

const remove = (userId: string, transactionId: string, rowVersion = 1) =>
  service.publish(TransactionsRemoved, userId, { userId, transactions: [{ transactionId, rowVersion }] });

/** Waits until the service has worked these events. */
const handled = (events: readonly { id: string }[]) =>
  eventually(
    () =>
      service.mongo
        .collection<{ _id: string }>('inbox')
        .countDocuments({ _id: { $in: events.map(({ id }) => `insights:${id}`) } }),
    (count) => count === events.length,
    { timeoutMs: 30_000 },
  );

const metricsOf = async (userId: string): Promise<DailyMetric[]> => {
  const metrics = await createDailyMetricsStore(service.mongo).between(userId, {
    from: '2000-01-01',
    to: '2100-01-01',
  });
  return metrics.sort((left, right) => (metricKeyText(left) < metricKeyText(right) ? -1 : 1));
};

const place = placeInZone('Europe/Paris');

const countedFrom = (transactions: readonly CategorizedTransaction[]): DailyMetric[] =>
  countDailyMetrics(transactions.map((transaction) => ({ transaction, ...place(transaction) }))).sort(
    (left, right) => (metricKeyText(left) < metricKeyText(right) ? -1 : 1),
  );

describe('the ledger by events', () => {
  it('shows a categorised transaction and tells which days of metrics changed', async () => {
    const user = aUser();
    const transaction = aCategorizedTransaction();
    await categorize(user.userId, transaction);

    const rows = await eventually(
      () => listAll(service, user),
      ({ length }) => length === 1,
    );

    expect(rows).toEqual([
      {
        id: transaction.transactionId,
        date: '2026-03-02',
        authorizedDate: null,
        description: 'CARREFOUR CITY PARIS 11',
        merchant: 'Carrefour',
        amount: { amount: '-12.34', currency: 'EUR' },
        category: {
          slug: 'groceries',
          name: 'Groceries',
          pfcPrimary: 'FOOD_AND_DRINK',
          pfcDetailed: 'FOOD_AND_DRINK_GROCERIES',
        },
        confidence: 0.97,
        decision: 'auto',
        source: 'merchant',
        pending: false,
        accountId: 'account-1',
      },
    ]);
    const events = await eventually(
      () => service.captured.of(DailyMetricsUpdated).filter(({ subject }) => subject === user.userId),
      ({ length }) => length === 1,
    );
    expect(events[0]?.data).toEqual({ userId: user.userId, days: ['2026-03-02'] });
  });

  it('enters a transaction once when its event is delivered twice, also under another event id', async () => {
    const user = aUser();
    const transaction = aCategorizedTransaction();
    const first = await categorize(user.userId, transaction);
    await service.publish(
      TransactionsCategorized,
      user.userId,
      { userId: user.userId, transactions: [transaction] },
      first,
    );
    const second = await categorize(user.userId, transaction, transaction);
    await handled([first, second]);

    expect(await listAll(service, user)).toHaveLength(1);
    expect(await metricsOf(user.userId)).toEqual(countedFrom([transaction]));
  });

  it('ends with the newest version when events arrive out of order', async () => {
    const user = aUser();
    const old = aCategorizedTransaction({ amountMinor: -5000 });
    const corrected = { ...old, decision: aDecision({ category: 'restaurants', decisionVersion: 2 }) };
    const changed = { ...corrected, rowVersion: 2, amountMinor: -4000, postedOn: '2026-03-05' };
    const newest = await categorize(user.userId, changed);
    await handled([newest]);
    const older = await Promise.all([categorize(user.userId, old), categorize(user.userId, corrected)]);
    await handled(older);

    expect(await listAll(service, user)).toMatchObject([
      { date: '2026-03-05', amount: { amount: '-40.00' }, category: { slug: 'restaurants' } },
    ]);
    expect(await metricsOf(user.userId)).toEqual(countedFrom([changed]));
  });

  it('keeps out a transaction whose removal arrives first, and takes out one that is there', async () => {
    const user = aUser();
    const [gone, there, stays] = [
      aCategorizedTransaction(),
      aCategorizedTransaction({ amountMinor: -9900 }),
      aCategorizedTransaction({ amountMinor: -700 }),
    ];
    const early = await remove(user.userId, gone.transactionId);
    await handled([early]);
    const arrival = await categorize(user.userId, gone, there, stays);
    await handled([arrival]);
    const removal = await remove(user.userId, there.transactionId);
    await handled([removal]);

    expect(idsOf(await listAll(service, user))).toEqual([stays.transactionId]);
    // The largest purchase of the day went, so the next one takes its place.
    expect(await metricsOf(user.userId)).toEqual(countedFrom([stays]));
  });

  it('counts a purchase on the day that people in its currency had, else on its posting day', async () => {
    const user = aUser();
    const at = { postedOn: '2026-03-02', occurredAt: '2026-03-02T16:30:00Z' };
    const entered = await categorize(
      user.userId,
      aCategorizedTransaction({ ...at, currency: 'KRW' }),
      aCategorizedTransaction({ ...at, currency: 'USD' }),
      aCategorizedTransaction({ ...at, currency: 'EUR' }),
    );
    await handled([entered]);

    expect(await metricsOf(user.userId)).toMatchObject([
      { day: '2026-03-02', currency: 'EUR', afternoonCount: 1 },
      {
        day: '2026-03-02',
        currency: 'USD',
        nightCount: 0,
        morningCount: 0,
        afternoonCount: 0,
        eveningCount: 0,
      },
      { day: '2026-03-03', currency: 'KRW', nightCount: 1 },
    ]);
  });

  it('keeps two users apart, even when they hold the same transaction id', async () => {
    const [one, other, stranger] = [aUser(), aUser(), aUser()];
    const transaction = aCategorizedTransaction();
    const sent = await Promise.all([
      categorize(one.userId, transaction),
      categorize(other.userId, { ...transaction, amountMinor: -1 }),
    ]);
    await handled(sent);
    const removal = await remove(other.userId, transaction.transactionId);
    await handled([removal]);

    expect(await listAll(service, one)).toMatchObject([{ amount: { amount: '-12.34' } }]);
    expect(await listAll(service, other)).toEqual([]);
    expect(await listAll(service, stranger)).toEqual([]);
  });

  it('counts every purchase when many events of one user are worked at once', async () => {
    const user = aUser();
    const transactions = Array.from({ length: 120 }, (_unused, index) =>
      aCategorizedTransaction({
        amountMinor: -100 - index,
        postedOn: index % 2 === 0 ? '2026-03-02' : '2026-03-03',
        occurredAt: `2026-03-0${index % 2 === 0 ? '2' : '3'}T${String(index % 14).padStart(2, '0')}:00:00Z`,
      }),
    );
    const batches = Array.from({ length: 12 }, (_unused, index) =>
      transactions.slice(index * 10, index * 10 + 10),
    );
    const sent = await Promise.all(batches.map((batch) => categorize(user.userId, ...batch)));
    await handled(sent);

    expect(await listAll(service, user)).toHaveLength(120);
    expect(await metricsOf(user.userId)).toEqual(countedFrom(transactions));
  });
});
