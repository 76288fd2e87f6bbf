import { categoryName, writtenMoney } from '@orrery/assistant';
import { categoryBySlug, LANGUAGES, type Language } from '@orrery/contracts';
import { moneyOf } from './money-math.ts';

/** A text in every language. */
export type NewsTexts = Record<Language, { title: string; text: string }>;

const inAll = (word: (language: Language) => { title: string; text: string }): NewsTexts => {
  const [en, fr, ko] = LANGUAGES.map(word);
  if (en === undefined || fr === undefined || ko === undefined) {
    throw new Error('A language has no wording');
  }
  return { en, fr, ko };
};

/**
 * News of a budget that was used up to a share.
 * @param fact amounts in minor units
 */
export const wordBudgetNews = (fact: {
  category: string;
  thresholdPercent: number;
  limit: { amountMinor: number; currency: string };
  spent: { amountMinor: number; currency: string };
}): NewsTexts =>
  inAll((language) => {
    const name =
      categoryBySlug(fact.category) === undefined
        ? { en: 'Your budget', fr: 'Votre budget', ko: '예산' }[language]
        : categoryName(fact.category, language);
    const spent = writtenMoney(moneyOf(fact.spent.amountMinor, fact.spent.currency), language);
    const limit = writtenMoney(moneyOf(fact.limit.amountMinor, fact.limit.currency), language);
    const share = String(fact.thresholdPercent);
    return {
      en: { title: `${name}: ${share}% used`, text: `You have spent ${spent} of ${limit}.` },
      fr: { title: `${name} : ${share} % utilisés`, text: `Vous avez dépensé ${spent} sur ${limit}.` },
      ko: { title: `${name}: ${share}% 사용`, text: `${limit} 중 ${spent}을 쓰셨어요.` },
    }[language];
  });

/**
 * News of a bank that needs a new sign-in.
 * @param institution name of the bank
 */
export const wordBankNews = (institution: string): NewsTexts =>
  inAll(
    (language) =>
      ({
        en: {
          title: `${institution} needs you to sign in again`,
          text: 'New transactions arrive after you have signed in.',
        },
        fr: {
          title: `${institution} demande une nouvelle connexion`,
          text: 'Les nouvelles opérations arriveront après votre connexion.',
        },
        ko: {
          title: `${institution}에 다시 로그인해 주세요`,
          text: '로그인하시면 새 거래를 불러올 수 있어요.',
        },
      })[language],
  );

const MISSION_DONE: Readonly<Record<Language, string>> = {
  en: 'Mission completed',
  fr: 'Mission réussie',
  ko: '미션 완료',
};

/**
 * News of a mission that reached its goal.
 * @param texts the mission's wording
 */
export const wordMissionNews = (texts: Record<Language, string>): NewsTexts =>
  inAll((language) => ({ title: MISSION_DONE[language], text: texts[language] }));

const NEW_ADVICE: Readonly<Record<Language, string>> = {
  en: 'New advice for you',
  fr: 'De nouveaux conseils pour vous',
  ko: '새로운 조언이 있어요',
};

/**
 * News of fresh suggestions or of a report.
 * @param titles headings in the language in which they were written
 */
export const wordAdviceNews = (titles: readonly string[]): NewsTexts =>
  inAll((language) => ({ title: NEW_ADVICE[language], text: titles.join('\n') }));
