import type { ClientSession, Connection } from 'mongoose';
import type { BankAccount } from '../domain/bank/bank-account.ts';

/** An account of a user, known by a free name or by its bank. */
export interface Account {
  _id: string;
  userId: string;
  name: string;
  source: 'import' | 'plaid' | 'manual' | 'main-backend' | 'demo';
  createdAt: Date;
  /** The bank link, for an account of a linked bank. */
  itemId?: string;
  bank?: BankAccount;
  /** When the bank was asked last. */
  seenAt?: Date;
}

const MAX_ACCOUNTS = 1000;

/**
 * Accounts of users.
 * @param connection database of the service
 */
export const createAccountStore = (connection: Connection) => {
  const accounts = connection.collection<Account>('accounts');

  return {
    /** Makes the collection and its index; safe to repeat. */
    async prepare(): Promise<void> {
      await accounts.createIndexes([
        { key: { userId: 1, name: 1 }, name: 'by_name' },
        { key: { userId: 1, itemId: 1 }, name: 'by_bank' },
      ]);
    },

    /**
     * All accounts of a user, name by id.
     * @param userId owner
     */
    async names(userId: string): Promise<Record<string, string>> {
      const found = await accounts.find({ userId }, { projection: { name: 1 } }).toArray();
      return Object.fromEntries(found.map(({ _id, name }) => [_id, name]));
    },

    /**
     * The accounts of a user, by name.
     * @param userId owner
     */
    async list(userId: string): Promise<Account[]> {
      return accounts.find({ userId }).sort({ name: 1 }).limit(MAX_ACCOUNTS).toArray();
    },

    /**
     * The accounts of a bank link.
     * @param userId owner
     * @param itemId the bank link
     */
    async ofItem(userId: string, itemId: string): Promise<Account[]> {
      return accounts.find({ userId, itemId }).toArray();
    },

    /**
     * One account of a user, or null.
     * @param userId owner
     * @param accountId the account
     */
    async find(userId: string, accountId: string): Promise<Account | null> {
      return accounts.findOne({ _id: accountId, userId });
    },

    /**
     * Adds accounts that do not exist yet.
     * @param userId owner
     * @param named ids and names
     * @param session transaction that also stores their first rows
     * @param source where they come from; default a file
     */
    async ensure(
      userId: string,
      named: readonly { accountId: string; accountName: string }[],
      session: ClientSession,
      source: Account['source'] = 'import',
    ): Promise<void> {
      if (named.length === 0) {
        return;
      }
      const createdAt = new Date();
      await accounts.bulkWrite(
        named.map(({ accountId, accountName }) => ({
          updateOne: {
            filter: { _id: accountId, userId },
            update: { $setOnInsert: { name: accountName, source, createdAt } },
            upsert: true,
          },
        })),
        { session, ordered: false },
      );
    },

    /**
     * Stores accounts as their bank states them.
     * @param userId owner
     * @param itemId the bank link
     * @param stated what the bank says
     * @param session transaction to write in, if any
     */
    async saveBank(
      userId: string,
      itemId: string,
      stated: readonly BankAccount[],
      session?: ClientSession,
    ): Promise<void> {
      if (stated.length === 0) {
        return;
      }
      const now = new Date();
      await accounts.bulkWrite(
        stated.map((bank) => ({
          updateOne: {
            filter: { _id: bank.accountId, userId },
            update: {
              $set: { name: bank.name, source: 'plaid' as const, itemId, bank, seenAt: now },
              $setOnInsert: { createdAt: now },
            },
            upsert: true,
          },
        })),
        session === undefined ? { ordered: false } : { session, ordered: false },
      );
    },

    /**
     * Drops the accounts of a bank link.
     * @param userId owner
     * @param itemId the bank link
     * @param session transaction to write in
     */
    async dropOfItem(userId: string, itemId: string, session: ClientSession): Promise<void> {
      await accounts.deleteMany({ userId, itemId }, { session });
    },
  };
};

export type AccountStore = ReturnType<typeof createAccountStore>;
