import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsIngested, TransactionsRemoved } from '@orrery/contracts';
import type { IngestedTransaction } from '@orrery/contracts';
import { fromFloat } from '@orrery/money';
import { startService, type StartedService } from '@orrery/service-kit';
import { eventually, fakeClock } from '@orrery/testing';
import fc from 'fast-check';
import { ingestion } from '../src/index.ts';
import { newUser, openBank, type Bank } from './open-bank.ts';

/** Small pages and small groups, so that every run takes several of both. */
const PAGE_SIZES = [1, 2, 3, 7];

let bank: Bank;

beforeAll(async () => {
  bank = await openBank({ env: { PLAID_PAGE_SIZE: '3', BANK_SPOOL_UPDATES: '5', BANK_LEASE_MS: '600' } });
}, 60_000);

afterAll(async () => {
  await bank.close();
});

type Step =
  | { kind: 'add'; amounts: number[]; pending: boolean; quiet: boolean }
  | { kind: 'modify'; pick: number; amount: number }
  | { kind: 'remove'; pick: number }
  | { kind: 'post'; pick: number; amount: number }
  | { kind: 'webhooks'; mode: 'drop' | 'duplicate' | 'delay'; times: number }
  | { kind: 'fault'; errorCode: string; times: number }
  | { kind: 'steal' }
  | { kind: 'replica'; pageSize: number };

const cents = fc.integer({ min: -50_000, max: 50_000 }).filter((value) => value !== 0);
const pick = fc.nat({ max: 1000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      amounts: fc.array(cents, { minLength: 1, maxLength: 12 }),
      pending: fc.boolean(),
      quiet: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('modify' as const), pick, amount: cents }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), pick }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('post' as const), pick, amount: cents }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('webhooks' as const),
      mode: fc.constantFrom('drop' as const, 'duplicate' as const, 'delay' as const),
      times: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      errorCode: fc.constantFrom(
        'TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION',
        'INTERNAL_SERVER_ERROR',
        'TRANSACTIONS_SYNC_LIMIT',
      ),
      times: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'steal' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('replica' as const), pageSize: fc.constantFrom(...PAGE_SIZES) }),
  },
);

const itemsOf = () =>
  bank.service.mongo.collection<{ _id: string; nextSyncAt: Date; lastSyncedAt: Date }>('items');

const startReplica = (pageSize: number): Promise<StartedService> =>
  startService(ingestion, {
    env: {
      NODE_ENV: 'test',
      APP_ENV: 'local',
      MONGODB_URI: bank.database.uri,
      ORRERY_NAMESPACE: bank.service.mongo.name.replace(/_ingestion$/, ''),
      SERVICE_TOKEN_SECRET: 'a-secret-that-only-tests-know-0123456789',
      LOG_LEVEL: 'silent',
      ...bank.env,
      PLAID_PAGE_SIZE: String(pageSize),
    },
    bus: bank.service.bus,
    clock: fakeClock(),
  });

const chosen = <Value>(values: readonly Value[], index: number): Value | undefined =>
  values.length === 0 ? undefined : values[index % values.length];

const play = async (itemId: string, accountId: string, steps: readonly Step[]): Promise<void> => {
  let replica: StartedService | undefined;
  for (const [number, move] of steps.entries()) {
    const change = (body: object) => bank.control(`items/${itemId}/transactions`, body);
    const truth = await bank.truth(itemId);
    switch (move.kind) {
      case 'add':
        await change({
          quiet: move.quiet,
          add: move.amounts.map((amount, index) => ({
            account_id: accountId,
            date_transacted: '2026-03-14',
            date_posted: move.pending ? '2026-03-20' : '2026-03-15',
            amount: amount / 100,
            description: `SHOP ${String(number)} ${String(index)}`,
          })),
        });
        break;
      case 'modify': {
        const row = chosen(truth, move.pick);
        await change({
          modify:
            row === undefined ? [] : [{ transaction_id: row.transaction_id, amount: move.amount / 100 }],
        });
        break;
      }
      case 'remove': {
        const row = chosen(truth, move.pick);
        await change({ remove: row === undefined ? [] : [row.transaction_id] });
        break;
      }
      case 'post': {
        const row = chosen(
          truth.filter(({ pending }) => pending),
          move.pick,
        );
        await change({
          post:
            row === undefined
              ? []
              : [{ transaction_id: row.transaction_id, date: '2026-03-16', amount: move.amount / 100 }],
        });
        break;
      }
      case 'webhooks':
        await bank.control('webhooks', { mode: move.mode, times: move.times });
        break;
      case 'fault':
        await bank.control('faults', {
          path: '/transactions/sync',
          itemId,
          times: move.times,
          errorCode: move.errorCode,
        });
        break;
      case 'steal':
        // As if the process that reads had been frozen: another one takes the bank over in the middle.
        await itemsOf().updateOne(
          { _id: itemId },
          { $set: { 'claim.until': new Date(0), nextSyncAt: new Date() } },
        );
        break;
      case 'replica':
        // A replica that is stopped while it reads leaves its run unfinished.
        await replica?.stop();
        replica = await startReplica(move.pageSize);
        break;
    }
  }
  await replica?.stop();
};

