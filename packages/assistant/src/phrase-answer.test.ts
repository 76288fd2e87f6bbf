import { describe, expect, it } from '@jest/globals';
import { phraseResult } from './phrase-answer.ts';
import { readQuestions } from './read-question.ts';
import type { ToolResult } from './tools.ts';

const CONTEXT = {
  today: '2026-03-16',
  currency: 'GBP',
  merchants: ['Tesco', 'Costa'],
  fallbackLanguage: 'en' as const,
};
const pounds = (amount: string) => ({ amount, currency: 'GBP' });
const TOTAL = { currency: 'GBP', spent: pounds('60.00'), count: 2 };

const RESULT: ToolResult<'get_spending'> = {
  asOf: '2026-03-16',
  from: '2026-02-01',
  to: '2026-02-28',
  category: null,
  merchant: null,
  totals: [TOTAL],
  complete: false,
};

const GROUPS = [{ name: '2026-02', spent: pounds('60.00'), count: 2, percent: 100 }];
const COMPARISON = {
  from: '2026-01-01',
  to: '2026-01-31',
  together: [pounds('100.00')],
  totals: [{ ...TOTAL, spent: pounds('40.00'), difference: pounds('20.00'), percent: 50 }],
};
const part = (merchant: string) => ({ category: null, merchant, totals: [TOTAL] });

describe('an answer about spending that covers only a part of the transactions', () => {
  it.each<[string, Partial<ToolResult<'get_spending'>>]>([
    ['How much did I spend last month?', {}],
    ['How many times did I go to Tesco last month?', {}],
    ['How much did I spend last month?', { totals: [] }],
    ['Where did my money go last month?', { groups: GROUPS }],
    ['In which month did I spend the most?', { groups: GROUPS }],
    ['Did I spend more in February than in January?', { comparison: COMPARISON }],
    ['How much on average a month?', { average: { per: 'month', amount: pounds('60.00'), over: 1 } }],
    ['How much at Tesco and Costa last month?', { parts: [part('Tesco'), part('Costa')] }],
  ])('says so once: %s', (question, more) => {
    const [reading] = readQuestions([question], CONTEXT);
    const text = phraseResult(reading, 'get_spending', { ...RESULT, ...more });

    expect(text.split('covers only a part')).toHaveLength(2);
    expect(phraseResult(reading, 'get_spending', { ...RESULT, ...more, complete: true })).not.toContain(
      'a part',
    );
  });
});
