import { describe, expect, it } from '@jest/globals';
import { nextStepOf } from './next-step.ts';
import { phraseResult } from './phrase-answer.ts';
import { readQuestions, type QuestionContext } from './read-question.ts';
import type { ToolResult } from './tools.ts';

const context: QuestionContext = {
  today: '2026-11-30',
  currency: 'USD',
  merchants: ['Starbucks', 'Costa', 'Tesco'],
  fallbackLanguage: 'en',
};
const stepOf = (...questions: string[]) =>
  nextStepOf(readQuestions(questions, context), questions.at(-1) ?? '', [], context);
const dollars = (amount: string) => ({ amount, currency: 'USD' });
const pounds = (amount: string) => ({ amount, currency: 'GBP' });

describe('a question about income', () => {
  const months: ToolResult<'get_income_and_spending'> = {
    asOf: '2026-11-30',
    from: '2026-09-01',
    to: '2026-10-31',
    totals: [
      { currency: 'USD', income: dollars('5700.00'), spending: dollars('900.00'), net: dollars('4800.00') },
    ],
    months: [
      { month: '2026-09', income: dollars('2800.00'), spending: dollars('400.00'), net: dollars('2400.00') },
      { month: '2026-10', income: dollars('2900.00'), spending: dollars('500.00'), net: dollars('2400.00') },
    ],
  };

  it.each([
    'What is my average monthly income?',
    'How much do I earn each month?',
    'How much do I earn a month?',
    'Combien je gagne par mois ?',
    'Quel est mon revenu mensuel moyen ?',
    '한 달 평균 수입은 얼마야?',
  ])('is answered by income, month by month: %s', (question) => {
    expect(stepOf(question)).toEqual({
      kind: 'call',
      call: { name: 'get_income_and_spending', arguments: { from: '2026-08-01', to: '2026-10-31' } },
    });
    const [reading] = readQuestions([question], context);
    const said = phraseResult(reading, 'get_income_and_spending', months);
    expect(said).toMatch(/2[,.\u00a0\u202f ]?800/);
    expect(said).toMatch(/2[,.\u00a0\u202f ]?900/);
    expect(said).not.toMatch(/-|spent|dépens|지출/);
  });

  it.each([
    'Which month did I earn the most?',
    'Compare my income this month with last month',
    'What is my average income per week?',
    'What is my net worth?',
    'Quel est mon patrimoine net ?',
    '내 순자산은 얼마야?',
  ])('is declined where only spending could be told: %s', (question) => {
    expect(stepOf(question)).toEqual({ kind: 'say', text: expect.not.stringMatching(/\d/) });
  });

  it('against spending is answered by both', () => {
    expect(stepOf('Did I earn more than I spent last month?')).toEqual({
      kind: 'call',
      call: { name: 'get_income_and_spending', arguments: { from: '2026-10-01', to: '2026-10-31' } },
    });
  });

  it('is no reason to decline one about spending', () => {
    expect(stepOf('How much did I spend on average per month?')).toMatchObject({
      call: { name: 'get_spending', arguments: { averagePer: 'month' } },
    });
  });
});

describe('a period and the one before it', () => {
  it.each([
    'How much did I spend on coffee last week versus the week before?',
    'Compare coffee last week with the week before',
    'Did I spend more on coffee last week than the week before?',
    'Compare le café la semaine dernière avec la semaine précédente',
  ])('are both read: %s', (question) => {
    const call = {
      name: 'get_spending',
      arguments: {
        from: '2026-11-23',
        to: '2026-11-29',
        category: 'coffee',
        compareFrom: '2026-11-16',
        compareTo: '2026-11-22',
      },
    };
    expect(stepOf(question)).toEqual({ kind: 'call', call });
    expect(stepOf('How much did I spend on coffee in September?', question)).toEqual({ kind: 'call', call });
  });
});

describe('a comparison in two currencies', () => {
  const total = (money: { amount: string; currency: string }) => ({
    currency: money.currency,
    spent: money,
    count: 2,
  });
  const result: ToolResult<'get_spending'> = {
    asOf: '2026-11-30',
    from: '2026-11-23',
    to: '2026-11-29',
    category: { slug: 'coffee', name: 'Coffee' },
    merchant: null,
    totals: [total(dollars('12.00')), total(pounds('8.00'))],
    comparison: {
      from: '2026-11-16',
      to: '2026-11-22',
      together: [dollars('22.00'), pounds('16.00')],
      totals: [
        { ...total(dollars('10.00')), difference: dollars('2.00'), percent: 20 },
        { ...total(pounds('8.00')), difference: pounds('0.00'), percent: 0 },
      ],
    },
    complete: true,
  };

  it('says every sentence once', () => {
    const [reading] = readQuestions(['Compare coffee last week with the week before'], context);
    const said = phraseResult(reading, 'get_spending', result);

    expect(said.split('You spent')).toHaveLength(2);
    expect(said).toContain('$12.00 and £8.00');
    expect(said).toContain('$10.00 and £8.00');
    expect(said).toContain('That is $2.00 more (20%) and the same in GBP.');
  });
});

describe('a word that is no shop of the user', () => {
  it.each(['오늘 날씨 어때?', '오늘 기분 어때?', 'weather today', 'la météo hier'])(
    'is not one: %s',
    (question) => {
      expect(stepOf(question)).toMatchObject({ kind: 'say' });
    },
  );

  it('is told to be unknown, rather than that nothing was spent there', () => {
    const [reading] = readQuestions(['지난달 테스코에서 얼마 썼어?'], context);
    const nothing: ToolResult<'get_spending'> = {
      asOf: '2026-11-30',
      from: '2026-10-01',
      to: '2026-10-31',
      category: null,
      merchant: '테스코',
      totals: [],
      complete: true,
    };

    const said = phraseResult(reading, 'get_spending', { ...nothing, isUnknownMerchant: true });
    expect(said).toContain('테스코');
    expect(said).not.toContain('지출한 내역이 없어요');
    expect(phraseResult(reading, 'get_spending', nothing)).toContain('지출한 내역이 없어요');
  });
});