/** The ledger that somebody has who hears the events in any order and applies the newest version of each row. */
const ledgerOf = (userId: string): Map<string, IngestedTransaction | null> => {
  const rows = new Map<string, { version: number; row: IngestedTransaction | null }>();
  const hear = (id: string, version: number, row: IngestedTransaction | null): void => {
    const known = rows.get(id);
    if (known === undefined || version > known.version) {
      rows.set(id, { version, row });
    }
  };
  for (const { data } of bank.service.captured.of(TransactionsIngested)) {
    if (data.userId === userId) {
      data.transactions.forEach((row) => {
        hear(row.transactionId, row.rowVersion, row);
      });
    }
  }
  for (const { data } of bank.service.captured.of(TransactionsRemoved)) {
    if (data.userId === userId) {
      data.transactions.forEach(({ transactionId, rowVersion }) => {
        hear(transactionId, rowVersion, null);
      });
    }
  }
  return new Map([...rows].map(([id, { row }]) => [id, row]));
};

const facts = (
  rows: readonly { amountMinor: number; postedOn: string; description: string; pending: boolean }[],
) =>
  rows
    .map(({ amountMinor, postedOn, description, pending }) =>
      JSON.stringify([description, postedOn, amountMinor, pending]),
    )
    .sort();

/** `SYNC_TRUTH_RUNS` plays more of them: each is a different sequence. */
describe('whatever happens at a bank and on the way', () => {
  it('our rows, and the ledger of whoever hears our events, end equal to what the bank has', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        const user = newUser();
        const { itemId } = await bank.linkCustom(user, [
          {
            transactions: [1, 2, 3, 4].map((amount) => ({
              date_transacted: '2026-03-10',
              date_posted: amount === 4 ? '2026-03-30' : '2026-03-11',
              amount,
              description: `FIRST ${String(amount)}`,
            })),
          },
        ]);
        const account = await bank.service.mongo.collection('accounts').findOne({ itemId });
        await play(itemId, String(account?._id), steps);

        // What is left of faults and lost messages is overcome by reading again, as the daily sweep does.
        await bank.control('webhooks', { mode: 'normal' });
        const truth = facts(
          (await bank.truth(itemId)).map(({ amount, date, name, pending }) => ({
            amountMinor: -fromFloat(amount, 'USD') || 0,
            postedOn: date,
            description: name,
            pending,
          })),
        );
        const stored = async () =>
          facts(
            (await bank.rows(itemId)).map((row) => ({
              amountMinor: Number(row['amountMinor']),
              postedOn: String(row['postedOn']),
              description: String(row['description']),
              pending: row['pending'] === true,
            })),
          );
        await eventually(
          async () => {
            await itemsOf().updateOne({ _id: itemId }, { $set: { nextSyncAt: new Date() } });
            return stored();
          },
          (rows) => JSON.stringify(rows) === JSON.stringify(truth),
          { timeoutMs: 20_000, intervalMs: 60 },
        );
        const heard = await eventually(
          () => facts([...ledgerOf(user.userId).values()].filter((row) => row !== null)),
          (rows) => JSON.stringify(rows) === JSON.stringify(truth),
        );

        expect(heard).toEqual(truth);
        expect(new Set((await bank.rows(itemId)).map(({ providerId }) => String(providerId))).size).toBe(
          truth.length,
        );
      }),
      { numRuns: Number(process.env['SYNC_TRUTH_RUNS'] ?? 2) },
    );
  });
});
