import { startFakeModelServer, startTestService, fakeClock, useTestDatabase, aUser } from '@orrery/testing';
import { MongoClient, ObjectId, type Db } from 'mongodb';
import { advisor } from '../src/index.ts';

/**
 * The nightly run over 10,000 users with 100 rows each: users per second, memory, and tokens of the language model
 * against one question per user and report. `BENCH_USERS` makes it smaller.
 */
const USERS = Number(process.env['BENCH_USERS'] ?? 10_000);
const ROWS = 100;
const NOW = '2026-05-20T10:00:00Z';
const REPORTS = 3;
/** Tokens of one question about one report of one user: instructions, a report, a report. */
const TOKENS_PER_REPORT = 1_500;
const REQUESTS = 500;
const MIB = 1_048_576;

const day = (month: number, dayOfMonth: number): Date => new Date(Date.UTC(2026, month, dayOfMonth));

const rowsOf = (userId: ObjectId, seed: number): Record<string, Record<string, unknown>[]> => {
  const base = { userId, isDeleted: false, frequency: 'monthly' };
  const amount = (index: number): number => ((seed * 7919 + index * 104_729) % 20_000) / 100 + 5;
  const many = (count: number, make: (index: number) => Record<string, unknown>) =>
    Array.from({ length: count }, (_, index) => ({ ...base, ...make(index) }));
  return {
    incomes: many(4, (index) => ({
      name: 'Pay',
      amount: 2_000 + (seed % 900),
      receiveDate: day(3 + (index % 2), 1 + index),
    })),
    expenses: many(ROWS - 4 - 20 - 3 - 2, (index) => ({
      name: `Expense ${String(index % 30)}`,
      amount: amount(index),
      endDate: day(3 + (index % 2), 1 + (index % 27)),
    })),
    budgets: many(20, (index) => ({
      name: `Expense ${String(index)}`,
      amount: amount(index),
      type: index % 5 === 0 ? 'household' : 'personal',
      category: index % 2 === 0 ? 'Essential(Needs)' : 'Discretionary(Wants)',
      createdAt: day(4, 1 + index),
    })),
    debts: many(3, (index) => ({
      name: `Debt ${String(index)}`,
      amount: 1_000 * (index + 1),
      monthlyPayment: 60 + index * 20,
      capitalRepayment: 40,
      interestRepayment: 20 + index * 5,
      payDueDate: day(5, 3 + index),
    })),
    savinggoals: many(2, (index) => ({
      name: `Goal ${String(index)}`,
      totalAmount: 3_000,
      savedMoney: 400,
      monthlyTarget: 50,
      completionRation: 13.3,
      completeDate: day(16 + index, 1),
      isCompleted: false,
    })),
  };
};

const fill = async (db: Db): Promise<ObjectId[]> => {
  const ids = Array.from({ length: USERS }, () => new ObjectId());
  for (let from = 0; from < USERS; from += 200) {
    const group = ids.slice(from, from + 200);
    await db.collection('users').insertMany(
      group.map((_id, index) => ({
        _id,
        name: `User ${String(from + index)}`,
        email: `u${String(from + index)}@bench.example`,
        role: 'USER',
        status: 'active',
        isDeleted: false,
      })),
    );
    const rows: Record<string, Record<string, unknown>[]> = {};
    for (const [index, userId] of group.entries()) {
      for (const [collection, documents] of Object.entries(rowsOf(userId, from + index))) {
        (rows[collection] ??= []).push(...documents);
      }
    }
    for (const [collection, documents] of Object.entries(rows)) {
      await db.collection(collection).insertMany(documents, { ordered: false });
    }
  }
  return ids;
};

const database = await useTestDatabase();
const client = await new MongoClient(database.uri).connect();
const db = client.db(`bench_main_${new ObjectId().toHexString()}`);
const model = await startFakeModelServer();
try {
  const filledAt = performance.now();
  const ids = await fill(db);
  console.log(
    `${String(USERS)} users with ${String(ROWS)} rows each, written in ${((performance.now() - filledAt) / 1_000).toFixed(0)} s`,
  );
  const service = await startTestService(advisor, {
    clock: fakeClock(NOW),
    env: {
      DATABASE_URL: database.uri,
      MONGO_DB_NAME: db.databaseName,
      OPENAI_BASE_URL: model.url,
      LOG_LEVEL: 'warn',
    },
  });
  try {
    const indexed = async (): Promise<boolean> => (await db.collection('debts').indexes()).length > 1;
    while (!(await indexed())) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const admin = aUser({ role: 'admin' });
    const run = async (): Promise<{
      seconds: number;
      cpuSeconds: number;
      peakMiB: number;
      result: unknown;
    }> => {
      globalThis.gc?.();
      let peak = 0;
      const startedAt = performance.now();
      const cpu = process.cpuUsage();
      await service.call('/admin/run-analysis', { method: 'POST', as: admin });
      for (;;) {
        peak = Math.max(peak, process.memoryUsage().heapUsed);
        const row = await service.mongo
          .collection('jobs')
          .findOne({ name: 'advise-everyone' }, { sort: { createdAt: -1 } });
        if (row?.['state'] === 'failed') {
          throw new Error(`the run failed: ${JSON.stringify(row['error'])}`);
        }
        if (row?.['state'] === 'succeeded') {
          const seconds = (performance.now() - startedAt) / 1_000;
          const { user, system } = process.cpuUsage(cpu);
          return { seconds, cpuSeconds: (user + system) / 1e6, peakMiB: peak / MIB, result: row['result'] };
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    const first = await run();
    const again = await run();
    for (const [name, { seconds, cpuSeconds, peakMiB, result }] of [
      ['first run', first],
      ['same day again', again],
    ] as const) {
      console.log(
        `${name}: ${seconds.toFixed(1)} s, ${(USERS / seconds).toFixed(0)} users/s (${(USERS / cpuSeconds).toFixed(0)} per second of processor time), heap at most ${peakMiB.toFixed(0)} MiB, ${JSON.stringify(result)}`,
      );
    }
    const tokens = model.requests.length * (TOKENS_PER_REPORT + 2_000);
    const naive = USERS * REPORTS * TOKENS_PER_REPORT;
    console.log(
      `model: ${String(model.requests.length)} question(s) for ${String(USERS)} users, at most ${(tokens / USERS).toFixed(2)} tokens a user, ${((100 * tokens) / naive).toFixed(4)} % of one question per user and report`,
    );
    const times: number[] = [];
    for (let index = 0; index < REQUESTS; index += 1) {
      const as = aUser({ userId: (ids[(index * 37) % ids.length] ?? new ObjectId()).toHexString() });
      const startedAt = performance.now();
      await service.call('/suggestions', { as });
      times.push(performance.now() - startedAt);
    }
    times.sort((left, right) => left - right);
    console.log(
      `GET /suggestions: p50 ${(times[REQUESTS / 2] ?? 0).toFixed(1)} ms, p95 ${(times[Math.floor(REQUESTS * 0.95)] ?? 0).toFixed(1)} ms`,
    );
  } finally {
    await service.stop();
  }
} finally {
  await db.dropDatabase();
  await client.close();
  await model.stop();
  await database.release();
}
