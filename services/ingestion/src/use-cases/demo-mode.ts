import { hash } from 'node:crypto';
import { addDays } from '@orrery/calendar';
import type { Clock } from '@orrery/calendar';
import { categoryByCashSense } from '@orrery/contracts';
import type { Runtime } from '@orrery/service-kit';
import type { ClientSession } from 'mongoose';
import { demoTransactions } from '../domain/demo/demo-transactions.ts';
import { accountIdFor } from '../domain/import/row-identity.ts';
import { hide, show } from '../domain/raw-transaction.ts';
import type { RawTransaction } from '../domain/raw-transaction.ts';
import type { AccountStore } from '../store/account-store.ts';
import type { RawTransactionStore } from '../store/raw-transaction-store.ts';
import type { UserSettingsStore } from '../store/user-settings-store.ts';
import type { StoreChanges } from './store-changes.ts';

/** What demo mode needs. */
export interface DemoModeParts {
  settings: UserSettingsStore;
  transactions: RawTransactionStore;
  accounts: AccountStore;
  storeChanges: StoreChanges;
  inTransaction: Runtime<unknown>['inTransaction'];
  clock: Clock;
}

const ACCOUNT_NAME = 'Demo';
const CURRENCY = 'EUR';
/** As many as the frontend of Cash Sense asks for. */
const FIRST_DAYS = 90;
const ID_LENGTH = 24;
const ALL_DAYS = { from: '0001-01-01', to: '9999-12-31' } as const;

/** A number that differs between users and sets, and is the same for the same two. */
const seedOf = (userId: string, generation: number): number =>
  Number.parseInt(hash('sha256', `${userId}\u0000${String(generation)}`, 'hex').slice(0, 8), 16);

/**
 * Demo mode of one user: made-up transactions in that user's ledger and in nobody else's.
 * @param parts stores and the clock
 */
export const createDemoMode = (parts: DemoModeParts) => {
  const { settings, transactions, accounts, clock } = parts;

  const makeRows = (userId: string, generation: number, days: number): RawTransaction[] => {
    const to = clock.today('UTC');
    const accountId = accountIdFor(userId, ACCOUNT_NAME);
    return demoTransactions(seedOf(userId, generation), addDays(to, 1 - days), to).map((made) => {
      const [category, subcategory] = made.category;
      const slug = categoryByCashSense(category, subcategory)?.slug;
      const identity = `${userId}\u0000demo\u0000${String(generation)}\u0000${made.key}`;
      return {
        _id: `txn_${hash('sha256', identity, 'base64url').slice(0, ID_LENGTH)}`,
        userId,
        rowVersion: 1,
        accountId,
        source: 'demo',
        postedOn: made.day,
        description: made.merchantName,
        merchantName: made.merchantName,
        amountMinor: made.amountMinor,
        currency: CURRENCY,
        pending: false,
        paymentChannel: made.paymentChannel,
        ...(slug === undefined ? {} : { statedCategory: slug }),
      };
    });
  };

  const fill = async (
    userId: string,
    generation: number,
    days: number,
    session: ClientSession,
  ): Promise<RawTransaction[]> => {
    const rows = makeRows(userId, generation, days);
    await accounts.ensure(
      userId,
      [{ accountId: accountIdFor(userId, ACCOUNT_NAME), accountName: ACCOUNT_NAME }],
      session,
      'demo',
    );
    await parts.storeChanges(
      userId,
      rows.map((row) => ({ row, isNew: true, tell: 'ingested' })),
      session,
    );
    return rows;
  };

  return {
    /**
     * Turns demo mode on or off. On shows the user's made-up transactions, and makes them the first time; off hides
     * them. What it is already changes nothing.
     * @param userId whose mode
     * @param isDemo what it becomes
     */
    async toggle(userId: string, isDemo: boolean): Promise<void> {
      await parts.inTransaction(async (session) => {
        const { generation } = await settings.find(userId, session);
        const rows = await transactions.ofSource(userId, 'demo', ALL_DAYS, session);
        await settings.save(userId, { isDemo, generation }, session);
        if (isDemo && rows.length === 0) {
          await fill(userId, generation, FIRST_DAYS, session);
          return;
        }
        const changes = rows.map((row) =>
          isDemo ? (row.hidden === 'demo-off' ? show(row) : undefined) : hide(row, 'demo-off'),
        );
        await parts.storeChanges(
          userId,
          changes.filter((change) => change !== undefined),
          session,
        );
      });
    },

    /**
     * Replaces the made-up transactions of a user by new ones, and turns demo mode on. Nothing else is touched.
     * @param userId whose
     * @param days how many days up to today
     * @returns the new ones, newest first
     */
    async reset(userId: string, days: number): Promise<RawTransaction[]> {
      return parts.inTransaction(async (session) => {
        const { generation } = await settings.find(userId, session);
        const rows = await transactions.ofSource(userId, 'demo', ALL_DAYS, session);
        const changes = rows.map((row) => hide(row, 'removed')).filter((change) => change !== undefined);
        await parts.storeChanges(userId, changes, session);
        await transactions.drop(
          userId,
          rows.map(({ _id }) => _id),
          session,
        );
        await settings.save(userId, { isDemo: true, generation: generation + 1 }, session);
        return fill(userId, generation + 1, days, session);
      });
    },
  };
};

export type DemoMode = ReturnType<typeof createDemoMode>;
