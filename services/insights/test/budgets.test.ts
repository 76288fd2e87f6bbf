import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BudgetThresholdReached, DailyMetricsUpdated, TransactionsCategorized } from '@orrery/contracts';
import type { CategorizedTransaction } from '@orrery/contracts';
import { aCategorizedTransaction, aDecision, aUser, eventually, startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { insights } from '../src/index.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(insights);
});

afterAll(async () => {
  await service.stop();
});

type User = ReturnType<typeof aUser>;

const spend = (
  amountMinor: number,
  postedOn = '2026-03-10',
  category: string | null = 'groceries',
): CategorizedTransaction =>
  aCategorizedTransaction({ postedOn, amountMinor, decision: aDecision({ category }) });

const enter = async (user: User, transactions: CategorizedTransaction[]): Promise<void> => {
  await service.publish(TransactionsCategorized, user.userId, { userId: user.userId, transactions });
  const ids = transactions.map(({ transactionId }) => `${user.userId}:${transactionId}`);
  await eventually(
    () => service.mongo.collection<{ _id: string }>('ledger').countDocuments({ _id: { $in: ids } }),
    (count) => count === ids.length,
  );
};

const setGoal = (user: User, json: Record<string, unknown>) =>
  service.call('/api/set_budget_goal', { method: 'POST', as: user, json });

const summary = async (user: User, query = '') =>
  (await service.call(`/api/budget_summary${query}`, { as: user })).json;

const told = (user: User): number[] =>
  service.captured
    .of(BudgetThresholdReached)
    .filter(({ data }) => data.userId === user.userId)
    .map(({ data }) => data.thresholdPercent);

describe('goals of Cash Sense', () => {
  it('warn at 85 %, are exceeded above the goal, and tell each threshold once', async () => {
    const user = aUser();
    const set = await setGoal(user, { category: 'foodAndDrink', amount: 400, period: 'monthly' });
    expect(set).toMatchObject({
      status: 200,
      json: {
        success: true,
        goal: { category: 'foodAndDrink', amount: 400, period: 'monthly', start: '2026-03' },
      },
    });

    await enter(user, [spend(-34_000), spend(250_000, '2026-03-01', 'salary'), spend(-9_900, '2026-02-27')]);
    await eventually(() => told(user).length === 1);
    expect(await summary(user, '?month=2026-03')).toMatchObject({
      month: '2026-03',
      currency: 'EUR',
      total: { budget: 400, spent: 340, remaining: 60, percent: 85 },
      categories: [
        {
          category: 'foodAndDrink',
          name: 'Nourriture et Boissons',
          spent: 340,
          percent: 85,
          status: 'warning',
        },
      ],
    });

    await enter(user, [spend(-6_000)]);
    await enter(user, [spend(-100)]);
    await enter(user, [spend(-100), spend(-50_000, '2026-03-11', 'own-transfers-out')]);
    await eventually(() => told(user).length === 2);
    expect(await summary(user)).toMatchObject({
      categories: [{ spent: 402, remaining: -2, percent: 100.5, status: 'exceeded' }],
    });
    expect(told(user)).toEqual([80, 100]);
  });

  it('tell at once when spending is there before the goal, and not again when the goal is set again', async () => {
    const user = aUser();
    await enter(user, [spend(-39_000)]);
    await setGoal(user, { category: 'total', amount: 400, period: 'monthly' });
    await eventually(() => told(user).length === 1);
    await setGoal(user, { category: 'total', amount: 410, period: 'monthly' });

    expect(await summary(user)).toMatchObject({
      total: { budget: 410, spent: 390, remaining: 20, percent: 95.1 },
      categories: [],
    });
    expect(told(user)).toEqual([80]);
  });

  it('tell each share once per period, however rows change, move, go, come back and come late', async () => {
    const user = aUser();
    const toldOf = (): string[] =>
      service.captured
        .of(BudgetThresholdReached)
        .filter(({ data }) => data.userId === user.userId)
        .map(({ data }) => `${data.periodFrom} ${String(data.thresholdPercent)}`);
    /** Waits until the service has looked at the budgets after each change of days. */
    const looked = async (changes: number): Promise<void> => {
      await eventually(async () => {
        const ids = service.captured
          .of(DailyMetricsUpdated)
          .filter(({ data }) => data.userId === user.userId)
          .map(({ id }) => `insights:${id}`);
        const worked = await service.mongo
          .collection<{ _id: string }>('inbox')
          .countDocuments({ _id: { $in: ids } });
        return ids.length === changes && worked === changes;
      });
    };
    const tell = (row: CategorizedTransaction) =>
      service.publish(TransactionsCategorized, user.userId, { userId: user.userId, transactions: [row] });
    await setGoal(user, { category: 'foodAndDrink', amount: 100, period: 'monthly' });

    const row = spend(-9000);
    const decided = (category: string, decisionVersion: number) => ({
      decision: aDecision({ category, decisionVersion }),
    });
    const steps: CategorizedTransaction[] = [
      row,
      { ...row, rowVersion: 2, amountMinor: -1000 },
      { ...row, rowVersion: 3, amountMinor: -9500 },
      { ...row, rowVersion: 3, amountMinor: -9500, ...decided('fuel', 2) },
      { ...row, rowVersion: 3, amountMinor: -9500, ...decided('groceries', 3) },
      { ...row, rowVersion: 4, amountMinor: -9500, postedOn: '2026-02-20', ...decided('groceries', 3) },
      spend(-600, '2026-02-28'),
      spend(-60_000, '2025-12-20'),
    ];
    for (const [index, step] of steps.entries()) {
      await tell(step);
      await looked(index + 1);
    }
    expect(toldOf()).toEqual(['2026-03-01 80', '2026-02-01 80', '2026-02-01 100']);

    const removed = await service.call('/v1/budgets/cash-sense-foodAndDrink-monthly', {
      method: 'DELETE',
      as: user,
    });
    expect(removed.status).toBe(204);
    await tell(spend(-90_000));
    await looked(steps.length + 1);
    expect(toldOf()).toHaveLength(3);
  });

  it('tell the shares of a week that spans the end of a year once', async () => {
    const user = aUser();
    await setGoal(user, { category: 'total', amount: 100, period: 'weekly' });
    await enter(user, [spend(-3000, '2026-03-15'), spend(-8500, '2026-03-16'), spend(-1600, '2026-03-22')]);
    await eventually(() => told(user).length === 2);

    const weekly = await service.call('/v1/budgets?day=2026-01-02', { as: user });
    expect(weekly.json).toMatchObject({ data: [{ from: '2025-12-29', to: '2026-01-04' }] });
    expect((await service.call('/v1/budgets', { as: user })).json).toMatchObject({
      data: [{ from: '2026-03-16', to: '2026-03-22', spent: { amount: '101.00' } }],
    });
    expect(told(user)).toEqual([80, 100]);
  });

  it('answer zeros without goals', async () => {
    expect(await summary(aUser(), '?month=2025-06')).toEqual({
      month: '2025-06',
      currency: 'EUR',
      total: { budget: 0, spent: 0, remaining: 0, percent: 0 },
      categories: [],
    });
  });

  it('refuse an unknown category and an amount that is not above zero', async () => {
    const user = aUser();
    expect((await setGoal(user, { category: 'yachts', amount: 5, period: 'monthly' })).status).toBe(400);
    expect((await setGoal(user, { category: 'total', amount: 0, period: 'monthly' })).status).toBe(400);
    expect((await setGoal(user, { category: 'total', amount: 0.001, period: 'monthly' })).status).toBe(400);
    expect((await service.call('/api/budget_summary?month=2025-13', { as: user })).status).toBe(400);
  });
});

