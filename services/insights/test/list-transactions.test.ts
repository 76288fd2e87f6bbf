import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays } from '@orrery/calendar';
import { TransactionsCategorized } from '@orrery/contracts';
import type { CategorizedTransaction } from '@orrery/contracts';
import { aCategorizedTransaction, aDecision, aUser, eventually, startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { z } from 'zod';
import { insights } from '../src/index.ts';
import { idsOf, listAll, listPage } from './list-all.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(insights);
});

afterAll(async () => {
  await service.stop();
});

const enter = async (userId: string, transactions: CategorizedTransaction[]): Promise<void> => {
  for (let start = 0; start < transactions.length; start += 200) {
    await service.publish(TransactionsCategorized, userId, {
      userId,
      transactions: transactions.slice(start, start + 200),
    });
  }
  const ids = transactions.map(({ transactionId }) => `${userId}:${transactionId}`);
  await eventually(
    () => service.mongo.collection<{ _id: string }>('ledger').countDocuments({ _id: { $in: ids } }),
    (count) => count === ids.length,
    { timeoutMs: 30_000 },
  );
};

const row = (day: number, fields: Partial<CategorizedTransaction> = {}): CategorizedTransaction =>
  aCategorizedTransaction({ postedOn: addDays('2026-01-01', day), ...fields });

describe('GET /v1/transactions', () => {
  it('pages newest first without a gap or a repeat while rows are inserted between pages', async () => {
    const user = aUser();
    const rows = Array.from({ length: 25 }, (_unused, index) => row(Math.floor(index / 3)));
    await enter(user.userId, rows);

    const first = await listPage(service, user, { limit: '10' });
    await enter(user.userId, [row(30), row(0), row(5)]);
    const later: string[] = [];
    let cursor = first.page.nextCursor;
    while (cursor !== null) {
      const page = await listPage(service, user, { limit: '10', cursor });
      later.push(...idsOf(page.data));
      cursor = page.page.nextCursor;
    }

    const seen = [...idsOf(first.data), ...later];
    expect(new Set(seen).size).toBe(seen.length);
    expect(rows.every(({ transactionId }) => seen.includes(transactionId))).toBe(true);
    const days = (await listAll(service, user)).map((each) => String(each['date']));
    expect(days).toEqual([...days].sort().reverse());
    expect(days).toHaveLength(28);
  });

  it('filters by inclusive days, category, group, unknown and account, together', async () => {
    const user = aUser();
    const rows = {
      groceries: row(0),
      restaurant: row(1, { decision: aDecision({ category: 'restaurants' }) }),
      unknown: row(2, {
        decision: aDecision({ category: null, decision: 'none', source: 'none', merchant: null }),
      }),
      other: row(3, { accountId: 'account-2' }),
    };
    await enter(user.userId, Object.values(rows));
    const listed = async (query: Record<string, string>) => idsOf(await listAll(service, user, query));

    expect(await listed({ from: '2026-01-02', to: '2026-01-03' })).toEqual([
      rows.unknown.transactionId,
      rows.restaurant.transactionId,
    ]);
    expect(await listed({ category: 'restaurants' })).toEqual([rows.restaurant.transactionId]);
    expect(await listed({ category: 'food-and-drink' })).toEqual([
      rows.other.transactionId,
      rows.restaurant.transactionId,
      rows.groceries.transactionId,
    ]);
    expect(await listed({ category: 'uncategorised' })).toEqual([rows.unknown.transactionId]);
    expect(await listed({ account: 'account-2' })).toEqual([rows.other.transactionId]);
    expect(await listed({ account: 'account-2', to: '2026-01-03' })).toEqual([]);
    expect((await listPage(service, user, { category: 'uncategorised' })).data[0]?.['category']).toBeNull();
  });

  it('finds a literal part of description or merchant whatever its case, accents composed or not', async () => {
    const user = aUser();
    const rows = {
      cafe: row(0, { description: 'CB CAFÉ DE L’ÉTÉ (75)', decision: aDecision({ merchant: null }) }),
      korean: row(1, {
        description: '스타벅스 강남점'.normalize('NFD'),
        decision: aDecision({ merchant: 'Starbucks' }),
      }),
      dots: row(2, { description: 'A.B*C', decision: aDecision({ merchant: null }) }),
    };
    await enter(user.userId, Object.values(rows));
    const found = async (q: string) => idsOf(await listAll(service, user, { q, limit: '1' }));

    expect(await found('café')).toEqual([rows.cafe.transactionId]);
    expect(await found('(75)')).toEqual([rows.cafe.transactionId]);
    expect(await found('강남')).toEqual([rows.korean.transactionId]);
    expect(await found('STARB')).toEqual([rows.korean.transactionId]);
    expect(await found('.b*')).toEqual([rows.dots.transactionId]);
    expect(await found('.*')).toEqual([]);
  });

  it('names categories in the language that the caller asks for', async () => {
    const user = aUser();
    await enter(user.userId, [row(0)]);

    const reply = await service.call('/v1/transactions', {
      as: user,
      headers: { 'accept-language': 'fr-FR' },
    });

    expect(reply.json).toMatchObject({ data: [{ category: { slug: 'groceries', name: 'Courses' } }] });
  });

  it('refuses what makes no sense and says which field', async () => {
    const user = aUser();
    const refused = async (query: string) => {
      const { status, json } = await service.call(`/v1/transactions?${query}`, { as: user });
      return { status, json };
    };

    expect(await refused('limit=501')).toMatchObject({ status: 422, json: { errors: [{ field: 'limit' }] } });
    expect(await refused('from=2026-02-30')).toMatchObject({
      status: 422,
      json: { errors: [{ field: 'from' }] },
    });
    expect(await refused('from=2026-02-02&to=2026-02-01')).toMatchObject({
      json: { errors: [{ field: 'to' }] },
    });
    expect(await refused('category=nothing')).toMatchObject({
      status: 422,
      json: { errors: [{ field: 'category' }] },
    });
    expect(await refused('cursor=abc')).toMatchObject({
      status: 422,
      json: { errors: [{ field: 'cursor' }] },
    });
    expect((await service.call('/v1/transactions', { as: null })).status).toBe(401);
  });

  it('reads every filter from an index and never scans the collection', async () => {
    const user = aUser();
    await enter(
      user.userId,
      Array.from({ length: 30 }, (_unused, index) => row(index)),
    );
    const ledger = service.mongo.collection<{ _id: string }>('ledger');
    const day = { $gte: '2026-01-05', $lte: '2026-01-20' };
    const Plan = z.object({ queryPlanner: z.object({ winningPlan: z.unknown() }) });
    for (const filter of [
      { userId: user.userId, postedOn: day },
      { userId: user.userId, category: 'groceries', postedOn: day },
      { userId: user.userId, accountId: 'account-1', postedOn: day },
      {
        userId: user.userId,
        postedOn: day,
        $or: [{ postedOn: { $lt: '2026-01-20' } }, { postedOn: '2026-01-20', _id: { $lt: 'x' } }],
      },
    ]) {
      const explained = await ledger
        .find(filter)
        .sort({ postedOn: -1, _id: -1 })
        .limit(11)
        .explain('queryPlanner');
      const plan = JSON.stringify(Plan.parse(explained).queryPlanner.winningPlan);

      expect(plan).toContain('IXSCAN');
      expect(plan).not.toContain('COLLSCAN');
    }
  });
});
