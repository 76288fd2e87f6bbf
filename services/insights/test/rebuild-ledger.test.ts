import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays } from '@orrery/calendar';
import { TransactionsCategorized, TransactionsRemoved } from '@orrery/contracts';
import type { CategorizedTransaction } from '@orrery/contracts';
import { aCategorizedTransaction, aDecision, aUser, eventually, startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { insights } from '../src/index.ts';
import { packLedgerRows } from '../src/migrations/pack-ledger-rows.ts';

/** What categorisation knows, by user; removed transactions have a version only. */
interface Source {
  transactions: CategorizedTransaction[];
  removed: { transactionId: string; rowVersion: number }[];
}

let service: TestService;
let categorisation: Server;
const sources = new Map<string, Source>();
/** Users whose rows it cannot tell. */
const unreadable = new Set<string>();
const PAGE = 7;

beforeAll(async () => {
  categorisation = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://categorization');
    response.setHeader('content-type', 'application/json');
    if (pathname === '/internal/categorized-users') {
      response.end(JSON.stringify({ users: [...sources.keys()].sort(), next: null }));
      return;
    }
    const userId = pathname.split('/')[3] ?? '';
    if (unreadable.has(userId)) {
      response.writeHead(500).end('{}');
      return;
    }
    const { transactions = [], removed = [] } = sources.get(userId) ?? {};
    const all = [...transactions, ...removed]
      .sort((left, right) => (left.transactionId < right.transactionId ? -1 : 1))
      .filter(({ transactionId }) => transactionId > (searchParams.get('after') ?? ''));
    const page = all.slice(0, PAGE);
    response.end(
      JSON.stringify({
        transactions: page.filter((each) => 'decision' in each),
        removed: page.filter((each) => !('decision' in each)),
        next: all.length > PAGE ? page.at(-1)?.transactionId : null,
      }),
    );
  });
  await new Promise<void>((resolve) => categorisation.listen(0, '127.0.0.1', resolve));
  const { port } = categorisation.address() as AddressInfo;
  service = await startTestService(insights, {
    addresses: { categorization: `http://127.0.0.1:${String(port)}` },
  });
});

afterAll(async () => {
  await service.stop();
  categorisation.close();
});

const COLLECTIONS = ['ledger', 'daily_metrics', 'ledger_bundles'] as const;

/** What is kept of a user; bundles count by what they hold, because their ids are made up. */
const stateOf = async (userId: string) => {
  const [rows, metrics, bundles] = await Promise.all(
    COLLECTIONS.map((name) => service.mongo.collection(name).find({ userId }).sort({ _id: 1 }).toArray()),
  );
  return {
    rows: rows?.map(({ bundleId, ...row }) => ({ ...row, isPacked: bundleId !== undefined })),
    metrics,
    packed: bundles
      ?.flatMap(({ rows: packed }) => JSON.parse(String(packed)) as [string][])
      .sort(([left], [right]) => (left < right ? -1 : 1)),
  };
};

const settled = async (published: Promise<{ id: string }>[]): Promise<void> => {
  const ids = (await Promise.all(published)).map(({ id }) => `insights:${id}`);
  const inbox = service.mongo.collection<{ _id: string }>('inbox');
  await eventually(
    () => inbox.countDocuments({ _id: { $in: ids } }),
    (count) => count === ids.length,
  );
};

const CATEGORIES = ['groceries', 'restaurants', null, 'salary'];

/** A user with corrections, changes and removals, told in an awkward order and partly twice. */
const userWithHistory = async () => {
  const user = aUser();
  const { userId } = user;
  const first = Array.from({ length: 40 }, (_unused, index) =>
    aCategorizedTransaction({
      transactionId: `t-${String(index).padStart(3, '0')}`,
      postedOn: addDays('2026-01-03', index * 2),
      amountMinor: index % 9 === 0 ? 5_000 : -100 - index,
      decision: aDecision({ category: CATEGORIES[index % 4] ?? null, decisionVersion: 1 }),
    }),
  );
  const corrected = first.slice(5, 12).map((row) => ({
    ...row,
    decision: aDecision({ category: 'coffee', decisionVersion: 2 }),
  }));
  const changed = first.slice(20, 25).map((row) => ({
    ...row,
    rowVersion: 2,
    amountMinor: -9_999,
    postedOn: addDays(row.postedOn, 40),
  }));
  const removed = first.slice(30, 35).map(({ transactionId }) => ({ transactionId, rowVersion: 1 }));
  const tell = (transactions: CategorizedTransaction[]) =>
    service.publish(TransactionsCategorized, userId, { userId, transactions });
  await settled([
    tell(corrected),
    service.publish(TransactionsRemoved, userId, { userId, transactions: removed }),
    tell(first),
    tell(changed),
    tell(first),
  ]);
  const latest = new Map([...first, ...corrected, ...changed].map((row) => [row.transactionId, row]));
  removed.forEach(({ transactionId }) => latest.delete(transactionId));
  sources.set(userId, { transactions: [...latest.values()], removed });
  return user;
};

const RIGHT = { corrected: 0, removed: 0, repacked: 0, metrics: 0 };

