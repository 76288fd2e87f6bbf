import { describe, expect, it } from '@jest/globals';
import { systemClock } from '@orrery/calendar';
import {
  type CategorizedTransaction,
  EventEnvelope,
  MAX_TRANSACTIONS_PER_EVENT,
  TransactionsCategorized,
} from '@orrery/contracts';
import { createEvent, newEvent } from './create-event.ts';
import { encodeEvent, EventTooLargeError, MAX_EVENT_BYTES } from './encode-event.ts';

const id = 'x'.repeat(64);
/** JSON writes a control character with six bytes: nothing takes more room. */
const text = (length: number): string => '\u0001'.repeat(length);

const LONGEST: CategorizedTransaction = {
  transactionId: id,
  rowVersion: Number.MAX_SAFE_INTEGER,
  accountId: id,
  source: 'main-backend',
  postedOn: '2026-11-30',
  occurredAt: '2026-11-30T12:00:00.000Z',
  description: text(512),
  merchantName: text(256),
  amountMinor: -Number.MAX_SAFE_INTEGER,
  currency: 'KRW',
  pending: false,
  mcc: '5411',
  country: 'KR',
  providerCategory: { primary: id, detailed: id },
  decision: {
    category: id,
    confidence: 0.123456789,
    decision: 'suggest',
    source: 'merchant',
    merchant: text(256),
    decisionVersion: Number.MAX_SAFE_INTEGER,
  },
};

const categorized = (transactions: CategorizedTransaction[]): EventEnvelope =>
  createEvent(
    newEvent(TransactionsCategorized, id, { userId: id, transactions }),
    'categorization',
    systemClock,
  );

describe('encodeEvent', () => {
  it('has room for the most transactions of an event, each with the longest texts', () => {
    const rows = Array.from({ length: MAX_TRANSACTIONS_PER_EVENT }, () => LONGEST);

    expect(Buffer.byteLength(encodeEvent(categorized(rows)).body)).toBeLessThan(MAX_EVENT_BYTES);
  });

  it('gives the head for routing and the whole envelope as text', () => {
    const envelope = categorized([LONGEST]);

    const { head, body } = encodeEvent(envelope);

    expect(EventEnvelope.parse(JSON.parse(body))).toEqual(envelope);
    expect({ ...head, data: envelope.data }).toEqual(envelope);
    expect(head).not.toHaveProperty('data');
  });

  it('refuses an event beyond the limit in bytes, not characters', () => {
    const envelope = { ...categorized([LONGEST]), data: '가'.repeat(MAX_EVENT_BYTES / 2) };

    expect(() => encodeEvent(envelope)).toThrow(EventTooLargeError);
  });
});
