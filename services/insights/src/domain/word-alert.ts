import { categoryBySlug } from '@orrery/contracts';
import type { Language } from '@orrery/contracts';
import { formatMoney } from '@orrery/money';
import type { AlertFacts, AlertKind } from './alert.ts';
import { cashSenseName } from './cash-sense-category.ts';

/** An alert's wording in one language. */
export interface AlertWording {
  title: string;
  text: string;
}

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
  percent: string;
  phrase: string;
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
  balance_low: {
    en: ({ merchant, amount, other }) => ({
      title: `Low balance: ${merchant}`,
      text: `The balance is ${amount}, below your limit of ${other}.`,
    }),
    fr: ({ merchant, amount, other }) => ({
      title: `Solde bas : ${merchant}`,
      text: `Le solde est de ${amount}, sous votre limite de ${other}.`,
    }),
    ko: ({ merchant, amount, other }) => ({
      title: `잔액 부족: ${merchant}`,
      text: `잔액이 ${amount}으로 설정 한도 ${other}보다 적습니다.`,
    }),
  },
  forecast_below_zero: {
    en: ({ day, amount }) => ({
      title: 'Balance expected below zero',
      text: `The lowest expected balance is ${amount} on ${day}.`,
    }),
    fr: ({ day, amount }) => ({
      title: 'Découvert à prévoir',
      text: `Le solde prévu le plus bas est de ${amount} le ${day}.`,
    }),
    ko: ({ day, amount }) => ({
      title: '잔액 마이너스 예상',
      text: `${day}에 예상 잔액이 ${amount}까지 내려갑니다.`,
    }),
  },
  bank_sign_in: {
    en: ({ merchant }) => ({
      title: `Sign in to ${merchant} again`,
      text: `The link to ${merchant} has stopped working. New transactions arrive once you sign in again.`,
    }),
    fr: ({ merchant }) => ({
      title: `Reconnectez ${merchant}`,
      text: `Le lien avec ${merchant} ne fonctionne plus. Les nouvelles opérations arriveront après une nouvelle connexion.`,
    }),
    ko: ({ merchant }) => ({
      title: `${merchant} 다시 로그인 필요`,
      text: `${merchant} 연결이 끊어졌습니다. 다시 로그인하면 새 거래가 들어옵니다.`,
    }),
  },
  model_retrained: {
    en: ({ percent }) => ({
      title: 'Categories have learnt',
      text: `A newly trained model files your transactions; it is right on ${percent} % of the check set.`,
    }),
    fr: ({ percent }) => ({
      title: 'Les catégories ont appris',
      text: `Un modèle réentraîné classe vos opérations ; il est juste sur ${percent} % du jeu de contrôle.`,
    }),
    ko: ({ percent }) => ({
      title: '분류 모델이 새로 학습되었습니다',
      text: `새 모델이 거래를 분류하며 점검 자료에서 ${percent}%를 맞혔습니다.`,
    }),
  },
  mission_completed: {
    en: ({ phrase, amount }) => ({
      title: 'Mission accomplished',
      text: amount === '' ? phrase : `${phrase} You saved about ${amount}.`,
    }),
    fr: ({ phrase, amount }) => ({
      title: 'Mission accomplie',
      text: amount === '' ? phrase : `${phrase} Vous avez économisé environ ${amount}.`,
    }),
    ko: ({ phrase, amount }) => ({
      title: '미션 성공',
      text: amount === '' ? phrase : `${phrase} 약 ${amount}을 아꼈습니다.`,
    }),
  },
  mission_failed: {
    en: ({ phrase }) => ({ title: 'Mission missed', text: phrase }),
    fr: ({ phrase }) => ({ title: 'Mission manquée', text: phrase }),
    ko: ({ phrase }) => ({ title: '미션 실패', text: phrase }),
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
    percent: facts.percent === undefined ? '' : String(facts.percent),
    phrase: facts.phrase?.[language] ?? '',
  });
};
