import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aUser } from '@orrery/testing';
import { openAdvisor, type TestAdvisor } from './open-advisor.ts';

let service: TestAdvisor;

beforeAll(async () => {
  service = await openAdvisor();
}, 60_000);
afterAll(async () => {
  await service.stop();
});

const gbp = (amount: string) => ({ amount, currency: 'GBP' });

describe('GET /v1/summary', () => {
  it('counts every row of the month once, next to no row of another month, and knows old shapes', async () => {
    const { status, json } = await service.as('rowan', '/v1/summary');

    expect(status).toBe(200);
    // 800 + 180 + 260.40 + 2 x 10.99 + 2 x 75.50 + 150
    expect(json).toMatchObject({
      source: 'main-backend',
      month: '2026-05',
      income: gbp('1500.00'),
      expenses: gbp('1563.38'),
      disposal: gbp('-63.38'),
      debtPayments: gbp('536.00'),
      afterDebts: gbp('-599.38'),
      debts: { total: gbp('10600.00'), shareOfIncome: 35.73 },
      savings: { saved: gbp('60.00'), monthlyTarget: gbp('30.00'), completion: 4.2857 },
      previousMonth: { month: '2026-04', income: gbp('1500.00'), expenses: gbp('800.00') },
      spendingGrowth: 95.42,
      household: null,
    });
  });

  it('tells the true rate of each debt, entered or from its interest', async () => {
    const { json } = await service.as('rowan', '/v1/summary');

    expect(json).toMatchObject({
      debts: {
        items: [
          { name: 'Store card', apr: 30 },
          { name: 'Quick loan', apr: 53.33 },
          { name: 'Van loan', apr: 8.9, dueOn: '2026-06-10' },
          { name: 'Overdraft', apr: 10.29 },
        ],
      },
    });
  });

  it('keeps the household apart, and drops it as soon as one side ends the link', async () => {
    const linked = await service.as('ines', '/v1/summary');
    await service.main
      .collection('users')
      .updateOne({ _id: service.people.karl._id }, { $set: { partnerId: null } });
    const ended = await service.as('ines', '/v1/summary');
    await service.main
      .collection('users')
      .updateOne({ _id: service.people.karl._id }, { $set: { partnerId: service.people.ines._id } });

    expect(linked.json).toMatchObject({
      expenses: gbp('1052.00'),
      household: { ownBudgets: gbp('950.00'), partnerBudgets: gbp('586.00') },
    });
    expect(ended.json).toMatchObject({ expenses: gbp('1052.00'), household: null });
  });
});

describe('POST /v1/debt-plan', () => {
  const plan = (json: unknown, person: 'rowan' | 'nobody' = 'rowan') =>
    service.as(person, '/v1/debt-plan', { method: 'POST', json });

  it("plans the caller's own debts by three methods, with a line to draw for each", async () => {
    const { status, json } = await plan({});

    expect(status).toBe(200);
    expect(json).toMatchObject({
      feasible: true,
      leastBudget: null,
      budget: gbp('536.00'),
      avalanche: { order: ['Quick loan', 'Store card', 'Overdraft', 'Van loan'] },
      snowball: { order: ['Overdraft', 'Quick loan', 'Store card', 'Van loan'] },
      chart: expect.arrayContaining([
        { month: 0, avalanche: gbp('10600.00'), snowball: gbp('10600.00'), minimumOnly: gbp('10600.00') },
      ]),
    });
  });

  it('takes amounts as text, numbers or money, and promotional rates', async () => {
    const { json } = await plan({
      currency: 'EUR',
      extra: 50,
      debts: [
        { name: 'A', balance: '1000.00', apr: 20, minimum: { amount: '50', currency: 'EUR' } },
        { name: 'B', balance: 500, apr: 30, minimum: 20, promo: { apr: 0, months: 6 } },
      ],
    });

    expect(json).toMatchObject({
      feasible: true,
      currency: 'EUR',
      avalanche: {
        order: ['A', 'B'],
        schedule: expect.arrayContaining([expect.objectContaining({ month: 1, date: '2026-06' })]),
      },
    });
  });

  it('says that a plan cannot work, and what would', async () => {
    const { status, json } = await plan({ debts: [{ name: 'Card', balance: 1000, apr: 30, minimum: 10 }] });

    expect(status).toBe(200);
    expect(json).toMatchObject({
      feasible: false,
      leastBudget: gbp('25.01'),
      avalanche: { feasible: false, months: null, totalInterest: null, schedule: [] },
    });
  });

  it('has an empty plan for somebody without debts', async () => {
    const { status, json } = await plan({}, 'nobody');

    expect(status).toBe(200);
    expect(json).toMatchObject({ feasible: true, avalanche: { months: 0, order: [] }, leastBudget: null });
  });

  it.each([
    [{ debts: [{ name: 'A', balance: -1, apr: 1, minimum: 1 }] }, 'debts[0].balance'],
    [{ debts: [{ name: 'A', balance: '1.234', apr: 1, minimum: 1 }] }, 'debts[0].balance'],
    [{ debts: [{ name: 'A', balance: 1, apr: -1, minimum: 1 }] }, 'debts[0].apr'],
    [
      { debts: [{ name: 'A', balance: 1, apr: 1, minimum: { amount: '1', currency: 'USD' } }] },
      'debts[0].minimum.currency',
    ],
    [{ debts: [{ name: '', balance: 1, apr: 1, minimum: 1 }] }, 'debts[0].name'],
    [{ extra: 'much' }, 'extra'],
    [{ currency: 'USD' }, 'currency'],
    [{ debt: [] }, 'debt'],
  ])('refuses %j and names the field', async (body, field) => {
    const { status, json } = await plan(body);

    expect(status).toBe(422);
    expect(JSON.stringify(json)).toContain(`"field":"${field}`);
  });
});

