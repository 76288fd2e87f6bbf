import { createHash } from 'node:crypto';
import { categoryBySlug } from '@orrery/contracts';
import type { Language } from '@orrery/contracts';
import { formatMoney } from '@orrery/money';
import type { BudgetTaxonomy } from './budget.ts';
import { cashSenseName } from './cash-sense-category.ts';

export const ALERT_KINDS = [
  'budget_80',
  'budget_100',
  'large_purchase',
  'anomaly',
  'recurring_new',
  'recurring_rose',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export const ALERT_STATES = ['unread', 'read', 'dismissed'] as const;
export type AlertState = (typeof ALERT_STATES)[number];

/** What the wording of an alert is made of; amounts are positive minor units. */
export interface AlertFacts {
  category?: string;
  taxonomy?: BudgetTaxonomy;
  merchant?: string;
  day?: string;
  amountMinor?: number;
  otherMinor?: number;
  currency?: string;
}

/** A reason to tell the user something. */
export interface NewAlert {
  kind: AlertKind;
  /** What it is about, for instance the id of a budget. */
  subject: string;
  /** The period in which it is told once, for instance its first day. */
  period: string;
  facts: AlertFacts;
}

/** An alert's wording in one language. */
export interface AlertWording {
  title: string;
  text: string;
}

/**
 * Id of an alert, the same whenever the same rule finds the same subject in the same period.
 * @param alert kind, subject and period
 */
export const alertId = ({ kind, subject, period }: Omit<NewAlert, 'facts'>): string =>
  createHash('sha256')
    .update(JSON.stringify([kind, subject, period]))
    .digest('base64url')
    .slice(0, 27);

const EVERYTHING: Readonly<Record<Language, string>> = {
  en: 'all spending',
  fr: 'toutes les dépenses',
  ko: '전체 지출',
};

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', fr: 'fr-FR', ko: 'ko-KR' };

const categoryName = ({ category = '', taxonomy }: AlertFacts, language: Language): string => {
  if (taxonomy === 'total') {
    return EVERYTHING[language];
  }
  return categoryBySlug(category)?.names[language] ?? cashSenseName(category, language);
};

interface Words {
  category: string;
  merchant: string;
  day: string;
  amount: string;
  other: string;
}

const WORDINGS: Readonly<Record<AlertKind, Readonly<Record<Language, (words: Words) => AlertWording>>>> = {
  budget_80: {
    en: ({ category, amount, other }) => ({
      title: `Budget nearly used: ${category}`,
      text: `${amount} of ${other} is spent.`,
    }),
    fr: ({ category, amount, other }) => ({
      title: `Budget bientôt épuisé : ${category}`,
      text: `${amount} sur ${other} sont dépensés.`,
    }),
    ko: ({ category, amount, other }) => ({
      title: `예산 80% 도달: ${category}`,
      text: `${other} 중 ${amount}을 썼습니다.`,
    }),
  },
  budget_100: {
    en: ({ category, amount, other }) => ({
      title: `Budget used up: ${category}`,
      text: `${amount} is spent against a budget of ${other}.`,
    }),
    fr: ({ category, amount, other }) => ({
      title: `Budget épuisé : ${category}`,
      text: `${amount} sont dépensés pour un budget de ${other}.`,
    }),
    ko: ({ category, amount, other }) => ({
      title: `예산 소진: ${category}`,
      text: `예산 ${other}에 대해 ${amount}을 썼습니다.`,
    }),
  },
  large_purchase: {
    en: ({ merchant, day, amount, other }) => ({
      title: `Large purchase: ${merchant}`,
      text: `${amount} on ${day} is above your limit of ${other}.`,
    }),
    fr: ({ merchant, day, amount, other }) => ({
      title: `Achat important : ${merchant}`,
      text: `${amount} le ${day}, au-dessus de votre limite de ${other}.`,
    }),
    ko: ({ merchant, day, amount, other }) => ({
      title: `고액 결제: ${merchant}`,
      text: `${day} ${amount} 결제가 설정 한도 ${other}을 넘었습니다.`,
    }),
  },
  anomaly: {
    en: ({ merchant, day, amount }) => ({
      title: `Unusual purchase: ${merchant}`,
      text: `${amount} on ${day} is not like your other purchases.`,
    }),
    fr: ({ merchant, day, amount }) => ({
      title: `Achat inhabituel : ${merchant}`,
      text: `${amount} le ${day} ne ressemble pas à vos autres achats.`,
    }),
    ko: ({ merchant, day, amount }) => ({
      title: `평소와 다른 결제: ${merchant}`,
      text: `${day} ${amount} 결제가 평소와 다릅니다.`,
    }),
  },
  recurring_new: {
    en: ({ merchant, amount }) => ({
      title: `New recurring payment: ${merchant}`,
      text: `${amount} each time.`,
    }),
    fr: ({ merchant, amount }) => ({
      title: `Nouveau paiement récurrent : ${merchant}`,
      text: `${amount} à chaque fois.`,
    }),
    ko: ({ merchant, amount }) => ({ title: `새 정기 결제: ${merchant}`, text: `매회 ${amount}입니다.` }),
  },
  recurring_rose: {
    en: ({ merchant, amount, other }) => ({
      title: `Recurring payment rose: ${merchant}`,
      text: `${amount} instead of ${other}.`,
    }),
    fr: ({ merchant, amount, other }) => ({
      title: `Paiement récurrent en hausse : ${merchant}`,
      text: `${amount} au lieu de ${other}.`,
    }),
    ko: ({ merchant, amount, other }) => ({
      title: `정기 결제 인상: ${merchant}`,
      text: `${other}에서 ${amount}으로 올랐습니다.`,
    }),
  },
};

/** Longest part of an outside name that an alert repeats. */
const MAX_NAME = 120;

/**
 * Words an alert.
 * @param kind the rule
 * @param facts what it found
 * @param language of the reader
 */
export const wordAlert = (kind: AlertKind, facts: AlertFacts, language: Language): AlertWording => {
  const money = (amountMinor: number | undefined): string =>
    amountMinor === undefined || facts.currency === undefined
      ? ''
      : formatMoney({ amountMinor, currency: facts.currency }, LOCALES[language]);
  return WORDINGS[kind][language]({
    category: categoryName(facts, language),
    merchant: (facts.merchant ?? '').slice(0, MAX_NAME),
    day: facts.day ?? '',
    amount: money(facts.amountMinor),
    other: money(facts.otherMinor),
  });
};
