import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsIngested, TransactionsRemoved } from '@orrery/contracts';
import { fromFloat } from '@orrery/money';
import { eventually } from '@orrery/testing';
import { z } from 'zod';
import { seededRandom } from '../../../tests/faults/seeded-random.ts';
import { newUser, openBank, type Bank } from './open-bank.ts';
import { openProcesses } from './open-processes.ts';
import { openWire, type Wire, type WireCall } from './open-wire.ts';

/**
 * Two real replicas that are killed in the middle of reading and writing, again and again. `npm test` plays two kills;
 * `SYNC_KILLS=60 npm test -- kill-truth` plays many, `SYNC_SEED=7` the same ones again.
 */
const KILLS = Number(process.env['SYNC_KILLS'] ?? 2);
const SEED = Number(process.env['SYNC_SEED'] ?? randomInt(1_000_000));
const SYNC = '/transactions/sync';
const PAGE_SIZES = ['2', '3', '7'] as const;

/** The database keeps a transaction of a killed process, and the rows that it wrote, for up to a minute. */
const PATIENCE_MS = 120_000;

let bank: Bank;

beforeAll(async () => {
  bank = await openBank();
}, 60_000);

afterAll(async () => {
  await bank.close();
});

const Facts = z.object({
  description: z.string(),
  postedOn: z.string(),
  amountMinor: z.number(),
  pending: z.boolean(),
});
type Facts = z.output<typeof Facts>;
const sorted = (rows: readonly Facts[]): string[] =>
  rows
    .map(({ description, postedOn, amountMinor, pending }) =>
      JSON.stringify([description, postedOn, amountMinor, pending]),
    )
    .sort();
const same = (left: readonly string[], right: readonly string[]): boolean =>
  JSON.stringify(left) === JSON.stringify(right);

const truthOf = async (itemId: string): Promise<string[]> =>
  sorted(
    (await bank.truth(itemId)).map(({ amount, date, name, pending }) => ({
      amountMinor: -fromFloat(amount, 'USD') || 0,
      postedOn: date,
      description: name,
      pending,
    })),
  );

