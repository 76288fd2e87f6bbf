import { hash } from 'node:crypto';
import { AppError } from '@orrery/service-kit';
import { v7 as uuidv7 } from 'uuid';
import type { PlaidClient, TransferOrder } from '../clients/plaid-client.ts';
import type { AccountStore } from '../store/account-store.ts';
import type { ItemStore } from '../store/item-store.ts';
import type { TransferRecord, TransferStore } from '../store/transfer-store.ts';
import type { LinkBank } from './link-bank.ts';

/** What moving money needs. */
export interface MoveMoneyParts {
  transfers: TransferStore;
  accounts: AccountStore;
  items: ItemStore;
  linkBank: LinkBank;
  plaid: PlaidClient;
  /** Whether money may be moved on this installation. */
  isAllowed: boolean;
}

/** What a user asks for. */
export type MoneyOrder = Omit<TransferOrder, 'idempotencyKey'>;

/** Plaid keeps keys of at most 50 letters. */
const KEY_LENGTH = 40;
const MAX_OPEN = 500;

/**
 * Use cases that move money: authorise and create in one, look, take back.
 * @param parts stores and the provider
 */
export const createMoveMoney = (parts: MoveMoneyParts) => {
  const { transfers, accounts, items, linkBank, plaid } = parts;

  const requireAllowed = (): void => {
    if (!parts.isAllowed) {
      throw new AppError('forbidden', { detail: 'Transfers are switched off on this installation.' });
    }
  };

  const linkOf = async (userId: string, itemId: string | undefined) => {
    const item = itemId === undefined ? null : await items.find(userId, itemId);
    if (item?.active !== true) {
      throw new AppError('not-found', { detail: 'There is no such account at a linked bank' });
    }
    return item;
  };

  const look = async (userId: string, id: string): Promise<TransferRecord> => {
    const record = await transfers.find(userId, id);
    if (record === null) {
      throw new AppError('not-found');
    }
    if (record.transferId === null) {
      return record;
    }
    const now = await plaid.transferStatus(record.transferId);
    await transfers.settle(userId, id, now);
    return { ...record, ...now };
  };

  return {
    /**
     * Moves money from or to an account of a linked bank. A repetition with the same key moves nothing more.
     * @param userId owner
     * @param order what is to be moved
     * @param key of the client, if it sent one
     */
    async move(userId: string, order: MoneyOrder, key: string | undefined): Promise<TransferRecord> {
      requireAllowed();
      const account = await accounts.find(userId, order.accountId);
      const item = await linkOf(userId, account?.itemId);
      const id =
        key === undefined
          ? `trf_${uuidv7().replaceAll('-', '')}`
          : `trf_${hash('sha256', `${userId}\u0000${key}`, 'base64url').slice(0, 24)}`;
      const record = await transfers.begin(userId, {
        _id: id,
        userId,
        itemId: item._id,
        ...order,
        createdAt: new Date(),
        status: 'requested',
        reason: null,
        transferId: null,
        authorizationId: null,
      });
      if (record.status !== 'requested') {
        return record;
      }
      const idempotencyKey = hash('sha256', id, 'hex').slice(0, KEY_LENGTH);
      const result = await linkBank.ask(userId, item, (token) =>
        plaid.transfer(token, { ...order, idempotencyKey }),
      );
      await transfers.settle(userId, id, result);
      return { ...record, ...result };
    },

    /**
     * One transfer as the provider sees it now.
     * @param userId owner
     * @param id the transfer
     * @throws AppError `not-found`
     */
    look,

    /**
     * Takes a transfer back that has not left.
     * @param userId owner
     * @param id the transfer
     * @throws AppError `not-found`
     */
    async cancel(userId: string, id: string): Promise<TransferRecord> {
      requireAllowed();
      const record = await transfers.find(userId, id);
      if (record === null || record.transferId === null) {
        throw new AppError('not-found');
      }
      await plaid.cancelTransfer(record.transferId);
      return look(userId, id);
    },

    /** Asks the provider where all open transfers stand. */
    async refreshOpen(): Promise<void> {
      for (const { userId, _id } of await transfers.open(MAX_OPEN)) {
        await look(userId, _id);
      }
    },
  };
};

export type MoveMoney = ReturnType<typeof createMoveMoney>;