describe('calculator tips', () => {
  it('come from the latest run of each calculator, by the formulas and not by stored results', async () => {
    const { status, json } = await service.as('mina', '/calculator/tips');
    const tips = json as Record<string, string>;

    expect(status).toBe(200);
    expect(Object.keys(tips).sort()).toEqual(['futureValueTip', 'historicalTip', 'loanTip', 'savingsTip']);
    expect(tips['savingsTip']).toContain('tax on the interest: 25%');
    expect(tips['savingsTip']).toContain('£16,937.78 before tax, £16,303.34 after tax');
    expect(tips['loanTip']).toContain('Payment: £191.57 a month');
    expect(tips['loanTip']).toContain('New total debt: £13,000.00');
    expect(tips['futureValueTip']).toContain('£2,319.39');
    expect(tips['historicalTip']).toContain('£28.40');
  });

  it('ask for a calculation where there is none, and change with a new one although an old tip is stored', async () => {
    const before = (await service.as('rowan', '/calculator/tips')).json as Record<string, string>;
    await service.main.collection('calculator_tips').insertOne({
      userId: service.people.rowan._id,
      tipsData: { savingsTip: 'old', loanTip: 'old', futureValueTip: 'old', historicalTip: 'old' },
    });
    await service.main.collection('loanrepaymentcalculations').insertOne({
      userId: service.people.rowan._id,
      principal: 2500,
      annualInterestRate: 0,
      loanTermYears: 2,
    });
    const after = (await service.as('rowan', '/calculator/tips')).json as Record<string, string>;

    expect(before['savingsTip']).toMatch(/^Please run a Savings calculation/);
    expect(before['loanTip']).toMatch(/^Please run a Loan/);
    expect(before['futureValueTip']).toMatch(/^Please run a Future Value/);
    expect(before['historicalTip']).toMatch(/^Please run a Historical Inflation/);
    expect(after['loanTip']).toContain('Payment: £104.17 a month');
    expect(after['savingsTip']).toBe(before['savingsTip']);
  });

  it('have a route for the savings tip alone', async () => {
    const { json } = await service.as('rowan', '/calculator/savings-tip');

    expect(json).toEqual({ tip: expect.stringMatching(/^Please run a Savings/) });
  });

  it('answer 401 for an id that the main back end cannot have given out', async () => {
    const { status, json } = await service.call('/calculator/tips', { as: aUser({ userId: 'u-1' }) });

    expect(status).toBe(401);
    expect(json).toMatchObject({ detail: 'Invalid token' });
    // With DISABLE_AUTH everybody is this user.
    const local = await service.call('/calculator/tips', { as: aUser({ userId: 'local-user' }) });
    expect(local.status).toBe(200);
  });
});
