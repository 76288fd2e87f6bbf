import type { Language, MoneyText } from '@orrery/contracts';
import { categoryName } from './categories.ts';
import { FUTURE_WORD, type Reading } from './read-question.ts';
import type { ToolFailure, ToolName, ToolResult } from './tools.ts';
import {
  isNegative,
  withoutSign,
  writtenDay,
  writtenList,
  writtenMoney,
  writtenMonth,
  writtenPeriod,
} from './written.ts';

type Say = Readonly<Record<Language, string>>;

/** Everything that wording needs beside the result. */
interface Voice {
  reading: Reading;
  language: Language;
  money(money: MoneyText): string;
  day(day: string): string;
  period(period: { from: string; to: string }): string;
  list(things: readonly string[]): string;
  say(texts: Say): string;
}

const voiceOf = (reading: Reading): Voice => {
  const { language } = reading;
  return {
    reading,
    language,
    money: (money) => writtenMoney(money, language),
    day: (day) => writtenDay(day, language),
    period: (period) => writtenPeriod(period, language),
    list: (things) => writtenList(things, language),
    say: (texts) => texts[language],
  };
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

interface SubjectRef {
  category: { slug: string } | null;
  merchant: string | null;
}

/** `on groceries`, `at Tesco`, or nothing. */
const aboutSubject = ({ say, language }: Voice, { category, merchant }: SubjectRef): string => {
  const name = category === null ? undefined : categoryName(category.slug, language);
  if (merchant !== null && name !== undefined) {
    return say({
      en: ` at ${merchant} (${name})`,
      fr: ` chez ${merchant} (${name})`,
      ko: ` ${merchant}에서 ${name}에`,
    });
  }
  if (merchant !== null) {
    return say({ en: ` at ${merchant}`, fr: ` chez ${merchant}`, ko: ` ${merchant}에서` });
  }
  return name === undefined ? '' : say({ en: ` on ${name}`, fr: ` en ${name}`, ko: ` ${name}에` });
};

const nameOf = ({ language }: Voice, { category, merchant }: SubjectRef): string =>
  merchant ?? (category === null ? '' : categoryName(category.slug, language));

/** ` without Rent`, or nothing. */
const leftOut = (voice: Voice, except: readonly SubjectRef[] = []): string => {
  const names = voice.list(except.map((each) => nameOf(voice, each)));
  return names === ''
    ? ''
    : voice.say({ en: ` without ${names}`, fr: ` hors ${names}`, ko: ` ${names} 빼고` });
};

/** What the figures are about, and what was left out. */
const about = (
  voice: Voice,
  {
    parts,
    except,
    ...subject
  }: SubjectRef & {
    parts?: readonly SubjectRef[] | undefined;
    except?: readonly SubjectRef[] | undefined;
  },
): string => {
  const names = voice.list((parts ?? []).map((part) => nameOf(voice, part)));
  const on =
    names === ''
      ? aboutSubject(voice, subject)
      : voice.say({ en: ` on ${names}`, fr: ` pour ${names}`, ko: ` ${names}에` });
  return on + leftOut(voice, except);
};

const partial = ({ say }: Voice, complete: boolean): string =>
  complete
    ? ''
    : say({
        en: ' There are more transactions than I can add up at once, so this covers only a part of them.',
        fr: ' Il y a plus d’opérations que je ne peux en additionner : ceci n’en couvre qu’une partie.',
        ko: ' 한 번에 더할 수 있는 것보다 거래가 많아서 일부만 반영했어요.',
      });

const purchases = ({ say }: Voice, count: number): string =>
  say({
    en: `${String(count)} ${count === 1 ? 'transaction' : 'transactions'}`,
    fr: `${String(count)} ${count < 2 ? 'opération' : 'opérations'}`,
    ko: `${String(count)}건`,
  });

const nothingSpent = (voice: Voice, where: string, when: string): string =>
  voice.say({
    en: `I found no spending${where} ${when}.`,
    fr: `Je ne trouve aucune dépense${where} ${when}.`,
    ko: `${when}${where} 지출한 내역이 없어요.`,
  });

/** A name that matches none in the ledger says nothing about what was spent there. */
const unknownMerchant = ({ say }: Voice, { merchant }: { merchant: string | null }): string =>
  say({
    en: `I know no merchant called “${merchant ?? ''}” in your transactions, so I cannot say what you spent there.`,
    fr: `Je ne connais aucun marchand nommé « ${merchant ?? ''} » dans vos opérations, et ne peux donc pas dire ce que vous y avez dépensé.`,
    ko: `거래 내역에 “${merchant ?? ''}”(이)라는 가맹점이 없어서 얼마를 쓰셨는지 말씀드릴 수 없어요.`,
  });

/** Whatever the words, an answer that covers a part says so. */
const spending = (voice: Voice, result: ToolResult<'get_spending'>): string =>
  spent(voice, result) + partial(voice, result.complete);

const spent = (voice: Voice, result: ToolResult<'get_spending'>): string => {
  const { say, money, reading } = voice;
  const where = about(voice, result);
  const when = voice.period(result);
  const { groups, comparison, average, share, parts } = result;
  if (comparison !== undefined) {
    return compared(voice, result, comparison);
  }
  if (parts !== undefined) {
    return sideBySide(voice, result, parts);
  }
  if (result.totals.length === 0) {
    return result.isUnknownMerchant ? unknownMerchant(voice, result) : nothingSpent(voice, where, when);
  }
  const total = voice.list(result.totals.map((each) => money(each.spent)));
  const count = result.totals.reduce((sum, each) => sum + each.count, 0);
  if (average !== undefined) {
    return averaged(voice, average, { where, when, total });
  }
  if (share !== undefined) {
    return say({
      en: `You spent ${total}${where} ${when}: that is ${String(share.percent)}% of the ${money(share.all)} you spent in all.`,
      fr: `Vous avez dépensé ${total}${where} ${when} : c’est ${String(share.percent)} % des ${money(share.all)} dépensés en tout.`,
      ko: `${when}${where} ${total}을 쓰셨어요. 전체 ${money(share.all)}의 ${String(share.percent)}%예요.`,
    });
  }
  if (groups !== undefined && reading.topic === 'peak') {
    return peak(voice, groups, { where, when });
  }
  if (groups !== undefined && reading.topic === 'breakdown') {
    const lines = groups
      .slice(0, reading.limit ?? (reading.groupBy === 'month' ? 12 : 5))
      .map(({ name, spent, percent }) =>
        reading.groupBy === 'month'
          ? `${writtenMonth(name, voice.language)}: ${money(spent)}`
          : `${name}: ${money(spent)} (${String(percent)}%)`,
      );
    return say({
      en: `You spent ${total}${where} ${when}. The largest parts:\n${lines.join('\n')}`,
      fr: `Vous avez dépensé ${total}${where} ${when}. Les principaux postes :\n${lines.join('\n')}`,
      ko: `${when}${where} 모두 ${total}을 쓰셨어요. 큰 항목부터:\n${lines.join('\n')}`,
    });
  }
  if (reading.isCount) {
    return say({
      en: `I count ${purchases(voice, count)}${where} ${when}, ${total} in all.`,
      fr: `Je compte ${purchases(voice, count)}${where} ${when}, pour ${total} au total.`,
      ko: `${when}${where} ${purchases(voice, count)}, 모두 ${total}을 쓰셨어요.`,
    });
  }
  return say({
    en: `You spent ${total}${where} ${when} (${purchases(voice, count)}).`,
    fr: `Vous avez dépensé ${total}${where} ${when} (${purchases(voice, count)}).`,
    ko: `${when}${where} ${total}을 쓰셨어요 (${purchases(voice, count)}).`,
  });
};

const PER_WORDS: Readonly<Record<'day' | 'week' | 'month' | 'purchase', Say>> = {
  day: { en: 'a day', fr: 'par jour', ko: '하루' },
  week: { en: 'a week', fr: 'par semaine', ko: '일주일' },
  month: { en: 'a month', fr: 'par mois', ko: '한 달' },
  purchase: { en: 'a time', fr: 'par opération', ko: '한 번에' },
};

const averaged = (
  { say, money, language }: Voice,
  { per, amount, over }: NonNullable<ToolResult<'get_spending'>['average']>,
  { where, when, total }: { where: string; when: string; total: string },
): string => {
  const unit = PER_WORDS[per][language];
  const number = String(over);
  const span = {
    day: { en: `${number} days`, fr: `${number} jours`, ko: `${number}일` },
    week: { en: `${number} days`, fr: `${number} jours`, ko: `${number}일` },
    month: { en: `${number} ${over === 1 ? 'month' : 'months'}`, fr: `${number} mois`, ko: `${number}개월` },
    purchase: {
      en: `${number} ${over === 1 ? 'transaction' : 'transactions'}`,
      fr: `${number} ${over < 2 ? 'opération' : 'opérations'}`,
      ko: `${number}건`,
    },
  }[per][language];
  return say({
    en: `On average you spent ${money(amount)} ${unit}${where} ${when} (${total} over ${span}).`,
    fr: `En moyenne vous avez dépensé ${money(amount)} ${unit}${where} ${when} (${total} sur ${span}).`,
    ko: `${when}${where} ${unit} 평균 ${money(amount)}을 쓰셨어요 (${span} 동안 ${total}).`,
  });
};

/** The month in which most or least was spent. */
const peak = (
  voice: Voice,
  groups: NonNullable<ToolResult<'get_spending'>['groups']>,
  { where, when }: { where: string; when: string },
): string => {
  const { say, money, reading, language } = voice;
  const isLeast = reading.extreme === 'least';
  const amountOf = ({ spent }: { spent: MoneyText }): number => Number(spent.amount);
  const [first, ...others] = groups;
  if (first === undefined) {
    return nothingSpent(voice, where, when);
  }
  const found = others.reduce(
    (best, group) =>
      (isLeast ? amountOf(group) < amountOf(best) : amountOf(group) > amountOf(best)) ? group : best,
    first,
  );
  const month = writtenMonth(found.name, language);
  return say({
    en: `You spent ${isLeast ? 'least' : 'most'}${where} in ${month}: ${money(found.spent)} (looking ${when}).`,
    fr: `C’est en ${month} que vous avez dépensé le ${isLeast ? 'moins' : 'plus'}${where} : ${money(found.spent)} (${when}).`,
    ko: `${when}${where} 가장 ${isLeast ? '적게' : '많이'} 쓴 달은 ${month}이에요: ${money(found.spent)}.`,
  });
};

/** Several subjects, with their sum and, for two, their difference. */
const sideBySide = (
  voice: Voice,
  result: ToolResult<'get_spending'>,
  parts: NonNullable<ToolResult<'get_spending'>['parts']>,
): string => {
  const { say, money, list, reading } = voice;
  const when = capital(voice.period(result));
  const without = leftOut(voice, result.except);
  const zero = result.totals[0]?.currency ?? result.difference?.currency;
  const spentParts = parts.filter(({ totals }) => totals.length > 0);
  const [only] = spentParts;
  if (only === undefined) {
    return nothingSpent(voice, about(voice, result), voice.period(result));
  }
  if (reading.isWide && spentParts.length === 1) {
    const { parts: _parts, difference: _difference, ...single } = result;
    return spent(voice, { ...single, category: only.category, merchant: only.merchant });
  }
  const spentOn = ({ totals }: { totals: readonly { spent: MoneyText }[] }): string =>
    totals.length === 0
      ? zero === undefined
        ? '0'
        : money({ amount: '0', currency: zero })
      : list(totals.map(({ spent }) => money(spent)));
  const countOf = ({ totals }: { totals: readonly { count: number }[] }): number =>
    totals.reduce((sum, { count }) => sum + count, 0);
  const lines = list(
    parts.map((part) => {
      const count = reading.isCount ? ` (${purchases(voice, countOf(part))})` : '';
      return say({
        en: `${spentOn(part)}${aboutSubject(voice, part)}${count}`,
        fr: `${spentOn(part)}${aboutSubject(voice, part)}${count}`,
        ko: `${nameOf(voice, part)} ${spentOn(part)}${count}`,
      });
    }),
  );
  const sum = list(result.totals.map(({ spent }) => money(spent)));
  const { difference } = result;
  const gap =
    difference === undefined || parts.some(({ totals }) => totals.length > 1)
      ? ''
      : say({
          en: ` The difference is ${money(difference)}.`,
          fr: ` L’écart est de ${money(difference)}.`,
          ko: ` 차이는 ${money(difference)}이에요.`,
        });
  return say({
    en: `${when} you spent ${lines}${without}: ${sum} together.${gap}`,
    fr: `${when}, vous avez dépensé ${lines}${without} : ${sum} au total.${gap}`,
    ko: `${when}${without} ${lines}, 모두 ${sum}을 쓰셨어요.${gap}`,
  });
};

const compared = (
  voice: Voice,
  result: ToolResult<'get_spending'>,
  comparison: NonNullable<ToolResult<'get_spending'>['comparison']>,
): string => {
  const { say, money, reading } = voice;
  const where = about(voice, result);
  const now = voice.period(result);
  const before = voice.period(comparison);
  const isSum = reading.topic !== 'compare';
  if (comparison.totals.length === 0) {
    const when = `${now} ${say({ en: 'or', fr: 'ni', ko: '또는' })} ${before}`;
    return result.isUnknownMerchant ? unknownMerchant(voice, result) : nothingSpent(voice, where, when);
  }
  const changes = comparison.totals.map((total) => changeOf(voice, result, total));
  // Each sentence stands once, however many currencies there are.
  const later = voice.list(changes.map((change) => change.later));
  const earlier = voice.list(comparison.totals.map((total) => money(total.spent)));
  if (changes.every(({ isSame }) => isSame)) {
    return say({
      en: `You spent the same${where} ${now} and ${before}: ${later}.`,
      fr: `Vous avez dépensé autant${where} ${now} et ${before} : ${later}.`,
      ko: `${now}과 ${before}${where} 쓴 금액이 같아요: ${later}.`,
    });
  }
  if (isSum) {
    const both = voice.list(comparison.together.map(money));
    return say({
      en: `You spent ${earlier}${where} ${before} and ${later} ${now}, ${both} together.`,
      fr: `Vous avez dépensé ${earlier}${where} ${before} et ${later} ${now}, soit ${both} au total.`,
      ko: `${before}${where} ${earlier}, ${now}에는 ${later}, 모두 ${both}을 쓰셨어요.`,
    });
  }
  const change = voice.list(changes.map(({ words }) => words));
  return say({
    en: `You spent ${later}${where} ${now} and ${earlier} ${before}. That is ${change}.`,
    fr: `Vous avez dépensé ${later}${where} ${now} et ${earlier} ${before}. C’est ${change}.`,
    ko: `${now}${where} ${later}, ${before}에는 ${earlier}을 쓰셨어요. ${change}.`,
  });
};

/** How one currency's spending changed: `£20.00 more (50%)`. */
const changeOf = (
  { say, money }: Voice,
  { totals }: ToolResult<'get_spending'>,
  { currency, difference, percent }: NonNullable<ToolResult<'get_spending'>['comparison']>['totals'][number],
): { later: string; isSame: boolean; words: string } => {
  const later = money(
    totals.find((total) => total.currency === currency)?.spent ?? { amount: '0', currency },
  );
  const change = money(withoutSign(difference));
  const share = percent === null ? '' : ` (${String(Math.abs(percent))}%)`;
  const isLess = isNegative(difference);
  if (/^-?0(?:\.0*)?$/.test(difference.amount)) {
    const words = say({
      en: `the same in ${currency}`,
      fr: `autant en ${currency}`,
      ko: `${currency}는 같아요`,
    });
    return { later, isSame: true, words };
  }
  return {
    later,
    isSame: false,
    words: say({
      en: `${change} ${isLess ? 'less' : 'more'}${share}`,
      fr: `${change} de ${isLess ? 'moins' : 'plus'}${share}`,
      ko: `${change} ${isLess ? '줄었어요' : '늘었어요'}${share}`,
    }),
  };
};

const transactions = (voice: Voice, result: ToolResult<'search_transactions'>): string => {
  const { say, money, reading } = voice;
  const where = about(voice, result);
  const when =
    result.from === null || result.to === null
      ? ''
      : ` ${voice.period({ from: result.from, to: result.to })}`;
  const [first] = result.transactions;
  if (first === undefined) {
    return (
      say({
        en: `I found no transaction${where}${when}.`,
        fr: `Je ne trouve aucune opération${where}${when}.`,
        ko: `${when.trim()}${where} 해당하는 거래가 없어요.`.trim(),
      }) + partial(voice, result.complete)
    );
  }
  const amount = (money_: MoneyText): string => money(withoutSign(money_));
  if (reading.topic === 'largest' && result.transactions.length === 1) {
    return say({
      en: `Your largest purchase${where}${when} was ${amount(first.amount)} at ${first.merchant} on ${voice.day(first.date)}.`,
      fr: `Votre plus gros achat${where}${when} : ${amount(first.amount)} chez ${first.merchant}, le ${voice.day(first.date)}.`,
      ko: `${when.trim()}${where} 가장 큰 지출은 ${voice.day(first.date)} ${first.merchant}의 ${amount(first.amount)}이에요.`.trim(),
    });
  }
  if (reading.topic === 'latest' && result.transactions.length === 1) {
    const isIn = !isNegative(first.amount);
    return say({
      en: `The latest one${where}${when} was ${amount(first.amount)} ${isIn ? 'from' : 'at'} ${first.merchant} on ${voice.day(first.date)}.`,
      fr: `La dernière${where}${when} : ${amount(first.amount)} ${isIn ? 'de' : 'chez'} ${first.merchant}, le ${voice.day(first.date)}.`,
      ko: `${when.trim()}${where} 마지막 거래는 ${voice.day(first.date)} ${first.merchant}의 ${amount(first.amount)}이에요.`.trim(),
    });
  }
  const lines = result.transactions.map(
    ({ date, merchant, amount: value }) => `${voice.day(date)}: ${merchant}, ${amount(value)}`,
  );
  const ceiling =
    result.maxAmount === null
      ? ''
      : say({
          en: ` of at most ${money(result.maxAmount)}`,
          fr: ` d’au plus ${money(result.maxAmount)}`,
          ko: ` ${money(result.maxAmount)} 이하의`,
        });
  const limit =
    result.minAmount === null
      ? ceiling
      : say({
          en: ` of at least ${money(result.minAmount)}`,
          fr: ` d’au moins ${money(result.minAmount)}`,
          ko: ` ${money(result.minAmount)} 이상의`,
        });
  return (
    say({
      en: `I found ${purchases(voice, result.count)}${limit}${where}${when}. ${result.sort === 'largest' ? 'The largest' : 'The newest'}:\n${lines.join('\n')}`,
      fr: `Je trouve ${purchases(voice, result.count)}${limit}${where}${when}. ${result.sort === 'largest' ? 'Les plus grosses' : 'Les plus récentes'} :\n${lines.join('\n')}`,
      ko: `${when.trim()}${where}${limit} 거래는 ${purchases(voice, result.count)}이에요. ${result.sort === 'largest' ? '큰 순서' : '최근 순서'}:\n${lines.join('\n')}`.trim(),
    }) + partial(voice, result.complete)
  );
};

const incomeAndSpending = (voice: Voice, result: ToolResult<'get_income_and_spending'>): string => {
  const { say, money, reading } = voice;
  const when = voice.period(result);
  if (result.totals.length === 0) {
    return say({
      en: `I found no transactions ${when}.`,
      fr: `Je ne trouve aucune opération ${when}.`,
      ko: `${when} 거래 내역이 없어요.`,
    });
  }
  if (reading.topic === 'income' && reading.groupBy === 'month' && result.months.length > 0) {
    const lines = result.months.map(
      ({ month, income }) => `${writtenMonth(month, voice.language)}: ${money(income)}`,
    );
    const total = voice.list(result.totals.map(({ income }) => money(income)));
    return say({
      en: `Your income ${when} was ${total}. By month:\n${lines.join('\n')}`,
      fr: `Vos revenus ${when} : ${total}. Par mois :\n${lines.join('\n')}`,
      ko: `${when} 수입은 ${total}이에요. 월별로:\n${lines.join('\n')}`,
    });
  }
  return result.totals
    .map(({ income, spending: spent, net }) => {
      if (reading.topic === 'income') {
        return say({
          en: `Your income ${when} was ${money(income)}.`,
          fr: `Vos revenus ${when} : ${money(income)}.`,
          ko: `${when} 수입은 ${money(income)}이에요.`,
        });
      }
      const left = money(withoutSign(net));
      return isNegative(net)
        ? say({
            en: `${capital(when)} you had ${money(income)} of income and spent ${money(spent)}: ${left} more than came in.`,
            fr: `${capital(when)}, vos revenus étaient de ${money(income)} et vos dépenses de ${money(spent)} : ${left} de plus que vos revenus.`,
            ko: `${when} 수입은 ${money(income)}, 지출은 ${money(spent)}이라 ${left}을 더 쓰셨어요.`,
          })
        : say({
            en: `${capital(when)} you had ${money(income)} of income and spent ${money(spent)}, so ${left} was left.`,
            fr: `${capital(when)}, vos revenus étaient de ${money(income)} et vos dépenses de ${money(spent)} : il restait ${left}.`,
            ko: `${when} 수입은 ${money(income)}, 지출은 ${money(spent)}이라 ${left}이 남았어요.`,
          });
    })
    .join(' ');
};

const balances = (voice: Voice, result: ToolResult<'get_balances'>): string => {
  const { say, money } = voice;
  const known = result.accounts.filter(({ balance }) => balance !== null);
  if (known.length === 0) {
    return say({
      en: 'I know no account balance: no linked bank reports one.',
      fr: 'Je ne connais aucun solde : aucune banque liée n’en indique.',
      ko: '연결된 은행이 알려 준 잔액이 없어요.',
    });
  }
  const lines = known.map(({ name, balance }) => `${name}: ${balance === null ? '' : money(balance)}`);
  const total = voice.list(result.totals.map(money));
  return say({
    en: `Your balances:\n${lines.join('\n')}\nIn all: ${total}.`,
    fr: `Vos soldes :\n${lines.join('\n')}\nAu total : ${total}.`,
    ko: `계좌 잔액이에요:\n${lines.join('\n')}\n모두 ${total}.`,
  });
};

const budgets = (voice: Voice, result: ToolResult<'get_budgets'>): string => {
  const { say, money } = voice;
  if (result.budgets.length === 0) {
    const name =
      result.name ?? (result.category === null ? '' : categoryName(result.category.slug, voice.language));
    return say({
      en: `You have no budget${name === '' ? '' : ` for ${name}`} yet. Ask me, for instance, to set one for groceries.`,
      fr: `Vous n’avez pas encore de budget${name === '' ? '' : ` pour ${name}`}. Demandez-moi par exemple d’en fixer un pour les courses.`,
      ko: `아직 ${name === '' ? '' : `${name} `}예산이 없어요. 예산을 만들어 달라고 말씀해 주세요.`,
    });
  }
  const lines = result.budgets.map(({ name, limit, spent, remaining, percent }) => {
    const rest = money(withoutSign(remaining));
    return isNegative(remaining)
      ? say({
          en: `${name}: ${money(spent)} of ${money(limit)} (${String(percent)}%), ${rest} over`,
          fr: `${name} : ${money(spent)} sur ${money(limit)} (${String(percent)} %), dépassé de ${rest}`,
          ko: `${name}: ${money(limit)} 중 ${money(spent)} (${String(percent)}%), ${rest} 초과`,
        })
      : say({
          en: `${name}: ${money(spent)} of ${money(limit)} (${String(percent)}%), ${rest} left`,
          fr: `${name} : ${money(spent)} sur ${money(limit)} (${String(percent)} %), il reste ${rest}`,
          ko: `${name}: ${money(limit)} 중 ${money(spent)} (${String(percent)}%), ${rest} 남음`,
        });
  });
  return say({
    en: `Your budgets:\n${lines.join('\n')}`,
    fr: `Vos budgets :\n${lines.join('\n')}`,
    ko: `예산 현황이에요:\n${lines.join('\n')}`,
  });
};

const PERIOD_WORDS: Readonly<Record<string, Say>> = {
  weekly: { en: 'a week', fr: 'par semaine', ko: '매주' },
  biweekly: { en: 'every two weeks', fr: 'toutes les deux semaines', ko: '2주마다' },
  'four-weekly': { en: 'every four weeks', fr: 'toutes les quatre semaines', ko: '4주마다' },
  semimonthly: { en: 'twice a month', fr: 'deux fois par mois', ko: '한 달에 두 번' },
  monthly: { en: 'a month', fr: 'par mois', ko: '매월' },
  quarterly: { en: 'a quarter', fr: 'par trimestre', ko: '분기마다' },
  annual: { en: 'a year', fr: 'par an', ko: '매년' },
};

const recurring = (voice: Voice, result: ToolResult<'get_recurring'>): string => {
  const { say, money, reading } = voice;
  if (result.payments.length === 0) {
    const at = aboutSubject(voice, result);
    return say({
      en: `I found no ${{ income: 'regular income', payments: 'regular payments', subscriptions: 'subscriptions' }[result.kind]}${at}.`,
      fr: `Je ne trouve aucun ${{ income: 'revenu régulier', payments: 'paiement récurrent', subscriptions: 'abonnement' }[result.kind]}${at}.`,
      ko: `${{ income: '정기 수입', payments: '정기 결제', subscriptions: '구독' }[result.kind]} 내역이 없어요${at === '' ? '' : ` (${nameOf(voice, result)})`}.`,
    });
  }
  const lines = result.payments.slice(0, 12).map(({ name, amount, period, nextDate }) => {
    const next =
      nextDate === null
        ? ''
        : say({
            en: `, next on ${voice.day(nextDate)}`,
            fr: `, prochaine échéance le ${voice.day(nextDate)}`,
            ko: `, 다음 ${voice.day(nextDate)}`,
          });
    return `${name}: ${money(withoutSign(amount))} ${PERIOD_WORDS[period]?.[voice.language] ?? period}${next}`;
  });
  if (reading.topic === 'price' || reading.topic === 'payday') {
    return lines.slice(0, 5).join('\n');
  }
  const perMonth = voice.list(result.perMonth.map((each) => money(withoutSign(each))));
  return say({
    en: `You have ${String(result.count)} ${{ income: 'regular incomes', payments: 'regular payments', subscriptions: result.count === 1 ? 'subscription' : 'subscriptions' }[result.kind]}, about ${perMonth} a month:\n${lines.join('\n')}`,
    fr: `Vous avez ${String(result.count)} ${result.kind === 'income' ? 'revenus réguliers' : result.kind === 'subscriptions' ? 'abonnements' : 'paiements récurrents'}, environ ${perMonth} par mois :\n${lines.join('\n')}`,
    ko: `정기 ${result.kind === 'income' ? '수입' : result.kind === 'subscriptions' ? '구독' : '결제'}이 ${String(result.count)}건, 한 달에 약 ${perMonth}이에요:\n${lines.join('\n')}`,
  });
};

const forecast = (voice: Voice, result: ToolResult<'get_forecast'>): string => {
  const { say, money } = voice;
  const parts: string[] = [];
  if (result.price !== null) {
    const { price, leftAfter, isCovered } = result.price;
    parts.push(
      isCovered
        ? say({
            en: `${money(price)} fits: ${money(leftAfter)} would be left.`,
            fr: `${money(price)}, c’est possible : il resterait ${money(leftAfter)}.`,
            ko: `${money(price)}은 괜찮아요. ${money(leftAfter)}이 남아요.`,
          })
        : say({
            en: `${money(price)} does not fit: you would be ${money(withoutSign(leftAfter))} short.`,
            fr: `${money(price)}, c’est trop : il manquerait ${money(withoutSign(leftAfter))}.`,
            ko: `${money(price)}은 무리예요. ${money(withoutSign(leftAfter))}이 모자라요.`,
          }),
    );
  }
  if (result.month !== null) {
    const { income, spending: spent, left, debtPayments, leftAfterDebts } = result.month;
    const when = voice.period(result.month);
    parts.push(
      say({
        en: `${capital(when)} you have ${money(income)} of income and ${money(spent)} of expenses, which leaves ${money(left)}.`,
        fr: `${capital(when)}, vous avez ${money(income)} de revenus et ${money(spent)} de dépenses, soit ${money(left)}.`,
        ko: `${when} 수입은 ${money(income)}, 지출은 ${money(spent)}이라 ${money(left)}이 남아요.`,
      }),
    );
    if (debtPayments !== null && leftAfterDebts !== null) {
      parts.push(
        say({
          en: `After ${money(debtPayments)} of debt payments it is ${money(leftAfterDebts)}.`,
          fr: `Après ${money(debtPayments)} de remboursements de dettes : ${money(leftAfterDebts)}.`,
          ko: `빚 상환 ${money(debtPayments)}을 빼면 ${money(leftAfterDebts)}이에요.`,
        }),
      );
    }
    if (isNegative(leftAfterDebts ?? left)) {
      parts.push(
        say({
          en: 'There is nothing safe to spend beyond what is planned.',
          fr: 'Il n’y a rien à dépenser au-delà de ce qui est prévu.',
          ko: '계획한 것 외에 더 쓸 수 있는 돈은 없어요.',
        }),
      );
    }
  }
  if (result.forecast !== null) {
    const { until, balanceKnown, lowest, probabilityBelowZeroPercent, safeToSpend } = result.forecast;
    const chance = `${String(probabilityBelowZeroPercent)}%`;
    parts.push(
      balanceKnown
        ? say({
            en: `Until ${voice.day(until)} it is safe to spend ${money(safeToSpend)}; the lowest balance I expect is ${money(lowest.balance)} on ${voice.day(lowest.date)}, and the chance of falling below zero is ${chance}.`,
            fr: `Jusqu’au ${voice.day(until)}, vous pouvez dépenser ${money(safeToSpend)} sans risque ; le solde le plus bas attendu est ${money(lowest.balance)} le ${voice.day(lowest.date)}, et le risque de passer sous zéro est de ${chance}.`,
            ko: `${voice.day(until)}까지 ${money(safeToSpend)}은 안심하고 쓰셔도 돼요. 가장 낮은 예상 잔액은 ${voice.day(lowest.date)} ${money(lowest.balance)}, 마이너스가 될 가능성은 ${chance}예요.`,
          })
        : say({
            en: `I do not know your balance, so I can only say how it would change: until ${voice.day(until)} by ${money(lowest.balance)} at its lowest point on ${voice.day(lowest.date)}.`,
            fr: `Je ne connais pas votre solde ; je peux seulement dire comment il évoluerait : d’ici au ${voice.day(until)}, de ${money(lowest.balance)} au plus bas, le ${voice.day(lowest.date)}.`,
            ko: `잔액을 몰라서 변화만 알려 드려요: ${voice.day(until)}까지 가장 낮을 때(${voice.day(lowest.date)}) ${money(lowest.balance)}만큼 달라져요.`,
          }),
    );
  }
  return parts.length === 0
    ? say({
        en: 'There is not enough data yet to say what is safe to spend.',
        fr: 'Il n’y a pas encore assez de données pour dire ce que vous pouvez dépenser.',
        ko: '쓸 수 있는 금액을 말씀드리기에는 아직 데이터가 부족해요.',
      })
    : parts.join(' ');
};

const savingsGoals = (voice: Voice, result: ToolResult<'get_savings_goals'>): string => {
  const { say, money } = voice;
  if (result.goals.length === 0) {
    return say({
      en: 'I know of no savings goal of yours.',
      fr: 'Je ne vous connais aucun objectif d’épargne.',
      ko: '등록된 저축 목표가 없어요.',
    });
  }
  const lines = result.goals.map(({ name, saved, target, remaining, percent, completesOn, isReached }) => {
    const until =
      completesOn === null
        ? ''
        : say({
            en: `, planned for ${voice.day(completesOn)}`,
            fr: `, prévu pour le ${voice.day(completesOn)}`,
            ko: `, 목표일 ${voice.day(completesOn)}`,
          });
    return isReached
      ? say({
          en: `${name}: ${money(saved)} of ${money(target)}, reached`,
          fr: `${name} : ${money(saved)} sur ${money(target)}, atteint`,
          ko: `${name}: ${money(target)} 중 ${money(saved)}, 달성`,
        })
      : say({
          en: `${name}: ${money(saved)} of ${money(target)} (${String(percent)}%), ${money(remaining)} to go${until}`,
          fr: `${name} : ${money(saved)} sur ${money(target)} (${String(percent)} %), il manque ${money(remaining)}${until}`,
          ko: `${name}: ${money(target)} 중 ${money(saved)} (${String(percent)}%), ${money(remaining)} 남음${until}`,
        });
  });
  const all = result.saved === null ? '' : money(result.saved);
  return say({
    en: `Your savings goals:\n${lines.join('\n')}\nSaved in all: ${all}.`,
    fr: `Vos objectifs d’épargne :\n${lines.join('\n')}\nÉpargné en tout : ${all}.`,
    ko: `저축 목표예요:\n${lines.join('\n')}\n모은 돈은 모두 ${all}이에요.`,
  });
};

const SAVING_WORDS: Readonly<
  Record<
    ToolResult<'find_savings'>['opportunities'][number]['kind'],
    Readonly<Record<Language, (name: string, now: string, suggested: string) => string>>
  >
> = {
  duplicate_subscription: {
    en: (name, now, suggested) => `${name} is paid twice: ${now} a month instead of ${suggested}`,
    fr: (name, now, suggested) => `${name} est payé deux fois : ${now} par mois au lieu de ${suggested}`,
    ko: (name, now, suggested) => `${name} 중복 결제: 월 ${now}, 한 번이면 ${suggested}`,
  },
  recurring: {
    en: (name, now, suggested) => `${name} rose from ${suggested} to ${now} a month`,
    fr: (name, now, suggested) => `${name} est passé de ${suggested} à ${now} par mois`,
    ko: (name, now, suggested) => `${name} 요금이 월 ${suggested}에서 ${now}으로 올랐어요`,
  },
  fees: {
    en: (name, now) => `${name}: ${now} a month`,
    fr: (name, now) => `${name} : ${now} par mois`,
    ko: (name, now) => `${name}: 월 ${now}`,
  },
  over_budget: {
    en: (name, now, suggested) => `${name}: ${now} against a budget of ${suggested}`,
    fr: (name, now, suggested) => `${name} : ${now} pour un budget de ${suggested}`,
    ko: (name, now, suggested) => `${name}: 예산 ${suggested}에 ${now}`,
  },
  above_usual: {
    en: (name, now, suggested) => `${name}: ${now} lately, usually ${suggested}`,
    fr: (name, now, suggested) => `${name} : ${now} récemment, d’habitude ${suggested}`,
    ko: (name, now, suggested) => `${name}: 최근 ${now}, 평소 ${suggested}`,
  },
};

const savings = (voice: Voice, result: ToolResult<'find_savings'>): string => {
  const { say, money, language } = voice;
  if (result.opportunities.length === 0) {
    return say({
      en: 'I see nothing in your transactions that stands out as a saving right now.',
      fr: 'Je ne vois pas d’économie évidente dans vos opérations pour le moment.',
      ko: '지금 거래 내역에서 눈에 띄는 절약 방법은 없어요.',
    });
  }
  const lines = result.opportunities
    .slice(0, 5)
    .map(
      ({ kind, name, now, suggested, saving }) =>
        `${SAVING_WORDS[kind][language](name, money(now), money(suggested))} (${money(saving)})`,
    );
  return say({
    en: `You could save about ${money(result.total)} a month:\n${lines.join('\n')}`,
    fr: `Vous pourriez économiser environ ${money(result.total)} par mois :\n${lines.join('\n')}`,
    ko: `한 달에 약 ${money(result.total)}을 아낄 수 있어요:\n${lines.join('\n')}`,
  });
};

const missions = (voice: Voice, result: ToolResult<'get_missions'>): string => {
  const { say } = voice;
  if (result.missions.length === 0) {
    return say({
      en: 'You have no open missions now.',
      fr: 'Vous n’avez pas de mission en cours.',
      ko: '지금 진행 중인 미션이 없어요.',
    });
  }
  const lines = result.missions.slice(0, 8).map(({ text, state, current, target }) => {
    const progress = state === 'in_progress' ? `, ${String(current)}/${String(target)}` : '';
    return `${text} (${stateWord(state, voice.language)}${progress})`;
  });
  return say({
    en: `Your missions:\n${lines.join('\n')}`,
    fr: `Vos missions :\n${lines.join('\n')}`,
    ko: `미션이에요:\n${lines.join('\n')}`,
  });
};

const STATES: Readonly<Record<string, Say>> = {
  proposed: { en: 'proposed', fr: 'proposée', ko: '제안됨' },
  accepted: { en: 'accepted', fr: 'acceptée', ko: '수락함' },
  in_progress: { en: 'under way', fr: 'en cours', ko: '진행 중' },
  succeeded: { en: 'completed', fr: 'réussie', ko: '완료' },
  failed: { en: 'not reached', fr: 'non atteinte', ko: '실패' },
  dismissed: { en: 'dismissed', fr: 'refusée', ko: '거절함' },
};
const stateWord = (state: string, language: Language): string => STATES[state]?.[language] ?? state;

const debts = (voice: Voice, result: ToolResult<'get_debt_plan'>): string => {
  const { say, money, list } = voice;
  if (!result.hasDebts) {
    return say({
      en: 'I know of no debts of yours.',
      fr: 'Je ne vous connais aucune dette.',
      ko: '등록된 빚이 없어요.',
    });
  }
  const total = result.total === null ? '' : money(result.total);
  const named = list(result.debts.map(({ name, balance }) => `${name} ${money(balance)}`));
  const intro = say({
    en: `You owe ${total} in all: ${named}.`,
    fr: `Vous devez ${total} au total : ${named}.`,
    ko: `모두 ${total}의 빚이 있어요: ${named}.`,
  });
  const { avalanche, snowball } = result;
  if (!result.feasible || avalanche === null || snowball === null) {
    const least = result.leastBudget === null ? '' : money(result.leastBudget);
    return `${intro} ${say({
      en: `The payments do not pay them off; at least ${least} a month would be needed.`,
      fr: `Les mensualités ne suffisent pas ; il faudrait au moins ${least} par mois.`,
      ko: `지금 상환액으로는 갚을 수 없어요. 한 달에 적어도 ${least}이 필요해요.`,
    })}`;
  }
  const extra =
    result.extra === null
      ? ''
      : say({
          en: ` with ${money(result.extra)} extra a month`,
          fr: ` avec ${money(result.extra)} de plus par mois`,
          ko: ` 매달 ${money(result.extra)}을 더 내면`,
        });
  return `${intro} ${say({
    en: `Highest rate first (avalanche)${extra}: ${String(avalanche.months)} months and ${money(avalanche.totalInterest)} of Capital Loss, beginning with ${avalanche.order[0] ?? ''}. Smallest balance first (snowball): ${String(snowball.months)} months and ${money(snowball.totalInterest)}, beginning with ${snowball.order[0] ?? ''}.`,
    fr: `Taux le plus élevé d’abord (avalanche)${extra} : ${String(avalanche.months)} mois et ${money(avalanche.totalInterest)} d’intérêts, en commençant par ${avalanche.order[0] ?? ''}. Plus petit solde d’abord (boule de neige) : ${String(snowball.months)} mois et ${money(snowball.totalInterest)}, en commençant par ${snowball.order[0] ?? ''}.`,
    ko: `금리가 높은 것부터(눈사태)${extra}: ${String(avalanche.months)}개월, 이자 ${money(avalanche.totalInterest)}, 먼저 ${avalanche.order[0] ?? ''}. 잔액이 적은 것부터(눈덩이): ${String(snowball.months)}개월, 이자 ${money(snowball.totalInterest)}, 먼저 ${snowball.order[0] ?? ''}.`,
  })}`;
};

const profile = (voice: Voice, result: ToolResult<'get_spending_profile'>): string => {
  const { say, list } = voice;
  if (result.segment === null) {
    return say({
      en: 'There is no spending profile of you yet.',
      fr: 'Il n’y a pas encore de profil de dépenses pour vous.',
      ko: '아직 소비 유형이 정해지지 않았어요.',
    });
  }
  const { name, description, topCategories } = result.segment;
  const most = topCategories.length === 0 ? '' : list(topCategories);
  return say({
    en: `Your spending profile is ${name}. ${description}${most === '' ? '' : ` Most goes to ${most}.`}`,
    fr: `Votre profil de dépenses : ${name}. ${description}${most === '' ? '' : ` Surtout : ${most}.`}`,
    ko: `소비 유형은 ${name}이에요. ${description}${most === '' ? '' : ` 주로 ${most}에 쓰세요.`}`,
  });
};

const proposal = (voice: Voice, result: { proposal: string }): string =>
  voice.say({
    en: `${result.proposal} Shall I do that? Please answer yes or no.`,
    fr: `${result.proposal} Dois-je le faire ? Répondez oui ou non.`,
    ko: `${result.proposal} 진행할까요? 네 또는 아니요로 답해 주세요.`,
  });

const PHRASES: { [Name in ToolName]: (voice: Voice, result: ToolResult<Name>) => string } = {
  get_spending: spending,
  search_transactions: transactions,
  get_income_and_spending: incomeAndSpending,
  get_balances: balances,
  get_budgets: budgets,
  get_savings_goals: savingsGoals,
  find_savings: savings,
  get_recurring: recurring,
  get_forecast: forecast,
  get_missions: missions,
  get_debt_plan: debts,
  get_spending_profile: profile,
  propose_budget: proposal,
  propose_mission: proposal,
  propose_category: proposal,
};

/**
 * The answer that a tool's result gives, in the language of the question. Every figure comes from the result.
 * @param reading the question
 * @param name the tool
 * @param result what it answered
 */
export const phraseResult = <Name extends ToolName>(
  reading: Reading,
  name: Name,
  result: ToolResult<Name>,
): string => PHRASES[name](voiceOf(reading), result);

const UNAVAILABLE: Say = {
  en: 'I cannot reach that part of your data right now, so I will not guess. Please try again in a moment.',
  fr: 'Je ne peux pas accéder à cette partie de vos données pour le moment ; je préfère ne rien inventer. Réessayez dans un instant.',
  ko: '지금은 그 데이터를 불러올 수 없어서 추측하지 않을게요. 잠시 뒤에 다시 물어봐 주세요.',
};

/**
 * What is said when a tool has no result.
 * @param reading the question
 * @param failure why
 */
export const phraseFailure = (reading: Reading, failure: ToolFailure): string =>
  failure.error === 'unavailable' || failure.error === 'unknown-tool'
    ? UNAVAILABLE[reading.language]
    : failure.message;

const FOREIGN: Readonly<Record<Language, (written: string, own: string) => string>> = {
  en: (written, own) =>
    `That amount is in ${written}, but the figures here are in ${own}. Please say it in ${own}.`,
  fr: (written, own) =>
    `Ce montant est en ${written}, alors que les chiffres sont en ${own}. Dites-le-moi en ${own}, s’il vous plaît.`,
  ko: (written, own) =>
    `말씀하신 금액은 ${written}인데 여기 금액은 ${own} 기준이에요. ${own}로 다시 말씀해 주세요.`,
};

/**
 * What is said about an amount in a currency in which no tool can work; it names no figure.
 * @param language of the answer
 * @param written ISO 4217 code of the amount
 * @param own ISO 4217 code of the figures
 */
export const foreignAmount = (language: Language, written: string, own: string): string =>
  FOREIGN[language](written, own);

/**
 * The answer to a question with an amount in another currency than the user's.
 * @param reading the question
 * @param own the user's currency
 */
export const phraseForeign = ({ language, amount }: Reading, own: string): string =>
  foreignAmount(language, amount?.currency ?? own, own);

const OWN_DATA_ONLY: Say = {
  en: 'I can only see your own money data, and I keep to that. Ask me, for instance, how much you spent this month.',
  fr: 'Je ne vois que vos propres données, et je m’y tiens. Demandez-moi par exemple combien vous avez dépensé ce mois-ci.',
  ko: '저는 본인의 데이터만 볼 수 있어요. 예를 들어 이번 달에 얼마 썼는지 물어보세요.',
};
const ABILITIES: Say = {
  en: 'I can answer questions such as: How much did I spend on groceries last month? What was my largest purchase this week? Which subscriptions do I pay? How much can I spend this month?',
  fr: 'Je peux répondre par exemple à : Combien ai-je dépensé en courses le mois dernier ? Quel est mon plus gros achat cette semaine ? Quels abonnements ai-je ? Combien puis-je dépenser ce mois-ci ?',
  ko: '이런 질문에 답할 수 있어요: 지난달 장보기에 얼마 썼어? 이번 주 가장 큰 지출은? 어떤 구독을 결제하고 있어? 이번 달에 얼마나 쓸 수 있어?',
};
const UNKNOWN: Say = {
  en: 'I did not understand that.',
  fr: 'Je n’ai pas compris.',
  ko: '무슨 뜻인지 이해하지 못했어요.',
};
const NOT_SURE: Readonly<Record<Language, (word: string) => string>> = {
  en: (word) => `I am not sure what “${word}” means here, so I will not guess.`,
  fr: (word) => `Je ne suis pas sûr de ce que « ${word} » veut dire ici, et je préfère ne pas deviner.`,
  ko: (word) => `“${word}”이(가) 무슨 뜻인지 확실하지 않아서 추측하지 않을게요.`,
};
const NO_FUTURE: Say = {
  en: 'I only know what has happened, not what you will spend.',
  fr: 'Je ne connais que ce qui s’est passé, pas vos dépenses à venir.',
  ko: '지난 내역만 알 수 있고 앞으로의 지출은 알 수 없어요.',
};
/** Words that may be repeated to whoever wrote them. */
const PLAIN_WORD = /^[\p{L}\p{M}' -]{2,24}$/u;

/** Why a question is not answered: the word that may change its meaning is named. */
const unclear = ({ language, unread }: Reading): string => {
  if (unread.includes(FUTURE_WORD)) {
    return NO_FUTURE[language];
  }
  const word = unread.find((each) => PLAIN_WORD.test(each));
  return word === undefined ? UNKNOWN[language] : NOT_SURE[language](word);
};

const NOT_KNOWN: Say = {
  en: 'That I do not know, so I will not guess.',
  fr: 'Cela, je ne le sais pas, et je préfère ne pas deviner.',
  ko: '그건 제가 알 수 없어서 추측하지 않을게요.',
};
const GREETING: Say = {
  en: 'Hello! What would you like to know about your money?',
  fr: 'Bonjour ! Que souhaitez-vous savoir sur votre argent ?',
  ko: '안녕하세요! 무엇이 궁금하세요?',
};
const THANKS: Say = { en: 'You are welcome.', fr: 'Avec plaisir.', ko: '천만에요.' };
const ASK_BUDGET: Say = {
  en: 'For which category, and which amount? For instance: set a monthly budget for groceries, with its amount.',
  fr: 'Pour quelle catégorie, et quel montant ? Par exemple : fixe un budget mensuel pour les courses, avec son montant.',
  ko: '어떤 카테고리에 얼마로 정할까요? 예: 장보기 예산을 금액과 함께 말씀해 주세요.',
};
const ASK_CATEGORY: Say = {
  en: 'Which merchant, and which category should it have?',
  fr: 'Quel marchand, et quelle catégorie ?',
  ko: '어느 가맹점을 어떤 카테고리로 바꿀까요?',
};
const NO_MISSION: Say = {
  en: 'There is no mission to accept now.',
  fr: 'Il n’y a pas de mission à accepter.',
  ko: '수락할 미션이 없어요.',
};

/**
 * What is said without asking any tool.
 * @param reading the question
 */
export function phraseWithoutTool(reading: Reading): string {
  const { topic, language } = reading;
  switch (topic) {
    case 'others':
      return OWN_DATA_ONLY[language];
    case 'not-known':
      return `${NOT_KNOWN[language]} ${ABILITIES[language]}`;
    case 'greeting':
      return GREETING[language];
    case 'thanks':
      return THANKS[language];
    case 'help':
      return ABILITIES[language];
    case 'set-budget':
      return ASK_BUDGET[language];
    case 'set-category':
      return ASK_CATEGORY[language];
    case 'accept-mission':
      return NO_MISSION[language];
    default:
      return `${unclear(reading)} ${ABILITIES[language]}`;
  }
}