describe('the rebuild of the ledger', () => {
  it('changes nothing in a ledger that events made: it is equal to a rebuild', async () => {
    const { userId } = await userWithHistory();
    const before = await stateOf(userId);

    expect(await service.runJob('rebuild-ledger', { userId })).toEqual({ users: 1, rows: 35, ...RIGHT });
    expect(await stateOf(userId)).toEqual(before);
  });

  it('brings back everything that was damaged, lost or made up', async () => {
    const { userId } = await userWithHistory();
    const before = await stateOf(userId);
    const [ledger, metrics, bundles] = COLLECTIONS.map((name) =>
      service.mongo.collection<{ _id: string }>(name),
    );
    await ledger?.updateOne({ _id: `${userId}:t-001` }, { $set: { amountMinor: -1, category: 'rent' } });
    await ledger?.deleteMany({ _id: { $in: [`${userId}:t-002`, `${userId}:t-003`] } });
    const copied = await ledger?.findOne({ _id: `${userId}:t-004` });
    await ledger?.insertOne({ ...copied, _id: `${userId}:made-up`, transactionId: 'made-up' } as never);
    await metrics?.deleteOne({ userId, day: '2026-01-05' } as never);
    await bundles?.deleteOne({ userId, month: '2026-02' } as never);

    const result = await service.runJob('rebuild-ledger', { userId });

    expect(result).toMatchObject({ users: 1, rows: 35, corrected: 3, removed: 1 });
    const after = await stateOf(userId);
    const mark = { _id: `${userId}:made-up`, removedVersion: 0, isPacked: false };
    expect(after.rows?.filter(({ _id }) => String(_id) === mark._id)).toMatchObject([mark]);
    expect({ ...after, rows: after.rows?.filter(({ _id }) => String(_id) !== mark._id) }).toEqual(before);
    expect(await service.runJob('rebuild-ledger', { userId })).toMatchObject(RIGHT);
  });

  it('makes the whole ledger of everybody from nothing, and empties what the source no longer has', async () => {
    const [one, other, gone] = [await userWithHistory(), await userWithHistory(), await userWithHistory()];
    const before = await Promise.all([one, other].map(({ userId }) => stateOf(userId)));
    for (const name of COLLECTIONS) {
      await service.mongo.collection(name).deleteMany({ userId: one.userId });
    }
    sources.set(gone.userId, { transactions: [], removed: [] });

    const result = await service.runJob('rebuild-ledger');

    expect(result).toMatchObject({ corrected: 35, removed: 35 });
    const after = await Promise.all([one, other].map(({ userId }) => stateOf(userId)));
    expect(after.map(({ metrics, packed }) => ({ metrics, packed }))).toEqual(
      before.map(({ metrics, packed }) => ({ metrics, packed })),
    );
    const { metrics, packed } = await stateOf(gone.userId);
    expect([metrics, packed]).toEqual([[], []]);
  });

  it('keeps a row that is newer than what the source told', async () => {
    const { userId } = await userWithHistory();
    const source = sources.get(userId);
    const newer = aCategorizedTransaction({ transactionId: 't-000', rowVersion: 9, amountMinor: -777 });
    await settled([service.publish(TransactionsCategorized, userId, { userId, transactions: [newer] })]);

    expect(source?.transactions.find(({ transactionId }) => transactionId === 't-000')?.rowVersion).toBe(1);
    expect(await service.runJob('rebuild-ledger', { userId })).toMatchObject(RIGHT);
    expect(
      await service.mongo.collection<{ _id: string }>('ledger').findOne({ _id: `${userId}:t-000` }),
    ).toMatchObject({ amountMinor: -777, rowVersion: 9 });
  });
});

describe('the migration of ledgers from before rows were packed', () => {
  it('packs them as events would have', async () => {
    const { userId } = await userWithHistory();
    const before = await stateOf(userId);
    await service.mongo.collection('ledger_bundles').deleteMany({});
    await service.mongo.collection('ledger').updateMany({}, { $unset: { bundleId: '' } });

    await packLedgerRows.run(service.mongo);

    expect(await stateOf(userId)).toEqual(before);
  });
});

describe('a new time zone', () => {
  it('cuts the days anew when the user chooses another time zone', async () => {
    const user = aUser();
    const { userId } = user;
    const late = aCategorizedTransaction({
      transactionId: 'late-evening',
      currency: 'EUR',
      postedOn: '2026-03-10',
      occurredAt: '2026-03-10T22:30:00.000Z',
      amountMinor: -4_200,
      decision: aDecision({ category: 'restaurants' }),
    });
    sources.set(userId, { transactions: [late], removed: [] });
    await settled([service.publish(TransactionsCategorized, userId, { userId, transactions: [late] })]);
    const days = async () =>
      (await service.mongo.collection('daily_metrics').find({ userId }).toArray()).map(({ day }) =>
        String(day),
      );
    expect(await days()).toEqual(['2026-03-10']);

    const choose = (timeZone: string | null) =>
      service.call('/v1/settings', { as: user, method: 'PATCH', json: { timeZone } });
    expect((await choose('Asia/Seoul')).status).toBe(200);
    expect(await service.runJob('recut-days')).toEqual({ users: 1 });
    expect(await days()).toEqual(['2026-03-11']);
    await choose(null);
    expect(await service.runJob('recut-days')).toEqual({ users: 1 });
    expect(await days()).toEqual(['2026-03-10']);
    expect(await service.runJob('recut-days')).toEqual({ users: 0 });
  });

  it('is carried out for the others when the rows of one user cannot be read', async () => {
    const [broken, whole] = [aUser(), aUser()];
    unreadable.add(broken.userId);
    for (const as of [broken, whole]) {
      await service.call('/v1/settings', { as, method: 'PATCH', json: { timeZone: 'Asia/Seoul' } });
    }

    await expect(service.runJob('recut-days')).rejects.toThrow();

    const waits = (user: typeof whole) =>
      service.mongo
        .collection<{ _id: string }>('user_settings')
        .countDocuments({ _id: user.userId, zoneChosenAt: { $exists: true } });
    expect([await waits(broken), await waits(whole)]).toEqual([1, 0]);
    unreadable.clear();
    expect(await service.runJob('recut-days')).toEqual({ users: 1 });
  });
});
