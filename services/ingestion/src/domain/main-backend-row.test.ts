import { describe, expect, it } from '@jest/globals';
import { decideMainBackendChange } from './main-backend-row.ts';
import type { MainMoney } from './main-backend-row.ts';

const expense = (fields: Partial<MainMoney> = {}): MainMoney => ({
  kind: 'expense',
  id: '66a000000000000000000001',
  userId: '66a0000000000000000000aa',
  isDeleted: false,
  record: { name: 'Rent', amountMinor: 95_000, day: '2026-03-01' },
  ...fields,
});

const decide = (
  money: MainMoney,
  before?: Parameters<typeof decideMainBackendChange>[1],
  today = '2026-03-16',
) => decideMainBackendChange(money, before, today, 'GBP');

describe('an expense or income of the main back end', () => {
  it('is money out or in, in pence, on its day', () => {
    expect(decide(expense())).toMatchObject({
      isNew: true,
      tell: 'ingested',
      row: { amountMinor: -95_000, currency: 'GBP', postedOn: '2026-03-01', description: 'Rent' },
    });
    expect(decide(expense({ kind: 'income' }))).toMatchObject({ row: { amountMinor: 95_000 } });
  });

  it.each([
    ['Warehouse salary', 'salary'],
    ['State pension', 'pension'],
    ['Sold bike', 'other-income'],
    ['Freelance design', 'other-income'],
  ])('is income where it was written down as income: %s', (name, category) => {
    const record = { name, amountMinor: 12_000, day: '2026-03-01' };

    expect(decide(expense({ kind: 'income', record }))?.row.statedCategory).toBe(category);
    expect(decide(expense({ record }))?.row.statedCategory).toBeUndefined();
  });

  it.each([{ statedCategory: 'groceries' }, { statedGroup: 'foodAndDrink' }])(
    'keeps what a hidden twin left it: %j',
    (left) => {
      const before = decide(expense())?.row;
      const stated = before === undefined ? undefined : { ...before, ...left };

      expect(decide(expense(), stated)).toBeUndefined();
    },
  );

  it('changes nothing when it is as it was', () => {
    const first = decide(expense());

    expect(decide(expense(), first?.row)).toBeUndefined();
  });

  it('is kept and not told before its day, and told when the day has come', () => {
    const planned = decide(expense(), undefined, '2026-02-20');

    expect(planned).toMatchObject({ tell: 'nothing', row: { hidden: 'not-due' } });
    expect(decide(expense(), planned?.row)).toMatchObject({ tell: 'ingested', row: { rowVersion: 2 } });
  });

  it('leaves the ledger when it is deleted or becomes unreadable there, and when it moves into the future', () => {
    const shown = decide(expense())?.row;

    for (const now of [expense({ isDeleted: true }), expense({ record: undefined })]) {
      expect(decide(now, shown)).toMatchObject({ tell: 'removed', row: { hidden: 'removed' } });
    }
    expect(
      decide(expense({ record: { name: 'Rent', amountMinor: 95_000, day: '2026-04-01' } }), shown),
    ).toMatchObject({ tell: 'removed', row: { hidden: 'not-due' } });
  });

  it('comes to nothing when it was deleted before we saw it', () => {
    expect(decide(expense({ isDeleted: true }))).toBeUndefined();
  });

  it('has a name even where none was given, and survives a negative amount', () => {
    expect(decide(expense({ record: { name: ' ', amountMinor: -100, day: '2026-03-01' } }))).toMatchObject({
      row: { description: 'Expense', amountMinor: 100 },
    });
  });
});