describe('/v1/budgets', () => {
  const set = (user: User, json: Record<string, unknown>) =>
    service.call('/v1/budgets', { method: 'POST', as: user, json });

  it('carry over what is left, cover the leaves of a group and project by earlier months', async () => {
    const user = aUser();
    await enter(user, [
      spend(-10_000, '2026-01-05'),
      spend(-5_000, '2026-01-20'),
      spend(-20_000, '2026-02-05'),
      spend(-7_000, '2026-02-20', 'coffee'),
      spend(-4_000, '2026-03-05'),
    ]);
    const reply = await set(user, {
      category: 'food-and-drink',
      amount: { amount: '200.00', currency: 'EUR' },
      start: '2026-01-01',
      rollover: true,
    });
    expect(reply).toMatchObject({ status: 201, json: { id: 'orrery-food-and-drink-monthly' } });

    const list = await service.call('/v1/budgets', { as: user });
    expect(list.json).toMatchObject({
      data: [
        {
          from: '2026-03-01',
          to: '2026-03-31',
          carriedOver: { amount: '0.00' },
          limit: { amount: '200.00', currency: 'EUR' },
          spent: { amount: '40.00' },
          percent: 20,
          status: 'ok',
          projected: { amount: '110.00' },
        },
      ],
    });
    const february = await service.call('/v1/budgets?day=2026-02-11', { as: user });
    expect(february.json).toMatchObject({
      data: [{ carriedOver: { amount: '50.00' }, limit: { amount: '250.00' }, status: 'exceeded' }],
    });
    expect((await service.call('/v1/budgets?day=2025-12-11', { as: user })).json).toMatchObject({ data: [] });
  });

  it('are seen and removed by their owner only, and refuse what is no category', async () => {
    const user = aUser();
    await set(user, { category: 'total', amount: { amount: '50', currency: 'EUR' }, period: 'weekly' });

    expect((await service.call('/v1/budgets', { as: aUser() })).json).toMatchObject({ data: [] });
    const removal = { method: 'DELETE' };
    expect((await service.call('/v1/budgets/total-weekly', { ...removal, as: aUser() })).status).toBe(404);
    expect((await service.call('/v1/budgets/total-weekly', { ...removal, as: user })).status).toBe(204);
    expect((await service.call('/v1/budgets/total-weekly', { ...removal, as: user })).status).toBe(404);
    expect((await set(user, { category: 'yachts', amount: { amount: '5', currency: 'EUR' } })).status).toBe(
      422,
    );
    expect((await set(user, { category: 'total', amount: { amount: '-5', currency: 'EUR' } })).status).toBe(
      422,
    );
  });
});
