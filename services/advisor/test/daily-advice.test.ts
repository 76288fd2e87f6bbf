import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AdviceGenerated } from '@orrery/contracts';
import { anAdmin, eventually, startFakeModelServer, type FakeModelServer } from '@orrery/testing';
import { ObjectId } from 'mongodb';
import type { Person } from './main-backend-people.ts';
import { openAdvisor, type TestAdvisor } from './open-advisor.ts';

const KEY = 'a-key-of-the-scheduler';
const PEOPLE: readonly Person[] = ['rowan', 'mina', 'ines', 'karl'];

let server: FakeModelServer;
let service: TestAdvisor;

beforeAll(async () => {
  server = await startFakeModelServer();
  service = await openAdvisor({ env: { SCHEDULER_API_KEY: KEY, OPENAI_BASE_URL: server.url } });
}, 60_000);
afterAll(async () => {
  await service.stop();
  await server.stop();
});
beforeEach(() => {
  server.requests.length = 0;
  server.answerWith('{}');
});

interface Shown {
  text: string;
  category: string;
  createdAt: string;
}

const trigger = (headers: Record<string, string> = { 'x-api-key': KEY }) =>
  service.call('/schedule/run-daily-ai-jobs', { method: 'POST', as: null, headers, json: {} });

const runsDone = () =>
  service.mongo.collection('jobs').countDocuments({ name: 'advise-everyone', state: 'succeeded' });

const runOnce = async (): Promise<void> => {
  const before = await runsDone();
  expect((await callAsNobody()).status).toBe(200);
  await eventually(runsDone, (done) => done > before);
};

// The gateway forwards the scheduler's call without a person behind it.
const callAsNobody = (headers: Record<string, string> = { 'x-api-key': KEY }) =>
  service.call('/schedule/run-daily-ai-jobs', {
    method: 'POST',
    as: { kind: 'anonymous', role: 'anonymous', caller: 'gateway' },
    headers,
    json: {},
  });

const suggestionsOf = async (person: Person): Promise<Shown[]> =>
  ((await service.as(person, '/suggestions')).json as { suggestions: Shown[] }).suggestions;

const alertsShown = async (path = '/admin/alerts') =>
  (await service.as('boss', path)).json as {
    alerts: {
      userId: string;
      category: string;
      alertMessage: string;
      userEmail: string;
      createdAt: string;
    }[];
    nextCursor?: string | null;
  };

