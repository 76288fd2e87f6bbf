import type { Language } from '@orrery/contracts';
import { formatMoney } from '@orrery/money';
import { categoryOfSub, limitOf, subName } from './mission-rule.ts';
import type { MissionRule, MissionTemplate, Weekday } from './mission-rule.ts';

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', fr: 'fr-FR', ko: 'ko-KR' };

const WEEKDAY_NAMES: Readonly<Record<Language, Readonly<Record<Weekday, string>>>> = {
  en: {
    MONDAY: 'Monday',
    TUESDAY: 'Tuesday',
    WEDNESDAY: 'Wednesday',
    THURSDAY: 'Thursday',
    FRIDAY: 'Friday',
    SATURDAY: 'Saturday',
    SUNDAY: 'Sunday',
  },
  fr: {
    MONDAY: 'lundi',
    TUESDAY: 'mardi',
    WEDNESDAY: 'mercredi',
    THURSDAY: 'jeudi',
    FRIDAY: 'vendredi',
    SATURDAY: 'samedi',
    SUNDAY: 'dimanche',
  },
  ko: {
    MONDAY: '월요일',
    TUESDAY: '화요일',
    WEDNESDAY: '수요일',
    THURSDAY: '목요일',
    FRIDAY: '금요일',
    SATURDAY: '토요일',
    SUNDAY: '일요일',
  },
};

const PART_NAMES: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: { '18:00': 'in the evening', '22:00': 'at night', '06:00': 'in the morning' },
  fr: { '18:00': 'le soir', '22:00': 'la nuit', '06:00': 'le matin' },
  ko: { '18:00': '저녁', '22:00': '야간', '06:00': '오전' },
};

interface Words {
  label: string;
  amount: string;
  count: number;
  part: string;
  hours: string;
  weekday: string;
}

type Wording = (words: Words) => string;

const purchases = (count: number): string => `${count} purchase${count === 1 ? '' : 's'}`;
const achats = (count: number): string => `${count} achat${count === 1 ? '' : 's'}`;

const WORDINGS: Readonly<Record<MissionTemplate, Readonly<Record<Language, Wording>>>> = {
  CATEGORY_BAN_DAILY: {
    en: ({ label }) => `${label}: no purchase today`,
    fr: ({ label }) => `${label} : aucun achat aujourd’hui`,
    ko: ({ label }) => `${label} 오늘 하루 쓰지 않기`,
  },
  SPEND_CAP_DAILY: {
    en: ({ label, amount }) => `${label}: at most ${amount} today`,
    fr: ({ label, amount }) => `${label} : ${amount} au plus aujourd’hui`,
    ko: ({ label, amount }) => `${label} 하루 ${amount} 이하`,
  },
  PER_TXN_DAILY: {
    en: ({ label, amount }) => `${label}: at most ${amount} per purchase today`,
    fr: ({ label, amount }) => `${label} : ${amount} au plus par achat aujourd’hui`,
    ko: ({ label, amount }) => `${label} 1건 ${amount} 이하`,
  },
  COUNT_CAP_DAILY: {
    en: ({ label, count }) => `${label}: at most ${purchases(count)} today`,
    fr: ({ label, count }) => `${label} : ${achats(count)} au plus aujourd’hui`,
    ko: ({ label, count }) => `${label} 하루 ${count}건 이하`,
  },
  TIME_BAN_DAILY: {
    en: ({ label, part, hours }) => `${label}: no purchase ${part} (${hours}) today`,
    fr: ({ label, part, hours }) => `${label} : aucun achat ${part} (${hours}) aujourd’hui`,
    ko: ({ label, part, hours }) => `${label} 오늘 ${part}(${hours})에 쓰지 않기`,
  },
  DAY_BAN_WEEKLY: {
    en: ({ label, weekday }) => `${label}: no purchase on ${weekday}`,
    fr: ({ label, weekday }) => `${label} : aucun achat ${weekday}`,
    ko: ({ label, weekday }) => `${label} 이번 주 ${weekday}에 쓰지 않기`,
  },
  SPEND_CAP_WEEKLY: {
    en: ({ label, amount }) => `${label}: at most ${amount} this week`,
    fr: ({ label, amount }) => `${label} : ${amount} au plus cette semaine`,
    ko: ({ label, amount }) => `${label} 이번 주 ${amount} 이하`,
  },
  COUNT_CAP_WEEKLY: {
    en: ({ label, count }) => `${label}: at most ${purchases(count)} this week`,
    fr: ({ label, count }) => `${label} : ${achats(count)} au plus cette semaine`,
    ko: ({ label, count }) => `${label} 이번 주 ${count}건 이하`,
  },
  SPEND_CAP_MONTHLY: {
    en: ({ label, amount }) => `${label}: at most ${amount} this month`,
    fr: ({ label, amount }) => `${label} : ${amount} au plus ce mois-ci`,
    ko: ({ label, amount }) => `${label} 이번 달 ${amount} 이하`,
  },
  COUNT_CAP_MONTHLY: {
    en: ({ label, count }) => `${label}: at most ${purchases(count)} this month`,
    fr: ({ label, count }) => `${label} : ${achats(count)} au plus ce mois-ci`,
    ko: ({ label, count }) => `${label} 이번 달 ${count}건 이하`,
  },
};

const wonFormat = new Intl.NumberFormat('ko-KR');

// Koreans write won after the number in a sentence, where Intl's currency style puts the sign in front.
const amountText = (amountMinor: number, currency: string, language: Language): string =>
  language === 'ko' && currency === 'KRW'
    ? `${wonFormat.format(amountMinor)}원`
    : formatMoney({ amountMinor, currency }, LOCALES[language]);

/**
 * The name of a subcategory in a language; in Korean exactly as PocketC spells it.
 * @param sub subcategory of PocketC
 * @param language of the reader
 */
export const labelOf = (sub: number, language: Language): string =>
  language === 'ko' ? subName(sub) : categoryOfSub(sub).names[language];

/**
 * A mission as a sentence.
 * @param rule what it asks for
 * @param language of the reader
 * @param options `bracketed`: the category in angle brackets, as clients of PocketC look for it
 */
export const wordMission = (
  rule: MissionRule,
  language: Language,
  options: { bracketed?: boolean } = {},
): string => {
  const label = labelOf(rule.sub_id, language);
  const [span] = rule.time_of_day ?? [];
  return WORDINGS[rule.template][language]({
    label: options.bracketed === true ? `<${label}>` : label,
    amount: rule.currency === undefined ? '' : amountText(limitOf(rule), rule.currency, language),
    count: rule.value,
    part: PART_NAMES[language][span?.start ?? ''] ?? '',
    hours: span === undefined ? '' : `${span.start}–${span.end}`,
    weekday: rule.day_of_week === undefined ? '' : WEEKDAY_NAMES[language][rule.day_of_week],
  });
};
