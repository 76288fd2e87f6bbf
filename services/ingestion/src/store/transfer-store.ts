import { afterCursor, cutPage, sortOf } from '@orrery/mongo';
import type { SortKey } from '@orrery/mongo';
import type { Connection } from 'mongoose';

/** Money that a user asked to be moved. */
export interface TransferRecord {
  _id: string;
  userId: string;
  itemId: string;
  accountId: string;
  type: 'debit' | 'credit';
  network: 'ach' | 'same-day-ach' | 'rtp' | 'wire';
  /** Decimal text with two places, US dollars. */
  amount: string;
  description: string;
  legalName: string;
  createdAt: Date;
  /** `requested` until the provider has answered. */
  status: string;
  reason: string | null;
  transferId: string | null;
  authorizationId: string | null;
}

const NEWEST_FIRST: readonly SortKey[] = [
  { field: 'createdAt', direction: -1, kind: 'date' },
  { field: '_id', direction: -1, kind: 'string' },
];

/** What the provider may still change. */
const OPEN = ['requested', 'pending', 'posted', 'settled'];

/**
 * Transfers of users.
 * @param connection database of the service
 */
export const createTransferStore = (connection: Connection) => {
  const transfers = connection.collection<TransferRecord>('transfers');

  return {
    /** Makes the collection and its indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await transfers.createIndexes([
        { key: { userId: 1, createdAt: -1, _id: -1 }, name: 'newest_first' },
        { key: { status: 1 }, name: 'by_status' },
      ]);
    },

    /**
     * Notes a transfer before the provider is asked; one that is there stays as it is.
     * @param userId owner
     * @param record the transfer
     * @returns what is stored
     */
    async begin(userId: string, record: TransferRecord): Promise<TransferRecord> {
      const { _id, ...fields } = record;
      const stored = await transfers.findOneAndUpdate(
        { _id, userId },
        { $setOnInsert: { ...fields, userId } },
        { upsert: true, returnDocument: 'after' },
      );
      return stored ?? record;
    },

    /**
     * One transfer of a user, or null.
     * @param userId owner
     * @param id the transfer
     */
    async find(userId: string, id: string): Promise<TransferRecord | null> {
      return transfers.findOne({ _id: id, userId });
    },

    /**
     * Transfers of a user, newest first.
     * @param userId owner
     * @param page rows and cursor
     * @throws InvalidCursorError
     */
    async list(userId: string, page: { limit: number; cursor?: string | undefined }) {
      const found = await transfers
        .find({ $and: [{ userId }, afterCursor(NEWEST_FIRST, page.cursor)] })
        .sort(sortOf(NEWEST_FIRST))
        .limit(page.limit + 1)
        .toArray();
      return cutPage(NEWEST_FIRST, found, page.limit);
    },

    /**
     * Stores what the provider says.
     * @param userId owner
     * @param id the transfer
     * @param change fields that it decides
     */
    async settle(
      userId: string,
      id: string,
      change: Partial<Pick<TransferRecord, 'status' | 'reason' | 'transferId' | 'authorizationId'>>,
    ): Promise<void> {
      await transfers.updateOne({ _id: id, userId }, { $set: change });
    },

    /**
     * Transfers of all users that are not at their end.
     * @param limit most rows
     */
    async open(limit: number): Promise<TransferRecord[]> {
      return transfers
        .find({ status: { $in: OPEN }, transferId: { $ne: null } })
        .limit(limit)
        .toArray();
    },
  };
};

export type TransferStore = ReturnType<typeof createTransferStore>;
