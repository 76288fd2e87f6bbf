import { categoryBySlug } from '@orrery/contracts';
import type { Language } from '@orrery/contracts';
import { UNCATEGORISED } from './types.ts';

/** Ids of Cash Sense's categories, and our bucket for what has none. */
export const CASH_SENSE_CATEGORIES = [
  'foodAndDrink',
  'shopping',
  'transport',
  'travel',
  'transfer',
  'payment',
  'health',
  'entertainment',
  'income',
  'other',
  UNCATEGORISED,
] as const;

type Names = Readonly<Record<Language, string>>;

/** Cash Sense's categories; the French names are those of its own frontend. */
const CATEGORY_NAMES: Readonly<Record<string, Names>> = {
  foodAndDrink: { en: 'Food and Drink', fr: 'Nourriture et Boissons', ko: '식비' },
  shopping: { en: 'Shopping', fr: 'Shopping', ko: '쇼핑' },
  transport: { en: 'Transport', fr: 'Transport', ko: '교통' },
  travel: { en: 'Travel', fr: 'Voyages', ko: '여행' },
  transfer: { en: 'Transfers', fr: 'Transferts', ko: '이체' },
  payment: { en: 'Payments', fr: 'Paiement', ko: '납부' },
  health: { en: 'Health', fr: 'Santé', ko: '건강' },
  entertainment: { en: 'Entertainment', fr: 'Divertissement', ko: '여가' },
  income: { en: 'Income', fr: 'Revenus', ko: '수입' },
  other: { en: 'Other', fr: 'Autres', ko: '기타' },
  [UNCATEGORISED]: { en: 'Uncategorised', fr: 'Non catégorisé', ko: '미분류' },
};

/**
 * Cash Sense's category of one of ours; `uncategorised` stays a bucket of its own.
 * @param slug category slug, or `uncategorised` for decided as unknown
 */
export const cashSenseCategory = (slug: string): string =>
  slug === UNCATEGORISED ? UNCATEGORISED : (categoryBySlug(slug)?.cashSense.category ?? 'other');

/**
 * Cash Sense's subcategory of one of our categories.
 * @param slug category slug, or `uncategorised`
 */
export const cashSenseSubcategory = (slug: string): string =>
  slug === UNCATEGORISED ? 'unknown' : (categoryBySlug(slug)?.cashSense.subcategory ?? 'unknown');

/**
 * Name of a Cash Sense category.
 * @param category for instance `foodAndDrink`, or `uncategorised`
 * @param language of the answer
 */
export const cashSenseName = (category: string, language: Language): string =>
  CATEGORY_NAMES[category]?.[language] ?? category;
