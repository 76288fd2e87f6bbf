import { describe, expect, it } from '@jest/globals';
import { Decimal128, ObjectId } from 'mongodb';
import { parseBudget, parseDebt, parseExpense, parseIncome, parseSavingGoal, parseUser } from './records.ts';

const id = new ObjectId();

describe('records of the main back end', () => {
  it.each([
    [1650, 165_000],
    [12.99, 1299],
    [1.005, 101],
    ['210.50', 21_050],
    [Decimal128.fromString('0.1'), 10],
    [-4, -400],
  ])('reads the amount %s as %i pence', (amount, pence) => {
    expect(parseIncome({ _id: id, amount, receiveDate: new Date('2026-09-01') })?.amountMinor).toBe(pence);
  });

  it.each([['twelve'], [Number.NaN], [Number.POSITIVE_INFINITY], [1e300], [{ $ne: 1 }], [null], [undefined]])(
    'refuses an income whose amount is %p instead of counting it as nothing',
    (amount) => {
      expect(parseIncome({ _id: id, amount, receiveDate: new Date('2026-09-01') })).toBeUndefined();
    },
  );

  it('reads days that older rows keep as text', () => {
    const income = parseIncome({
      _id: id,
      amount: 1,
      receiveDate: '2025-07-31T00:00:00.000Z',
      frequency: 'once',
    });

    expect(income).toMatchObject({ receivedOn: '2025-07-31', frequency: 'one-off' });
  });

  it.each([
    ['on-off', 'one-off'],
    ['weekly', 'weekly'],
    ['fortnightly', 'unknown'],
    ['constructor', 'unknown'],
    [7, 'unknown'],
    [undefined, 'one-off'],
  ])('reads the expense frequency %p as %s', (stored, frequency) => {
    const expense = parseExpense({ _id: id, amount: 1, endDate: new Date('2026-09-01'), frequency: stored });

    expect(expense?.frequency).toBe(frequency);
  });

  it('takes a budget without frequency as monthly and keeps its owner and its expense', () => {
    const owner = new ObjectId();
    const expensesId = new ObjectId();

    const budget = parseBudget({
      _id: id,
      userId: owner,
      amount: 950,
      type: 'household',
      category: 'Savings',
      expensesId,
      createdAt: new Date(0),
    });

    expect(budget).toMatchObject({
      ownerId: owner.toHexString(),
      frequency: 'monthly',
      type: 'household',
      expenseId: expensesId.toHexString(),
    });
  });

  it('reads debt payments that older rows keep as text and treats absent parts as zero', () => {
    const debt = parseDebt({
      _id: id,
      name: 'Card',
      amount: 6400,
      monthlyPayment: '210',
      payDueDate: '2026-12-12',
    });

    expect(debt).toMatchObject({
      balanceMinor: 640_000,
      monthlyPaymentMinor: 21_000,
      interestRepaymentMinor: 0,
      enteredRatePercent: null,
      dueOn: '2026-12-12',
    });
  });

  it('reads a savings goal under its stored spelling of the completion', () => {
    expect(
      parseSavingGoal({ _id: id, totalAmount: 600, completionRation: 6.5, savedMoney: 40 }),
    ).toMatchObject({ completionPercent: 6.5, savedMinor: 4000, isCompleted: false });
  });

  it('recognises administrators in any case and never carries a password', () => {
    const user = parseUser({
      _id: id,
      name: 'A',
      email: 'a@example.test',
      role: 'Admin',
      password: 'hash',
      authentication: {},
    });

    expect(user).toEqual({
      userId: id.toHexString(),
      name: 'A',
      email: 'a@example.test',
      isAdmin: true,
      isBlocked: false,
      isDeleted: false,
      partnerId: null,
    });
  });
});
