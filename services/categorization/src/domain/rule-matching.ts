import { currencyExponent } from '@orrery/money';
import { RE2JS, RE2JSSyntaxException } from 're2js';
import type { Transaction } from './types.ts';
import { fold } from './merchant-name.ts';

/** When a rule applies; every given condition must hold. */
export interface RuleConditions {
  /** Part of the description or the merchant, without regard to case and accents. */
  text?: string | undefined;
  /** Regular expression, searched in the description; runs in linear time. */
  regex?: string | undefined;
  /** Bounds of the amount's size in hundredths of the transaction's currency, inclusive. */
  minHundredths?: number | undefined;
  maxHundredths?: number | undefined;
  direction?: 'in' | 'out' | undefined;
  account?: string | undefined;
  mcc?: string | undefined;
}

/** A rule of a user. */
export interface Rule {
  id: string;
  name: string;
  conditions: RuleConditions;
  category: string;
}

/** A rule ready to be matched. */
export interface CompiledRule {
  rule: Rule;
  matches(transaction: Transaction): boolean;
}

/** A rule that cannot be kept; the message says why in plain words. */
export class RuleNotUsable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RuleNotUsable';
  }
}

const LONGEST_PATTERN = 500;

const compilePattern = (regex: string): RE2JS => {
  if (regex.length > LONGEST_PATTERN) {
    throw new RuleNotUsable(`The pattern is longer than ${String(LONGEST_PATTERN)} characters.`);
  }
  try {
    return RE2JS.compile(regex, RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) {
      throw new RuleNotUsable(`The pattern cannot be read: ${error.message}.`);
    }
    throw error;
  }
};

/**
 * Prepares a rule. Patterns run on an engine without backtracking, so no pattern can hold up the service.
 * @param rule the rule
 * @throws RuleNotUsable when it has no condition, or a pattern that is too long or not understood (look-around and
 * back-references are not supported)
 */
export const compileRule = (rule: Rule): CompiledRule => {
  const { text, regex, minHundredths, maxHundredths, direction, account, mcc } = rule.conditions;
  if (Object.values(rule.conditions).every((condition) => condition === undefined)) {
    throw new RuleNotUsable('A rule needs at least one condition.');
  }
  const part = text === undefined ? undefined : fold(text);
  if (part === '') {
    throw new RuleNotUsable('The text of a rule must not be blank.');
  }
  const pattern = regex === undefined ? undefined : compilePattern(regex);
  const size = ({ amountMinor, currency }: Transaction): number =>
    Math.abs(amountMinor) * 10 ** (2 - currencyExponent(currency));
  return {
    rule,
    matches: (transaction) =>
      (account === undefined || transaction.accountId === account) &&
      (mcc === undefined || transaction.mcc === mcc) &&
      (direction === undefined || transaction.amountMinor > 0 === (direction === 'in')) &&
      (minHundredths === undefined || size(transaction) >= minHundredths) &&
      (maxHundredths === undefined || size(transaction) <= maxHundredths) &&
      (part === undefined ||
        fold(transaction.description).includes(part) ||
        (transaction.merchantName !== undefined && fold(transaction.merchantName).includes(part))) &&
      (pattern === undefined || pattern.matcher(transaction.description).find()),
  };
};

/**
 * The first rule that applies, in the user's order; undefined when none does.
 * @param rules the user's rules in order
 * @param transaction the transaction
 */
export const firstMatch = (rules: readonly CompiledRule[], transaction: Transaction): Rule | undefined =>
  rules.find((compiled) => compiled.matches(transaction))?.rule;
