import { describe, expect, it } from '@jest/globals';
import { getSpending } from './get-spending.ts';
import type { ToolAccess } from './tool-access.ts';

const row = (merchant: string, slug: string, amount: string) => ({
  id: merchant,
  date: '2026-02-10',
  description: merchant,
  merchant,
  amount: { amount, currency: 'GBP' },
  category: { slug, name: slug },
});

/** A ledger that lists these rows whatever is asked, so that a report about all of it cannot be what answers. */
const ledgerOf = (rows: readonly ReturnType<typeof row>[]): ToolAccess => ({
  identity: { kind: 'user', userId: 'u1', role: 'user', caller: 'gateway' },
  language: 'en',
  today: '2026-03-05',
  currency: 'GBP',
  signal: new AbortController().signal,
  call: ((_service: string, route: { path: string }) =>
    route.path === '/v1/transactions'
      ? Promise.resolve({ status: 200, body: { data: rows, page: { nextCursor: null } } })
      : Promise.reject(new Error(`${route.path} was asked`))) as unknown as ToolAccess['call'],
  propose: () => Promise.reject(new Error('proposed')),
});

describe('spending by groups without some of it', () => {
  const access = ledgerOf([
    row('Landlord', 'rent', '-900.00'),
    row('Tesco', 'groceries', '-60.00'),
    row('Shell', 'fuel', '-40.00'),
    row('ACME Ltd', 'salary', '2500.00'),
  ]);
  const february = { from: '2026-02-01', to: '2026-02-28', except: [{ category: 'rent' }] };

  it.each([
    ['category', ['Groceries', 'Fuel']],
    ['merchant', ['Tesco', 'Shell']],
  ] as const)('shows no share by %s of what is left out', async (groupBy, names) => {
    const { totals, groups } = await getSpending({ ...february, groupBy }, access);

    expect(totals).toMatchObject([{ spent: { amount: '100.00' }, count: 2 }]);
    expect(groups).toMatchObject([
      { name: names[0], spent: { amount: '60.00' }, percent: 60 },
      { name: names[1], spent: { amount: '40.00' }, percent: 40 },
    ]);
  });

  it('say so when not all rows could be looked at, though the sum is whole', async () => {
    const endless: ToolAccess = {
      ...access,
      call: ((_service: string, { path }: { path: string }) =>
        Promise.resolve({
          status: 200,
          body:
            path === '/v1/transactions'
              ? { data: [row('Tesco', 'groceries', '-1.00')], page: { nextCursor: 'more' } }
              : {
                  totals: [{ currency: 'GBP', net: { amount: '-9000.00', currency: 'GBP' }, count: 9_000 }],
                  complete: true,
                },
        })) as unknown as ToolAccess['call'],
    };

    const asked = { from: '2026-02-01', to: '2026-02-28', category: 'groceries' };
    expect(await getSpending(asked, endless)).toMatchObject({ complete: true });
    expect(await getSpending({ ...asked, groupBy: 'merchant' }, endless)).toMatchObject({ complete: false });
  });
});

describe('a merchant of which nothing is found in the period', () => {
  /** The ledger has one row of Tesco, at another time than is asked about. */
  const access: ToolAccess = {
    ...ledgerOf([]),
    call: ((_service: string, { path }: { path: string }, { query }: { query: { from?: string } }) =>
      Promise.resolve({
        status: 200,
        body:
          path === '/v1/transactions'
            ? {
                data: query.from === undefined ? [row('Tesco', 'groceries', '-1.00')] : [],
                page: { nextCursor: null },
              }
            : { data: [] },
      })) as unknown as ToolAccess['call'],
  };
  const february = { from: '2026-02-01', to: '2026-02-28' };

  it('is unknown when no transaction of any time is of that name', async () => {
    expect(await getSpending({ ...february, merchant: '테스코' }, access)).toMatchObject({
      totals: [],
      isUnknownMerchant: true,
    });
  });

  it('is known when there is one at another time', async () => {
    expect(await getSpending({ ...february, merchant: 'Tesco' }, access)).not.toHaveProperty(
      'isUnknownMerchant',
    );
  });
});
