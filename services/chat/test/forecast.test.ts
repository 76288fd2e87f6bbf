import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aUser, startTestService, type TestService } from '@orrery/testing';
import { chat } from '../src/index.ts';
import { answerIn, openSocket } from './chat-client.ts';
import { openFakeMoneyServices, pounds, type FakeMoneyServices } from './fake-money-services.ts';

let money: FakeMoneyServices;
let service: TestService;

beforeAll(async () => {
  money = await openFakeMoneyServices();
  service = await startTestService(chat, { addresses: money.addresses, env: { RATE_LIMIT: 'off' } });
});

afterAll(async () => {
  await service.stop();
  money.stop();
});

const account = (name: string, subtype: string, minor: number) => ({
  name,
  type: 'depository',
  subtype,
  mask: '1234567890',
  balances: { available: null, current: pounds(minor) },
});

const aPlannedUser = () => {
  const user = aUser();
  money.answers.set(`GET /v1/summary ${user.userId}`, {
    body: {
      source: 'main-backend',
      month: '2026-03',
      currency: 'GBP',
      income: pounds(300_000),
      expenses: pounds(180_000),
      disposal: pounds(120_000),
      debtPayments: pounds(20_000),
      afterDebts: pounds(100_000),
      budgets: pounds(0),
      debts: { items: [{ name: 'Visa', balance: pounds(240_000), apr: 21.9 }] },
    },
  });
  money.answers.set(`GET /v1/accounts ${user.userId}`, {
    body: {
      data: [account('Current', 'checking', 150_000), account('Saver', 'savings', 900_000)],
      page: { nextCursor: null },
    },
  });
  money.answers.set(`GET /api/cash_flow_forecast ${user.userId}`, {
    body: {
      currency: 'GBP',
      balanceKnown: true,
      days: [{ date: '2026-03-31' }],
      lowest: { date: '2026-03-28', balance: 812.5 },
      probabilityBelowZero: 0.034,
      safeToSpend: 700.25,
    },
  });
  return user;
};

const ask = async (user: ReturnType<typeof aUser>, question: string): Promise<string> => {
  const socket = openSocket(service, user, 'dialect=readme');
  const answer = answerIn(await socket.ask(question));
  socket.close();
  return answer;
};

describe('what is safe to spend', () => {
  it('goes by the current account, not by savings, and is judged by the smaller of plan and balance', async () => {
    const user = aPlannedUser();
    const answer = await ask(user, 'Can I afford £750?');
    const asked = money.calls.filter(
      ({ path, userId }) => path === '/api/cash_flow_forecast' && userId === user.userId,
    );

    expect(asked.map(({ query }) => query['balance'])).toEqual(['1500.00']);
    expect(answer).toContain('does not fit: you would be £49.75 short');
    expect(answer).toContain('the chance of falling below zero is 3%');
    expect(await ask(user, 'Can I afford £700?')).toContain('£0.25 would be left');
  });

  it('is not told when the service that knows of debts is away', async () => {
    const user = aPlannedUser();
    money.down.add('advisor');
    const answer = await ask(user, 'How much can I spend this month?');
    money.down.delete('advisor');

    expect(answer).toContain('will not guess');
    expect(answer).not.toMatch(/£/);
  });
});

describe('balances', () => {
  it('show at most the last four digits of an account', async () => {
    const answer = await ask(aPlannedUser(), 'What is my balance?');

    expect(answer).toContain('Current ••7890: £1,500.00');
    expect(answer).toContain('£10,500.00');
    expect(answer).not.toContain('1234567890');
  });
});

describe('debts', () => {
  it('have months and interest from the plan, with the extra payment that was asked for', async () => {
    const user = aPlannedUser();
    const payoff = (months: number, minor: number) => ({
      months,
      totalInterest: pounds(minor),
      order: ['Visa'],
    });
    money.answers.set(`POST /v1/debt-plan ${user.userId}`, {
      body: {
        feasible: true,
        leastBudget: null,
        avalanche: payoff(14, 31_250),
        snowball: payoff(14, 31_250),
      },
    });
    const answer = await ask(user, 'How do I pay off my debts with £100 extra a month?');
    const asked = money.calls.find(({ path, userId }) => path === '/v1/debt-plan' && userId === user.userId);

    expect(asked?.body).toEqual({ extra: '100.00' });
    expect(answer).toContain('£2,400.00');
    expect(answer).toContain('14 months and £312.50 of Capital Loss');
    expect(answer).toContain('not financial advice');
  });

  it('that the payments never pay off are said to be so, with what it would take', async () => {
    const user = aPlannedUser();
    const endless = { months: null, totalInterest: null, order: [] };
    money.answers.set(`POST /v1/debt-plan ${user.userId}`, {
      body: { feasible: false, leastBudget: pounds(4_400), avalanche: endless, snowball: endless },
    });

    expect(await ask(user, 'How long until my debts are paid off?')).toContain('at least £44.00 a month');
  });
});
