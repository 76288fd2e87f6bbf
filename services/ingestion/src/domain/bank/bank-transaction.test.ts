import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cashTotals, readPlaidAccount, sumByCurrency } from './bank-account.ts';
import { readPlaidTransaction } from './bank-transaction.ts';

const row = (fields: object) => ({
  transaction_id: 't1',
  account_id: 'a1',
  amount: 1,
  iso_currency_code: 'USD',
  date: '2026-03-01',
  name: 'SHOP',
  ...fields,
});

describe("a transaction of Plaid's", () => {
  it.each([
    [72.1, 'USD', -7210],
    [0.1 + 0.2, 'USD', -30],
    [-0.01, 'USD', 1],
    [-0, 'USD', 0],
    [5000, 'JPY', -5000],
    [1.005, 'EUR', -101],
    [1.2345, 'KWD', -1235],
  ])('of %p %s is %p minor units, out negative', (amount, iso_currency_code, minor) => {
    const { amountMinor } = readPlaidTransaction(row({ amount, iso_currency_code }));

    expect(Object.is(amountMinor, minor)).toBe(true);
  });

  it('of a coin has no minor units and keeps the amount as it was written', () => {
    expect(
      readPlaidTransaction(
        row({ amount: 0.00012345, iso_currency_code: null, unofficial_currency_code: 'DOGE' }),
      ),
    ).toMatchObject({
      amountMinor: 0,
      currency: null,
      providerAmount: '0.00012345',
      unofficialCurrency: 'DOGE',
    });
  });

  it('keeps the day of the bank whatever the zone of this machine', () => {
    const before = process.env['TZ'];
    try {
      for (const zone of ['Pacific/Tongatapu', 'America/Los_Angeles', 'UTC']) {
        process.env['TZ'] = zone;
        expect(readPlaidTransaction(row({ authorized_date: '2026-02-28' }))).toMatchObject({
          postedOn: '2026-03-01',
          authorizedOn: '2026-02-28',
        });
      }
    } finally {
      process.env['TZ'] = before;
    }
  });

  it('tells no instant where a bank writes midnight for an unknown time', () => {
    expect(readPlaidTransaction(row({ datetime: '2026-03-01T00:00:00Z' })).occurredAt).toBeUndefined();
    expect(readPlaidTransaction(row({ authorized_datetime: '2026-03-01T11:01:46Z' })).occurredAt).toBe(
      '2026-03-01T11:01:46.000Z',
    );
  });

  it.each([
    [null, undefined],
    [{ primary: null, detailed: null }, undefined],
    [
      { primary: 'OTHER', detailed: 'OTHER' },
      { primary: 'OTHER', detailed: 'OTHER' },
    ],
    [
      { primary: 'TRAVEL', detailed: 'TRANSPORTATION_PUBLIC_TRANSIT' },
      { primary: 'TRAVEL', detailed: 'TRANSPORTATION_PUBLIC_TRANSIT' },
    ],
    [
      { primary: 'NEW_GROUP', detailed: 'NEW_GROUP_NEW' },
      { primary: 'NEW_GROUP', detailed: 'NEW_GROUP_NEW' },
    ],
  ])('keeps the category %j as it is', (personal_finance_category, kept) => {
    expect(readPlaidTransaction(row({ personal_finance_category })).providerCategory).toEqual(kept);
  });

  it('is read whatever its optional fields hold', () => {
    const odd = fc.oneof(fc.constant(null), fc.constant(undefined), fc.string());
    fc.assert(
      fc.property(
        fc.record({
          iso_currency_code: odd,
          unofficial_currency_code: odd,
          authorized_date: odd,
          datetime: odd,
          name: odd,
          original_description: odd,
          merchant_name: odd,
          payment_channel: odd,
          merchant_category_code: odd,
          pending_transaction_id: odd,
          amount: fc.double({ noNaN: true, noDefaultInfinity: true }),
        }),
        (fields) => {
          const read = readPlaidTransaction(row(fields));

          expect(read.description.length).toBeGreaterThan(0);
          expect(Number.isSafeInteger(read.amountMinor)).toBe(true);
        },
      ),
    );
  });
});

describe("an account of Plaid's", () => {
  it('may lack mask, subtype and balances', () => {
    expect(
      readPlaidAccount({ account_id: 'a', name: 'X', mask: null, subtype: null, balances: null }),
    ).toMatchObject({
      mask: null,
      subtype: null,
      balances: { current: null, available: null, currency: null },
    });
  });

  it('keeps four decimals, and sums cash exactly and per currency only', () => {
    const account = (type: string, current: number, currency: string) =>
      readPlaidAccount({
        account_id: `${type}${currency}${String(current)}`,
        type,
        balances: { current, available: null, iso_currency_code: currency },
      });
    const accounts = [
      account('depository', 0.1, 'USD'),
      account('depository', 0.2, 'USD'),
      account('depository', 23_631.9805, 'EUR'),
      account('credit', 410, 'USD'),
    ];

    expect(accounts[2]?.balances.current).toBe('23631.9805');
    expect(cashTotals(accounts)).toEqual([
      { currency: 'USD', available: 0.3, current: 0.3 },
      { currency: 'EUR', available: 23_631.9805, current: 23_631.9805 },
    ]);
  });

  it('leaves values without a currency out of a sum', () => {
    expect(
      sumByCurrency([
        { currency: 'USD', value: 0.1 },
        { currency: null, value: 5 },
        { currency: 'USD', value: 0.2 },
      ]),
    ).toEqual([{ currency: 'USD', value: 0.3 }]);
  });
});
