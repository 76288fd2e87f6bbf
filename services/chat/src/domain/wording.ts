import type { Language } from '@orrery/contracts';

type Wording<Arguments extends unknown[] = []> = Readonly<Record<Language, (...values: Arguments) => string>>;

const WELCOME: Wording<[name: string]> = {
  en: (name) =>
    `Hello ${name}! I am your money assistant. Ask me about your spending, income, budgets, bills, debts or missions, and I will work it out from your own figures.`,
  fr: (name) =>
    `Bonjour ${name} ! Je suis votre assistant budgétaire. Posez-moi vos questions sur vos dépenses, revenus, budgets, factures, dettes ou missions : je calcule à partir de vos propres chiffres.`,
  ko: (name) =>
    `안녕하세요, ${name}님! 저는 가계 도우미예요. 지출, 수입, 예산, 정기 결제, 빚, 미션에 대해 물어보시면 실제 내역으로 계산해 드릴게요.`,
};

const UNKNOWN_NAME: Readonly<Record<Language, string>> = { en: 'there', fr: 'à vous', ko: '고객' };

/**
 * The first message of a conversation.
 * @param language in which language
 * @param name the user's name, if it is known
 */
export const welcome = (language: Language, name: string | undefined): string =>
  WELCOME[language](name === undefined || name.trim() === '' ? UNKNOWN_NAME[language] : name.trim());

const TOO_MANY: Wording<[seconds: number]> = {
  en: (seconds) =>
    `You have sent many messages within a minute. Please wait ${String(seconds)} s and try again.`,
  fr: (seconds) =>
    `Vous avez envoyé beaucoup de messages en une minute. Patientez ${String(seconds)} s puis réessayez.`,
  ko: (seconds) => `1분 동안 메시지를 많이 보내셨어요. ${String(seconds)}초 뒤에 다시 시도해 주세요.`,
};

/**
 * What a user reads who sends faster than the limit.
 * @param language in which language
 * @param seconds until messages are taken again
 */
export const tooManyMessages = (language: Language, seconds: number): string => TOO_MANY[language](seconds);

const DISCLAIMER: Readonly<Record<Language, string>> = {
  en: 'This is information from your own figures and not financial advice; please see a qualified adviser before big decisions.',
  fr: 'Ces informations viennent de vos propres chiffres et ne sont pas un conseil financier ; consultez un conseiller qualifié avant toute grande décision.',
  ko: '본인의 내역에 근거한 정보이며 금융 자문이 아니에요. 중요한 결정은 전문가와 상의하세요.',
};

/**
 * The sentence that follows significant advice.
 * @param language in which language
 */
export const disclaimer = (language: Language): string => DISCLAIMER[language];

const ONE_CHANGE: Readonly<Record<Language, string>> = {
  en: 'I prepare one change at a time. Please confirm or decline the first one, then ask for the next.',
  fr: 'Je prépare une modification à la fois. Confirmez ou refusez la première, puis demandez la suivante.',
  ko: '한 번에 하나씩만 바꿀 수 있어요. 첫 번째에 먼저 답해 주신 뒤 다음을 말씀해 주세요.',
};

/**
 * What is said to a second change in one answer.
 * @param language in which language
 */
export const oneChangeAtATime = (language: Language): string => ONE_CHANGE[language];
