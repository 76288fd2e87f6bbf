import { describe, expect, it, jest } from '@jest/globals';
import type { Logger } from 'pino';
import { runTool } from './run-tool.ts';
import type { Act, ToolAccess } from './tool-access.ts';

const dollars = (amount: string) => ({ amount, currency: 'USD' });
const BODIES: Readonly<Record<string, unknown>> = {
  '/v1/summary': {
    source: 'main-backend',
    month: '2026-03',
    currency: 'USD',
    income: dollars('3000.00'),
    expenses: dollars('1000.00'),
    disposal: dollars('2000.00'),
    debtPayments: dollars('0.00'),
    afterDebts: dollars('2000.00'),
    debts: { items: [] },
  },
  '/v1/accounts': { data: [], page: { nextCursor: null } },
  '/v1/transactions': { data: [], page: { nextCursor: null } },
};

const accessWith = (propose: (act: Act) => void = () => undefined): ToolAccess => ({
  identity: { kind: 'user', userId: 'u1', role: 'user', caller: 'gateway' },
  language: 'en',
  today: '2026-03-05',
  currency: 'USD',
  signal: new AbortController().signal,
  call: ((_service: string, { path }: { path: string }) =>
    Promise.resolve(
      path in BODIES ? { status: 200, body: BODIES[path] } : { status: 422, body: { data: [] } },
    )) as unknown as ToolAccess['call'],
  propose: (act) => {
    propose(act);
    return Promise.resolve();
  },
});

const logger = { error: jest.fn() } as unknown as Logger;
const run = (
  name: 'search_transactions' | 'get_forecast' | 'get_debt_plan' | 'propose_budget',
  args: object,
) => {
  const acts: Act[] = [];
  return runTool(
    { name, argumentsText: JSON.stringify(args) },
    [name],
    accessWith((act) => acts.push(act)),
    logger,
  ).then(({ result }) => ({ result, acts }));
};

describe('an amount in another currency', () => {
  it.each([
    ['search_transactions', { minAmount: '500' }],
    ['search_transactions', { maxAmount: '500' }],
    ['get_forecast', { price: '900' }],
    ['get_debt_plan', { extra: '900' }],
  ] as const)('is refused by %s, and one in the own currency is not', async (name, args) => {
    expect((await run(name, { ...args, currency: 'GBP' })).result).toEqual({
      error: 'invalid-arguments',
      message: 'That amount is in GBP, but the figures here are in USD. Please say it in USD.',
    });
    expect((await run(name, { ...args, currency: 'USD' })).result).not.toHaveProperty('error');
  });

  it('makes a budget in that currency', async () => {
    const { result, acts } = await run('propose_budget', {
      category: 'total',
      amount: '300',
      currency: 'GBP',
    });

    expect(result).toMatchObject({ amount: { amount: '300.00', currency: 'GBP' } });
    expect(acts).toMatchObject([{ kind: 'set-budget', amount: '300.00', currency: 'GBP' }]);
  });
});

it('an amount with digits that its currency does not have is an invalid argument', async () => {
  const { result, acts } = await run('propose_budget', { category: 'total', amount: '0.505' });

  expect(result).toMatchObject({ error: 'invalid-arguments' });
  expect(acts).toEqual([]);
});
