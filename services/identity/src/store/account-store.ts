import type { ClientSession, Connection } from 'mongoose';
import { type Account, comparableName } from '../domain/account.ts';

interface AccountRow extends Omit<Account, 'userId'> {
  _id: string;
  /** Names in the form in which they are unique. */
  emailKey: string;
  usernameKey: string;
}

const NEWEST_LAST = { createdAt: 1, _id: 1 } as const;

const toAccount = ({ _id, emailKey: _email, usernameKey: _name, ...account }: AccountRow): Account => ({
  userId: _id,
  ...account,
});

const keysOf = ({ email, username }: Pick<Account, 'email' | 'username'>) => ({
  emailKey: comparableName(email),
  usernameKey: comparableName(username),
});

/** How many accounts there are. */
export interface AccountCounts {
  total: number;
  active: number;
  byRole: Record<string, number>;
}

/**
 * Our own accounts (standalone mode).
 * @param connection database of the service
 */
export const createAccountStore = (connection: Connection) => {
  const accounts = connection.collection<AccountRow>('accounts');
  const guards = connection.collection<{ _id: string; version: number }>('guards');

  return {
    /** Makes the collections and indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await accounts.createIndexes([
        { key: { emailKey: 1 }, name: 'by_email', unique: true },
        { key: { usernameKey: 1 }, name: 'by_username', unique: true },
        { key: { createdAt: 1, _id: 1 }, name: 'by_age' },
      ]);
      await guards.updateOne({ _id: 'admins' }, { $setOnInsert: { version: 0 } }, { upsert: true });
    },

    /**
     * Stores a new account.
     * @param userId its id
     * @param account the rest
     * @param session transaction that also records the event
     * @throws MongoServerError code 11000 on `emailKey` or `usernameKey`
     */
    async insert(userId: string, account: Omit<Account, 'userId'>, session: ClientSession): Promise<void> {
      await accounts.insertOne({ _id: userId, ...account, ...keysOf(account) }, { session });
    },

    /**
     * The account, or undefined.
     * @param userId its id
     * @param session transaction to read in
     */
    async find(userId: string, session?: ClientSession): Promise<Account | undefined> {
      const row = await accounts.findOne({ _id: userId }, session === undefined ? {} : { session });
      return row === null ? undefined : toAccount(row);
    },

    /**
     * The account that a person means at a login. User names never hold an `@`, so the two cannot be confused.
     * @param name user name or e-mail as typed
     */
    async findByName(name: string): Promise<Account | undefined> {
      const key = comparableName(name);
      const row = await accounts.findOne(key.includes('@') ? { emailKey: key } : { usernameKey: key });
      return row === null ? undefined : toAccount(row);
    },

    /**
     * Which of two names are taken by somebody else.
     * @param userId who wants them; undefined for a newcomer
     * @param names the wanted names
     */
    async taken(
      userId: string | undefined,
      names: { email?: string | undefined; username?: string | undefined },
    ): Promise<{ email: boolean; username: boolean }> {
      const others = userId === undefined ? {} : { _id: { $ne: userId } };
      const isTaken = async (field: 'emailKey' | 'usernameKey', name: string | undefined) =>
        name !== undefined &&
        (await accounts.findOne({ ...others, [field]: comparableName(name) }, { projection: { _id: 1 } })) !==
          null;
      return {
        email: await isTaken('emailKey', names.email),
        username: await isTaken('usernameKey', names.username),
      };
    },

    /**
     * Changes an account.
     * @param userId its id
     * @param change new values
     * @param session transaction of the change
     * @throws MongoServerError code 11000 on `emailKey` or `usernameKey`
     */
    async update(
      userId: string,
      change: Partial<Omit<Account, 'userId'>>,
      session: ClientSession,
    ): Promise<void> {
      const keys = {
        ...(change.email === undefined ? {} : { emailKey: comparableName(change.email) }),
        ...(change.username === undefined ? {} : { usernameKey: comparableName(change.username) }),
      };
      await accounts.updateOne({ _id: userId }, { $set: { ...change, ...keys } }, { session });
    },

    /**
     * Removes an account.
     * @param userId its id
     * @param session transaction of the removal
     */
    async remove(userId: string, session: ClientSession): Promise<void> {
      await accounts.deleteOne({ _id: userId }, { session });
    },

    /**
     * Accounts, oldest first.
     * @param page how many to leave out and how many to give
     */
    async list(page: { skip: number; limit: number }): Promise<{ rows: Account[]; total: number }> {
      const [rows, total] = await Promise.all([
        accounts.find({}).sort(NEWEST_LAST).skip(page.skip).limit(page.limit).toArray(),
        accounts.countDocuments({}),
      ]);
      return { rows: rows.map(toAccount), total };
    },

    /** Whether there is any administrator, active or not. */
    async hasAdmin(): Promise<boolean> {
      return (await accounts.findOne({ role: 'admin' }, { projection: { _id: 1 } })) !== null;
    },

    /**
     * Number of active administrators. Two transactions that both count and then remove one would each see the other's;
     * the guard makes the second start over.
     * @param session transaction that may remove one
     */
    async countActiveAdmins(session: ClientSession): Promise<number> {
      await guards.updateOne({ _id: 'admins' }, { $inc: { version: 1 } }, { session });
      return accounts.countDocuments({ role: 'admin', isActive: true }, { session });
    },

    /** How many accounts there are, by state and role. */
    async count(): Promise<AccountCounts> {
      const rows = await accounts
        .aggregate<{ _id: { role: string; isActive: boolean }; count: number }>([
          { $group: { _id: { role: '$role', isActive: '$isActive' }, count: { $sum: 1 } } },
        ])
        .toArray();
      const sum = (some: typeof rows): number => some.reduce((total, { count }) => total + count, 0);
      const byRole: Record<string, number> = {};
      for (const { _id, count } of rows) {
        byRole[_id.role] = (byRole[_id.role] ?? 0) + count;
      }
      return { total: sum(rows), active: sum(rows.filter(({ _id }) => _id.isActive)), byRole };
    },
  };
};

export type AccountStore = ReturnType<typeof createAccountStore>;
