import { describe, expect, it } from '@jest/globals';
import { matchTwins } from './match-twins.ts';
import type { RawTransaction } from './raw-transaction.ts';

const row = (id: string, fields: Partial<RawTransaction> = {}): RawTransaction => ({
  _id: id,
  userId: 'u1',
  rowVersion: 1,
  accountId: 'a1',
  source: 'plaid',
  postedOn: '2026-03-10',
  description: 'POS TESCO STORES 3217 BRISTOL',
  amountMinor: -1250,
  currency: 'GBP',
  pending: false,
  ...fields,
});

const byHand = (id: string, fields: Partial<RawTransaction> = {}): RawTransaction =>
  row(id, { source: 'manual', description: 'Tesco', postedOn: '2026-03-09', ...fields });

const pairs = (twins: ReturnType<typeof matchTwins>) =>
  twins.map(({ kept, hidden }) => [kept._id, hidden._id]);

describe('one purchase seen by two sources', () => {
  it('is one, and the row of the bank is kept whichever came first', () => {
    expect(pairs(matchTwins([row('bank')], [byHand('hand')]))).toEqual([['bank', 'hand']]);
    expect(pairs(matchTwins([byHand('hand')], [row('bank')]))).toEqual([['bank', 'hand']]);
  });

  it('stays two when both sources show two', () => {
    const twins = matchTwins([byHand('h1'), byHand('h2'), byHand('h3')], [row('b1'), row('b2')]);

    expect(pairs(twins)).toEqual([
      ['b1', 'h1'],
      ['b2', 'h2'],
    ]);
  });

  it('prefers the nearest day', () => {
    const twins = matchTwins(
      [byHand('hand', { postedOn: '2026-03-09' })],
      [row('far', { postedOn: '2026-03-12' }), row('near', { postedOn: '2026-03-10' })],
    );

    expect(pairs(twins)).toEqual([['near', 'hand']]);
  });

  it.each([
    ['another amount', { amountMinor: -1251 }],
    ['the other direction', { amountMinor: 1250 }],
    ['another currency', { currency: 'EUR' }],
    ['another week', { postedOn: '2026-03-20' }],
    ['no word in common but how it was paid', { description: 'POS CARD PAYMENT' }],
    ['the same source', { source: 'manual' as const }],
    ['made-up rows', { source: 'demo' as const }],
    ['a user who said that they differ', { keptApart: ['hand'] }],
  ])('is not found with %s', (_what, fields) => {
    expect(matchTwins([byHand('hand')], [row('bank', fields)])).toEqual([]);
  });

  it('is found in Korean and with accents', () => {
    expect(
      matchTwins(
        [byHand('hand', { description: '스타벅스 강남점' })],
        [row('bank', { description: '스타벅스 2241' })],
      ),
    ).toHaveLength(1);
    expect(
      matchTwins(
        [byHand('hand', { description: 'Monoprix' })],
        [row('bank', { description: 'CARTE MONOPRIX É' })],
      ),
    ).toHaveLength(1);
  });
});
