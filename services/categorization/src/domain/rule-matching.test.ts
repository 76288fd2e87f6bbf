import { describe, expect, it } from '@jest/globals';
import { compileRule, firstMatch, RuleNotUsable } from './rule-matching.ts';
import type { RuleConditions } from './rule-matching.ts';
import type { Transaction } from './types.ts';

const transaction = (fields: Partial<Transaction> = {}): Transaction => ({
  description: 'CAFÉ DU PORT LYON',
  amountMinor: -450,
  currency: 'EUR',
  ...fields,
});

const rule = (conditions: RuleConditions, category = 'coffee') =>
  compileRule({ id: category, name: category, conditions, category });

describe('rules', () => {
  it('needs every condition', () => {
    const strict = rule({
      text: 'cafe du',
      maxHundredths: 500,
      direction: 'out',
      account: 'a1',
      mcc: '5814',
    });

    expect(strict.matches(transaction({ accountId: 'a1', mcc: '5814' }))).toBe(true);
    expect(strict.matches(transaction({ accountId: 'a2', mcc: '5814' }))).toBe(false);
    expect(strict.matches(transaction({ accountId: 'a1', mcc: '5814', amountMinor: -501 }))).toBe(false);
    expect(strict.matches(transaction({ accountId: 'a1', mcc: '5814', amountMinor: 450 }))).toBe(false);
  });

  it('looks at the size of the amount, whatever its sign', () => {
    expect(rule({ minHundredths: 450, maxHundredths: 450 }).matches(transaction())).toBe(true);
  });

  it('reads amounts in the currency of the transaction', () => {
    const rule5000 = rule({ minHundredths: 500_000 });

    expect(rule5000.matches(transaction({ amountMinor: -5000, currency: 'KRW' }))).toBe(true);
    expect(rule5000.matches(transaction({ amountMinor: -5000, currency: 'EUR' }))).toBe(false);
  });

  it('takes the first in order', () => {
    const rules = [rule({ text: 'nowhere' }, 'fuel'), rule({ text: 'port' }, 'bars'), rule({ text: 'cafe' })];

    expect(firstMatch(rules, transaction())?.category).toBe('bars');
    expect(firstMatch(rules, transaction({ description: 'X' }))).toBeUndefined();
  });

  it.each(['(a)\\1', '(?=a)b', '(', 'a'.repeat(501)])('refuses the pattern %s', (regex) => {
    expect(() => rule({ regex })).toThrow(RuleNotUsable);
  });

  it('refuses a rule without a condition and a blank text', () => {
    expect(() => rule({})).toThrow(RuleNotUsable);
    expect(() => rule({ text: '  ' })).toThrow(RuleNotUsable);
  });

  it('runs a pattern that makes backtracking engines hang', () => {
    const evil = rule({ regex: '^(a+)+$' });
    const started = performance.now();

    expect(evil.matches(transaction({ description: `${'a'.repeat(500)}!` }))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
