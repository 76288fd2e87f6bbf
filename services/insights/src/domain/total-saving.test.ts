import { describe, expect, it } from '@jest/globals';
import { type Saving, totalSaving } from './savings.ts';

const GROUPS: Readonly<Record<string, string>> = {
  groceries: 'food',
  'food-delivery': 'food',
  streaming: 'fun',
};
const groupOf = (category: string): string => GROUPS[category] ?? category;

const saving = (category: string, savingMinor: number, fields: Partial<Saving> = {}): Saving => ({
  type: 'above_usual',
  category,
  merchant: null,
  currentMinor: savingMinor + 100,
  suggestedMinor: 100,
  savingMinor,
  ...fields,
});
const subscription = (merchant: string, savingMinor: number): Saving =>
  saving('streaming', savingMinor, { type: 'duplicate_subscription', merchant });

describe('what all findings save together', () => {
  it.each<[string, Saving[], number]>([
    ['is nothing without findings', [], 0],
    [
      'is the sum of findings in different categories, also of one group',
      [saving('groceries', 371), saving('food-delivery', 142), saving('streaming', 20)],
      533,
    ],
    ['is the sum of what merchants of one category cost', [subscription('N', 13), subscription('D', 9)], 22],
    [
      'counts a merchant within a category once',
      [subscription('N', 13), subscription('D', 9), saving('streaming', 30)],
      30,
    ],
    [
      'counts a budget of a group and the categories in it once',
      [saving('food', 400, { type: 'over_budget' }), saving('groceries', 371), saving('food-delivery', 142)],
      513,
    ],
    [
      'counts an overall budget and all in it once',
      [saving('total', 900, { type: 'over_budget' }), saving('groceries', 371), saving('streaming', 20)],
      900,
    ],
  ])('%s', (_what, savings, expected) => {
    expect(totalSaving(savings, groupOf)).toBe(expected);
  });
});
