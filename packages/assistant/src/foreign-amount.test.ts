import { describe, expect, it } from '@jest/globals';
import { amountOf } from './amounts.ts';
import { nextStepOf } from './next-step.ts';
import { readQuestions, type QuestionContext } from './read-question.ts';

const context: QuestionContext = {
  today: '2026-11-30',
  currency: 'USD',
  merchants: ['Starbucks', 'Dollar Tree'],
  fallbackLanguage: 'en',
};
const stepOf = (question: string, currency = 'USD') => {
  const own = { ...context, currency };
  return nextStepOf(readQuestions([question], own), question, [], own);
};

describe('an amount in another currency than the figures', () => {
  it.each([
    ['Show my transactions over 500 pounds in October', 'GBP', 'Please say it in USD'],
    ['Show my transactions over ¥5000 in October', 'JPY', 'Please say it in USD'],
    ['Show my transactions over EUR 500 in October', 'EUR', 'Please say it in USD'],
    ['Show my transactions over A$500 in October', 'AUD', 'Please say it in USD'],
    ['Can I afford a holiday costing 900 pounds in March?', 'GBP', 'Please say it in USD'],
    ['Can I afford something for 2000 euros?', 'EUR', 'Please say it in USD'],
    ['Montre mes achats de plus de 200 € en octobre', 'EUR', 'Dites-le-moi en USD'],
    ['Puis-je dépenser 200 livres ce mois-ci ?', 'GBP', 'Dites-le-moi en USD'],
    ['10월에 5만원보다 큰 거래 보여줘', 'KRW', 'USD로 다시 말씀해'],
    ['이번 달에 5천만원 써도 돼?', 'KRW', 'USD로 다시 말씀해'],
  ])('is never taken for as much of it: %s', (question, written, ask) => {
    const step = stepOf(question);

    expect(step).toEqual({ kind: 'say', text: expect.stringContaining(ask) });
    expect(step).toEqual({ kind: 'say', text: expect.stringContaining(written) });
    expect(step).toEqual({ kind: 'say', text: expect.not.stringMatching(/\d/) });
  });

  it.each([
    ['Set a monthly budget of £300 for restaurants', '300.00', 'GBP'],
    ['커피 예산을 5만원으로 설정해줘', '50000', 'KRW'],
    ['Fixe un budget de 200 € pour les restaurants', '200.00', 'EUR'],
    ['Set a monthly budget of $300 for restaurants', '300.00', 'USD'],
  ])('makes a budget in its own currency: %s', (question, amount, currency) => {
    expect(stepOf(question)).toMatchObject({
      kind: 'call',
      call: { name: 'propose_budget', arguments: { amount, currency } },
    });
  });

  it('hands an amount of the own currency to a tool with that currency', () => {
    expect(stepOf('Show my transactions over 500 dollars in October')).toMatchObject({
      call: { arguments: { minAmount: '500.00', currency: 'USD' } },
    });
    expect(stepOf('Can I afford 900 pounds?', 'GBP')).toMatchObject({
      call: { arguments: { price: '900.00', currency: 'GBP' } },
    });
  });
});

it.each(['1만5천원', '3만 5,000원', '1억 2천만원'])('%s is not read as one of its parts', (text) => {
  expect(amountOf(`커피 예산을 ${text}으로 설정해줘`, 'KRW')).toBeUndefined();
});

describe('a sign that several currencies share', () => {
  it.each([
    ['$300', 'CAD', 'CAD'],
    ['300 dollars', 'AUD', 'AUD'],
    ['¥300', 'CNY', 'CNY'],
    ['$300', 'GBP', 'USD'],
    ['US$300', 'CAD', 'USD'],
  ])('%s is, for somebody with %s, %s', (text, own, currency) => {
    expect(amountOf(text, own)).toMatchObject({ currency });
  });
});
