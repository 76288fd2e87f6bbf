import { hash } from 'node:crypto';
import { TransactionId } from '@orrery/contracts';
import { isDuplicateKey } from '@orrery/mongo';
import { AppError } from '@orrery/service-kit';
import type { Runtime } from '@orrery/service-kit';
import { v7 as uuidv7 } from 'uuid';
import { accountIdFor } from '../domain/import/row-identity.ts';
import type { RawTransaction } from '../domain/raw-transaction.ts';
import type { AccountStore } from '../store/account-store.ts';
import type { RawTransactionStore } from '../store/raw-transaction-store.ts';
import type { StoreChanges } from './store-changes.ts';

/** A transaction that a user writes down. */
export interface ManualEntry {
  /** The client's own id; a repeated request with it adds nothing. */
  id: string | undefined;
  postedOn: string;
  merchantName: string;
  /** Minor units, negative is money out. */
  amountMinor: number;
  currency: string;
  paymentChannel: string;
  pending: boolean;
  /** Slug; absent when the user named no category. */
  category: string | undefined;
  /** A category of Cash Sense, when the user named no more than that. */
  group: string | undefined;
}

interface AddTransactionParts {
  transactions: RawTransactionStore;
  accounts: AccountStore;
  storeChanges: StoreChanges;
  inTransaction: Runtime<unknown>['inTransaction'];
}

const ACCOUNT_NAME = 'By hand';
const ID_LENGTH = 24;

/** Ids with this beginning are ours. */
const OWN_PREFIX = 'txn_';

const derivedId = (userId: string, id: string): string =>
  `${OWN_PREFIX}${hash('sha256', `${userId}\u0000manual\u0000${id}`, 'base64url').slice(0, ID_LENGTH)}`;

const isSame = (row: RawTransaction, entry: ManualEntry): boolean =>
  row.source === 'manual' &&
  row.postedOn === entry.postedOn &&
  row.amountMinor === entry.amountMinor &&
  row.currency === entry.currency &&
  row.merchantName === entry.merchantName;

/**
 * A use case that adds a transaction which a user wrote down. An id of the client's makes the request repeatable; it
 * becomes the transaction's id unless it cannot.
 * @param parts stores
 */
export const createAddTransaction = (parts: AddTransactionParts) => {
  const accountOf = (userId: string): string => accountIdFor(userId, ACCOUNT_NAME);

  const store = async (userId: string, id: string, entry: ManualEntry): Promise<RawTransaction> =>
    parts.inTransaction(async (session) => {
      const [known] = await parts.transactions.byIds(userId, [id], session);
      if (known !== undefined) {
        if (!isSame(known, entry)) {
          throw new AppError('conflict', { detail: 'Another transaction has this id already.' });
        }
        return known;
      }
      const row: RawTransaction = {
        _id: id,
        userId,
        rowVersion: 1,
        accountId: accountOf(userId),
        source: 'manual',
        postedOn: entry.postedOn,
        description: entry.merchantName,
        merchantName: entry.merchantName,
        amountMinor: entry.amountMinor,
        currency: entry.currency,
        pending: entry.pending,
        paymentChannel: entry.paymentChannel,
        ...(entry.category === undefined ? {} : { statedCategory: entry.category }),
        ...(entry.group === undefined ? {} : { statedGroup: entry.group }),
      };
      await parts.accounts.ensure(
        userId,
        [{ accountId: row.accountId, accountName: ACCOUNT_NAME }],
        session,
        'manual',
      );
      await parts.storeChanges(userId, [{ row, isNew: true, tell: 'ingested' }], session);
      return row;
    });

  /**
   * @param userId owner
   * @param entry what was written down
   * @returns the stored transaction
   * @throws AppError `conflict` when the id belongs to another transaction of the user
   */
  return async (userId: string, entry: ManualEntry): Promise<RawTransaction> => {
    const wanted = entry.id ?? `${OWN_PREFIX}${uuidv7().replaceAll('-', '')}`;
    const isUsable =
      entry.id === undefined || (TransactionId.safeParse(wanted).success && !wanted.startsWith(OWN_PREFIX));
    if (!isUsable) {
      return store(userId, derivedId(userId, wanted), entry);
    }
    try {
      return await store(userId, wanted, entry);
    } catch (error) {
      // Somebody else's transaction has the id; ours gets one of its own.
      if (isDuplicateKey(error)) {
        return store(userId, derivedId(userId, wanted), entry);
      }
      throw error;
    }
  };
};

export type AddTransaction = ReturnType<typeof createAddTransaction>;