describe('replicas that are killed in the middle of reading banks', () => {
  it(
    `leave rows and events equal to what the banks have (seed ${String(SEED)}, ${String(KILLS)} kills)`,
    async () => {
      const random = seededRandom(SEED);
      const below = (limit: number): number => Math.floor(random() * limit);
      const chosen = <Value>(values: readonly Value[]): Value | undefined => values[below(values.length)];
      const processes = await openProcesses(bank, 2, {
        BANK_LEASE_MS: '4000',
        BANK_SPOOL_UPDATES: '5',
        PLAID_TIMEOUT_MS: '6000',
      });
      const wires = await Promise.all(processes.replicas.map(() => openWire(bank.sandbox.url)));
      const users = [newUser(), newUser()];
      const itemIds: string[] = [];

      const start = (index: number): Promise<void> =>
        processes.replicas[index]?.start({
          PLAID_ENV_sand: wires[index]?.url ?? '',
          PLAID_PAGE_SIZE: chosen(PAGE_SIZES) ?? '3',
        }) ?? Promise.resolve();

      /** Resolves when a replica reads: at its nth page, or shortly after its last one, while it writes. */
      const inTheMiddle = (wire: Wire): Promise<unknown> => {
        const nth = 1 + below(3);
        const waitMs = below(40);
        const isWriting = random() < 0.5;
        let pages = 0;
        return new Promise((resolve) => {
          wire.decide((call: WireCall) => {
            if (call.path !== SYNC) {
              return undefined;
            }
            pages += 1;
            if (!isWriting && pages === nth) {
              resolve(undefined);
              return { kind: 'silence' };
            }
            return {
              kind: 'changed',
              change: (answer) => {
                if (isWriting && answer['has_more'] === false) {
                  setTimeout(resolve, waitMs);
                }
                return answer;
              },
            };
          });
        });
      };

      const changeSomething = async (number: number): Promise<void> => {
        for (const itemId of itemIds) {
          const rows = await bank.truth(itemId);
          const [first] = rows;
          const pending = rows.filter((row) => row.pending && row !== first);
          const [modified, removed] = [
            chosen(rows.slice(1)),
            chosen(rows.slice(1).filter((row) => !row.pending)),
          ];
          await bank.control('webhooks', {
            mode: chosen(['normal', 'duplicate', 'delay', 'drop']),
            times: 1 + below(3),
          });
          await bank.control(`items/${itemId}/transactions`, {
            add: Array.from({ length: 1 + below(12) }, (_, index) => ({
              account_id: first?.account_id,
              date_transacted: '2026-03-14',
              date_posted: random() < 0.3 ? '2026-03-20' : '2026-03-15',
              amount: (1 + below(90_000)) / 100,
              description: `SHOP ${String(number)} ${String(index)}`,
            })),
            ...(modified === undefined || modified === removed
              ? {}
              : { modify: [{ transaction_id: modified.transaction_id, amount: below(9_000) / 100 }] }),
            ...(removed === undefined ? {} : { remove: [removed.transaction_id] }),
            ...(pending.length === 0 || pending[0] === modified
              ? {}
              : { post: [{ transaction_id: pending[0]?.transaction_id, date: '2026-03-16', amount: 9.99 }] }),
          });
        }
      };

      try {
        await Promise.all([start(0), start(1)]);
        for (const [index, user] of users.entries()) {
          itemIds.push(
            await processes.linkCustom(
              user,
              Array.from({ length: 12 }, (_, row) => ({
                date_transacted: '2026-03-10',
                date_posted: row % 4 === 3 ? '2026-03-30' : '2026-03-11',
                amount: 1 + row,
                description: `FIRST ${String(index)} ${String(row)}`,
              })),
            ),
          );
        }

        const items = processes.database.collection<{ _id: string }>('items');
        const readAgain = () => items.updateMany({}, { $set: { nextSyncAt: new Date() } });
        for (let kill = 0; kill < KILLS; kill += 1) {
          const moments = wires.map((wire) => inTheMiddle(wire));
          await changeSomething(kill);
          await readAgain();
          const which = await Promise.race(moments.map((moment, index) => moment.then(() => index)));
          await processes.replicas[which]?.kill();
          wires.forEach((wire) => {
            wire.clear();
          });
          if (random() < 0.3) {
            await pause(below(200));
            await processes.replicas[1 - which]?.kill();
            await start(1 - which);
          }
          await start(which);
        }

        await bank.control('webhooks', { mode: 'normal' });
        for (const [index, itemId] of itemIds.entries()) {
          const truth = await truthOf(itemId);
          const stored = () => processes.rows(itemId);
          await eventually(
            async () => {
              await readAgain();
              return sorted((await stored()).map((row) => Facts.parse(row)));
            },
            (rows) => same(rows, truth),
            { timeoutMs: PATIENCE_MS, intervalMs: 150 },
          );
          expect(new Set((await stored()).map(({ userId }) => String(userId)))).toEqual(
            new Set([users[index]?.userId]),
          );
          const heard = await eventually(
            () => ledgerOf(processes, users[index]?.userId ?? ''),
            (rows) => same(rows, truth),
            { timeoutMs: PATIENCE_MS },
          );
          expect(heard).toEqual(truth);
        }
        expect(
          await processes.database
            .collection('raw_transactions')
            .countDocuments({ itemId: { $nin: itemIds } }),
        ).toBe(0);
      } finally {
        await processes.close();
        await Promise.all(wires.map((wire) => wire.close()));
      }
    },
    3 * PATIENCE_MS + KILLS * 20_000,
  );
});

/** The ledger that somebody has who hears the events in any order and applies the newest version of each row. */
const ledgerOf = async (
  processes: Awaited<ReturnType<typeof openProcesses>>,
  userId: string,
): Promise<string[]> => {
  const rows = new Map<string, { version: number; row: Facts | null }>();
  const hear = (id: string, version: number, row: Facts | null): void => {
    if (version > (rows.get(id)?.version ?? 0)) {
      rows.set(id, { version, row });
    }
  };
  for (const { body } of await processes.messages.find({ consumer: 'categorization' }).toArray()) {
    const event = z.object({ type: z.string(), data: z.unknown() }).parse(JSON.parse(String(body)));
    if (event.type === 'transactions.ingested.v1') {
      const data = TransactionsIngested.data.parse(event.data);
      data.transactions.forEach((row) => {
        if (data.userId === userId) {
          hear(row.transactionId, row.rowVersion, row);
        }
      });
    } else if (event.type === 'transactions.removed.v1') {
      const data = TransactionsRemoved.data.parse(event.data);
      data.transactions.forEach(({ transactionId, rowVersion }) => {
        if (data.userId === userId) {
          hear(transactionId, rowVersion, null);
        }
      });
    }
  }
  return sorted([...rows.values()].flatMap(({ row }) => (row === null ? [] : [row])));
};