describe('the daily work', () => {
  it('shows nothing before its first run', async () => {
    expect((await service.as('rowan', '/suggestions')).json).toEqual({ suggestions: [] });
    expect((await service.as('boss', '/admin/alerts')).json).toEqual({ alerts: [] });
  });

  it('starts at once for the right key, and for no other', async () => {
    expect((await trigger()).status).toBe(401);
    for (const headers of [{}, { 'x-api-key': 'wrong' }, { 'x-api-key': '' }]) {
      const { status, json } = await callAsNobody(headers);
      expect(status).toBe(401);
      expect(json).toMatchObject({ detail: 'Invalid or missing scheduler API Key' });
    }
    const { status, json } = await callAsNobody();
    expect(status).toBe(200);
    expect(json).toEqual({
      message: 'Daily AI analysis and reporting jobs have been started in the background.',
    });
    await eventually(runsDone, (done) => done === 1);
  });

  it('gives every user with rows exactly three suggestions, and none to others', async () => {
    await runOnce();

    for (const person of PEOPLE) {
      const shown = await suggestionsOf(person);
      expect(shown).toHaveLength(3);
      for (const suggestion of shown) {
        expect(Object.keys(suggestion).sort()).toEqual(['category', 'createdAt', 'text']);
        expect(['Spending', 'Budgeting', 'Savings', 'Debt']).toContain(suggestion.category);
      }
      expect([...shown].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))).toEqual(shown);
    }
    expect(await suggestionsOf('nobody')).toEqual([]);
    expect(await suggestionsOf('boss')).toEqual([]);
    const categories = (await suggestionsOf('rowan')).map(({ category }) => category);
    expect(categories).toEqual(expect.arrayContaining(['Debt', 'Spending']));
  });

  it('speaks French and Korean to clients that ask for it, and British English to all others', async () => {
    const inLanguage = async (wish?: string): Promise<string> =>
      (
        (
          await service.as(
            'rowan',
            '/suggestions',
            wish === undefined ? {} : { headers: { 'accept-language': wish } },
          )
        ).json as { suggestions: Shown[] }
      ).suggestions
        .map(({ text }) => text)
        .join(' ');

    expect(await inLanguage('fr-CA,fr;q=0.8')).toMatch(/dépassent vos revenus de 599,38\s£/);
    expect(await inLanguage('ko')).toContain('수입보다 £599.38 더 많아요');
    for (const wish of [undefined, 'de', '*', 'xx;q=nonsense']) {
      expect(await inLanguage(wish)).toContain('£599.38 more than your income');
    }
  });

  it('raises alerts only for whom the rules name, once, and says so again on no further run', async () => {
    await runOnce();
    await runOnce();
    const { alerts } = await alertsShown();

    expect(alerts.map(({ category }) => category)).toEqual(['Overspending']);
    expect(alerts[0]).toEqual({
      userId: service.people.rowan._id.toHexString(),
      userEmail: 'rowan@people.example',
      alertMessage: 'Expenses this month are £63.38 more than income, before debt payments.',
      category: 'Overspending',
      createdAt: expect.stringMatching(/Z$/),
    });
  });

  it('changes nothing and states nothing when it runs again, and asks the model nothing', async () => {
    await runOnce();
    const before = await Promise.all(PEOPLE.map(suggestionsOf));
    const stated = service.captured.of(AdviceGenerated).length;
    server.requests.length = 0;

    await runOnce();

    expect(await Promise.all(PEOPLE.map(suggestionsOf))).toEqual(before);
    expect(service.captured.of(AdviceGenerated)).toHaveLength(stated);
    expect(server.requests).toHaveLength(0);
  });

  it('renews the suggestions of a user whose facts changed, and of no other', async () => {
    const before = await suggestionsOf('mina');
    const { insertedId } = await service.main.collection('debts').insertOne({
      userId: service.people.mina._id,
      isDeleted: false,
      name: 'Piano loan',
      amount: 2000,
      monthlyPayment: 2100,
      AdHocPayment: 0,
      capitalRepayment: 2000,
      interestRepayment: 100,
      payDueDate: new Date('2026-06-02'),
    });
    const rowan = await suggestionsOf('rowan');

    await runOnce();
    const after = await suggestionsOf('mina');
    await service.main.collection('debts').deleteOne({ _id: insertedId });

    expect(after).not.toEqual(before);
    expect(after.some(({ text }) => text.includes('Debt payments take 57.95%'))).toBe(true);
    expect(await suggestionsOf('rowan')).toEqual(rowan);
  });

  it('clears an alert when its reason is gone, and raises it anew when it comes back', async () => {
    await runOnce();
    const incomes = service.main.collection('incomes');
    const { insertedId } = await incomes.insertOne({
      userId: service.people.rowan._id,
      isDeleted: false,
      name: 'Sold the van',
      amount: 4000,
      receiveDate: new Date('2026-05-20'),
      frequency: 'on-off',
    });
    await runOnce();
    const cleared = await alertsShown();
    await incomes.deleteOne({ _id: insertedId });
    await runOnce();
    const back = await alertsShown();

    expect(cleared.alerts.map(({ userId }) => userId)).not.toContain(service.people.rowan._id.toHexString());
    expect(back.alerts.map(({ category }) => category)).toContain('Overspending');
  });

  it('leaves blocked and deleted users out', async () => {
    const userId = new ObjectId();
    await service.main.collection('users').insertOne({
      _id: userId,
      name: 'Gone',
      email: 'gone@people.example',
      role: 'USER',
      status: 'blocked',
      isDeleted: false,
    });
    await service.main.collection('expenses').insertOne({
      userId,
      isDeleted: false,
      name: 'X',
      amount: 5,
      endDate: new Date('2026-05-02'),
    });
    await runOnce();

    expect(
      await service.mongo.collection('suggestions').countDocuments({ _id: userId.toHexString() } as object),
    ).toBe(0);
  });

  it('is one run when it is started many times at once', async () => {
    const before = await service.mongo.collection('jobs').countDocuments({ name: 'advise-everyone' });

    const replies = await Promise.all(Array.from({ length: 6 }, () => callAsNobody()));

    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    const after = await eventually(
      () => service.mongo.collection('jobs').countDocuments({ name: 'advise-everyone', state: 'succeeded' }),
      (done) => done > before,
    );
    expect(after).toBeLessThan(before + 6);
  });

  it('goes on where it was cut off', async () => {
    const runs = service.mongo.collection('advice_runs');
    await runOnce();
    const ids = PEOPLE.map((person) => service.people[person]._id.toHexString()).sort();
    await runs.insertOne({
      _id: 'cut-off',
      day: '2026-05-20',
      phase: 'main-backend',
      after: ids[1],
      users: 2,
      changed: 0,
      skipped: 0,
      shares: new Array(501).fill(0),
      startedAt: new Date(),
      finishedAt: null,
    } as object);

    await runOnce();

    const row = await runs.findOne({ _id: 'cut-off' } as object);
    expect(row?.['finishedAt']).toBeInstanceOf(Date);
    // Two were done before; two and the users without rows come after them.
    expect(row?.['users']).toBeLessThanOrEqual(6);
    expect(row?.['users']).toBeGreaterThanOrEqual(4);
  });

  it('asks the model for wordings once a week and never about anybody', async () => {
    await service.mongo.collection('phrase_books').deleteMany({});
    await service.mongo.collection('suggestions').deleteMany({});
    server.answerWith(
      JSON.stringify({
        'close-gap': 'This month {gap} too much goes out, so choose what can wait until next time.',
        'dearest-debt': 'Pay {name} first, it costs {rate} a year and 10 pounds more.',
        unknown: 'x',
      }),
    );

    await runOnce();
    await runOnce();

    expect(server.requests).toHaveLength(1);
    expect(JSON.stringify(server.requests)).not.toMatch(/Rowan|Quick loan|£/);
    const texts = (await suggestionsOf('rowan')).map(({ text }) => text);
    expect(texts).toContain('This month £599.38 too much goes out, so choose what can wait until next time.');
    expect(texts.join()).not.toContain('10 pounds');
  });
});

