import { z } from 'zod';
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
  consumers: [],
  summary: 'A user linked a bank, or a broken link works again',
  data: LinkedBank,
});

export const BankItemBroken = defineEvent({
  name: 'bank.item-broken',
  version: 1,
  producer: 'ingestion',
  consumers: [],
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
  consumers: [],
  summary: 'A user removed a linked bank, or the bank withdrew the permission',
  data: LinkedBank,
});
