import { z } from 'zod';
import { AmountMinor, Currency } from '../amount.ts';
import { Instant } from '../calendar-date.ts';
import { defineEvent } from '../define-event.ts';
import { ResourceId, UserId } from '../ids.ts';

const LinkedBank = z.object({
  userId: UserId,
  itemId: ResourceId,
  institutionName: z.string().max(256),
  /** Grows with every change of the item's state, so that an older fact that arrives late is ignored. */
  rowVersion: z.int().min(1),
});

export const BankItemLinked = defineEvent({
  name: 'bank.item-linked',
  version: 1,
  producer: 'ingestion',
  consumers: ['insights'],
  summary: 'A user linked a bank, or a broken link works again',
  data: LinkedBank,
});

export const BankItemBroken = defineEvent({
  name: 'bank.item-broken',
  version: 1,
  producer: 'ingestion',
  consumers: ['chat', 'insights'],
  summary: 'A linked bank needs its user to sign in again; it comes once per outage',
  data: LinkedBank.extend({
    /** Number of the outage of this item, from 1. */
    outage: z.int().min(1),
    since: Instant,
    /** Plaid's error code, for instance `ITEM_LOGIN_REQUIRED`. */
    errorCode: z.string().max(64),
  }),
});

export const BankItemRemoved = defineEvent({
  name: 'bank.item-removed',
  version: 1,
  producer: 'ingestion',
  consumers: ['insights'],
  summary: 'A user removed a linked bank, or the bank withdrew the permission',
  data: LinkedBank,
});

/** Balance of one account as the bank tells it; minor units of `currency`. */
const AccountBalance = z.object({
  accountId: ResourceId,
  name: z.string().max(256),
  /** Plaid's type: `depository` is the user's own money, `credit` and `loan` are owed. */
  type: z.enum(['depository', 'credit', 'loan', 'investment', 'brokerage', 'other']),
  subtype: z.string().max(64).optional(),
  currency: Currency,
  currentMinor: AmountMinor.nullable(),
  /** What can be spent now, where the bank tells it. */
  availableMinor: AmountMinor.nullable(),
});

export const BankBalancesRead = defineEvent({
  name: 'bank.balances-read',
  version: 1,
  producer: 'ingestion',
  consumers: ['insights'],
  summary: 'The balances of all accounts of a linked bank were read; consumers ignore an older reading',
  data: z.object({
    userId: UserId,
    itemId: ResourceId,
    readAt: Instant,
    accounts: z.array(AccountBalance).max(200),
  }),
});
