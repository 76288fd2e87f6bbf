import { categoryBySlug, type Language } from '@orrery/contracts';
import * as phrases from '../phrase.ts';
import type { Phrase } from '../phrase.ts';

/** What fills a hole of a suggestion: plain data, so that it can be kept and worded in any language later. */
export type Fact =
  | { kind: 'money'; amountMinor: number; currency: string }
  | { kind: 'percent'; value: number }
  | { kind: 'day'; day: string }
  | { kind: 'name'; text: string }
  | { kind: 'categories'; slugs: string[] };

/**
 * An amount.
 * @param amountMinor minor units
 * @param currency ISO 4217 code
 */
export const money = (amountMinor: number, currency: string): Fact => ({
  kind: 'money',
  amountMinor,
  currency,
});

/**
 * A percentage.
 * @param value in percent
 */
export const percent = (value: number): Fact => ({ kind: 'percent', value });

/**
 * A day.
 * @param day `YYYY-MM-DD`
 */
export const dayName = (day: string): Fact => ({ kind: 'day', day });

/**
 * A name that a user, a bank or another service chose.
 * @param text anything
 */
export const name = (text: string): Fact => ({ kind: 'name', text });

/**
 * Categories of the taxonomy; one that it does not know is shown as it is.
 * @param slugs one or more
 */
export const categories = (slugs: string[]): Fact => ({ kind: 'categories', slugs });

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', fr: 'fr-FR', ko: 'ko-KR' };

/**
 * A fact in the words of a language.
 * @param fact what to show
 * @param language which language
 */
export const wordFact = (fact: Fact, language: Language): Phrase => {
  const locale = LOCALES[language];
  switch (fact.kind) {
    case 'money':
      return phrases.money(fact.amountMinor, fact.currency, locale);
    case 'percent':
      return phrases.percent(fact.value, locale);
    case 'day':
      return phrases.dayName(fact.day, locale);
    case 'name':
      return phrases.name(fact.text);
    case 'categories':
      return phrases.joined(
        fact.slugs.map((slug) => phrases.name(categoryBySlug(slug)?.names[language] ?? slug)),
        ', ',
      );
  }
};