describe('suggestions on demand', () => {
  it("bring the caller's up to date in the background", async () => {
    await service.mongo.collection('suggestions').deleteMany({});

    const { status, json } = await service.as('ines', '/suggestions/generate', { method: 'POST' });

    expect(status).toBe(200);
    expect(json).toEqual({
      message: 'Suggestion generation process has been started in the background.',
    });
    await eventually(
      () => suggestionsOf('ines'),
      (shown) => shown.length === 3,
    );
    expect(await suggestionsOf('karl')).toEqual([]);
  });
});

describe('what the former service stored', () => {
  it('is shown until there is something of ours, and kept', async () => {
    await service.mongo.collection('suggestions').deleteMany({});
    const former = service.main.collection('suggestions');
    await former.insertMany([
      {
        userId: service.people.karl._id,
        text: 'Older',
        category: 'Savings',
        createdAt: new Date('2025-10-25'),
      },
      {
        userId: service.people.karl._id,
        text: 'Newer',
        category: 'Debt',
        createdAt: new Date('2025-10-26'),
        extra: 'key',
      },
      { userId: service.people.mina._id, text: 'Of somebody else', category: 'Debt', createdAt: new Date() },
    ]);

    const before = await suggestionsOf('karl');
    await runOnce();
    const after = await suggestionsOf('karl');

    expect(before).toEqual([
      { text: 'Newer', category: 'Debt', createdAt: '2025-10-26T00:00:00.000Z' },
      { text: 'Older', category: 'Savings', createdAt: '2025-10-25T00:00:00.000Z' },
    ]);
    expect(after).toHaveLength(3);
    expect(after.map(({ text }) => text)).not.toContain('Newer');
    expect(await former.countDocuments()).toBe(3);
  });

  it('shows its alerts beside ours, newest first, in pages where asked, and raises none of them twice', async () => {
    const former = service.main.collection('admin_alerts');
    const other = new ObjectId();
    await former.insertMany([
      ...Array.from({ length: 25 }, (_, index) => ({
        userId: other,
        userEmail: 'other@people.example',
        alertMessage: `Old ${String(index)}`,
        category: 'High Debt',
        // Five of each instant, so that pages have to cut between equal ones.
        createdAt: new Date(Date.UTC(2025, 9, 1 + Math.floor(index / 5))),
      })),
      {
        userId: service.people.rowan._id,
        alertMessage: 'Told already',
        category: 'Overspending',
        createdAt: new Date('2026-05-19'),
      },
    ]);
    await service.mongo.collection('admin_alerts').deleteMany({});
    await runOnce();

    const { alerts } = await alertsShown();
    const paged: unknown[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Awaited<ReturnType<typeof alertsShown>> = await alertsShown(
        `/admin/alerts?limit=7${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      paged.push(...page.alerts);
      cursor = page.nextCursor ?? null;
    }

    expect(alerts).toHaveLength(26);
    expect(paged).toEqual(alerts);
    expect(alerts[0]).toMatchObject({ alertMessage: 'Told already', userEmail: 'N/A' });
    expect(alerts.every(({ userId }) => typeof userId === 'string')).toBe(true);
    expect(alerts.map(({ createdAt }) => createdAt)).toEqual(
      alerts
        .map(({ createdAt }) => createdAt)
        .sort()
        .reverse(),
    );
    await former.deleteMany({});
  });
});

describe('administrators', () => {
  it.each([
    ['GET', '/admin/alerts'],
    ['POST', '/admin/run-analysis'],
    ['GET', '/admin/user-dashboard/66a000000000000000000001'],
    ['GET', '/v1/admin-alerts'],
    ['GET', '/v1/admin-views'],
  ])('alone may %s %s', async (method, path) => {
    expect((await service.as('rowan', path, { method })).status).toBe(403);
    expect((await service.as('boss', path, { method })).status).toBe(200);
  });

  it('acknowledge an alert, which stands until its reason is gone', async () => {
    await runOnce();
    const list = async () =>
      ((await service.as('boss', '/v1/admin-alerts')).json as { data: { id: string; state: string }[] }).data;
    const [alert] = await list();

    const { status, json } = await service.as('boss', `/v1/admin-alerts/${alert?.id ?? ''}`, {
      method: 'PATCH',
      json: { state: 'acknowledged' },
    });
    await runOnce();

    expect(status).toBe(200);
    expect(json).toMatchObject({
      state: 'acknowledged',
      acknowledgedBy: service.people.boss._id.toHexString(),
    });
    expect((await list()).map(({ id, state }) => [id, state])).toEqual([[alert?.id, 'acknowledged']]);
    expect(
      (
        await service.as('boss', '/v1/admin-alerts/none', {
          method: 'PATCH',
          json: { state: 'acknowledged' },
        })
      ).status,
    ).toBe(404);
  });

  it("see a user's month with real growth, due dates and levels, and the look is noted", async () => {
    const rowan = service.people.rowan._id.toHexString();

    const { status, json } = await service.as('boss', `/admin/user-dashboard/${rowan}`);
    const views = (await service.as('boss', `/v1/admin-views?userId=${rowan}`)).json as { data: unknown[] };

    expect(status).toBe(200);
    expect(Object.keys(json as object).sort()).toEqual([
      'aiTips',
      'currentAlerts',
      'debtStatuses',
      'peerComparison',
      'spendingGrowthFromLastMonth',
      'spendingHeatmap',
      'topOverspendingCategories',
      'totalMonthlySpending',
    ]);
    expect(json).toMatchObject({
      totalMonthlySpending: 1563.38,
      topOverspendingCategories: ['Essential(Needs)', 'Others', 'Discretionary(Wants)'],
      spendingGrowthFromLastMonth: '95.42%',
      debtStatuses: { missedInstallments: 0, nextDueDate: '2026-05-24', status: 'Medium Risk' },
      peerComparison: { comparison: expect.stringContaining('not available') },
    });
    const categories = (json as { spendingHeatmap: { category: string }[] }).spendingHeatmap.map(
      ({ category }) => category,
    );
    expect(categories).toEqual(
      expect.arrayContaining(['Food', 'Transport', 'Shopping', 'Utility Bills', 'Others']),
    );
    expect(views.data[0]).toMatchObject({
      adminId: service.people.boss._id.toHexString(),
      what: 'dashboard',
    });
  });

  it('get 400 for an id of another form, with the exact sentence', async () => {
    const { status, json } = await service.call('/admin/user-dashboard/not-an-id', { as: anAdmin() });

    expect(status).toBe(400);
    expect(json).toMatchObject({ detail: 'Invalid user_id format provided: not-an-id' });
  });

  it('start the analysis', async () => {
    expect((await service.as('boss', '/admin/run-analysis', { method: 'POST' })).json).toEqual({
      message: 'Full user analysis job has been started in the background.',
    });
  });
});
