import { categoryName, writtenMoney, type ToolArguments, type ToolResult } from '@orrery/assistant';
import type { Language } from '@orrery/contracts';
import { parseDecimal } from '@orrery/money';
import { moneyOf } from '../domain/money-math.ts';
import { findCategory } from './find-category.ts';
import { ToolRefusal, type Act, type RunTool, type ToolAccess } from './tool-access.ts';
import { ListMissions } from '../clients/routes.ts';

const PERIODS: Readonly<Record<'weekly' | 'monthly' | 'yearly', Readonly<Record<Language, string>>>> = {
  weekly: { en: 'weekly', fr: 'hebdomadaire', ko: '주간' },
  monthly: { en: 'monthly', fr: 'mensuel', ko: '월' },
  yearly: { en: 'yearly', fr: 'annuel', ko: '연간' },
};
const EVERYTHING: Readonly<Record<Language, string>> = {
  en: 'all spending',
  fr: 'toutes les dépenses',
  ko: '전체 지출',
};
const NO_SUCH_MISSION: Readonly<Record<Language, string>> = {
  en: 'There is no such mission to accept.',
  fr: 'Il n’y a pas de telle mission à accepter.',
  ko: '수락할 수 있는 미션이 아니에요.',
};
const NO_AMOUNT: Readonly<Record<Language, string>> = {
  en: 'A budget needs an amount above zero.',
  fr: 'Un budget doit être supérieur à zéro.',
  ko: '예산은 0보다 커야 해요.',
};

type Proposal = ToolResult<'propose_budget'>;

const propose = async (access: ToolAccess, act: Act, texts: Record<Language, string>): Promise<Proposal> => {
  const proposal = texts[access.language];
  await access.propose(act, proposal);
  return { asOf: access.today, proposal, needsConfirmation: true };
};

/** Prepares a budget. */
export const proposeBudget: RunTool<ToolArguments<'propose_budget'>, Proposal> = async (args, access) => {
  const { language } = access;
  // A budget is in the currency in which it was asked for.
  const currency = args.currency ?? access.currency;
  const isTotal = args.category === 'total';
  const category = isTotal ? undefined : findCategory(args.category, language);
  const amountMinor = parseDecimal(args.amount, currency);
  if (amountMinor <= 0) {
    throw new ToolRefusal('invalid-arguments', NO_AMOUNT[language]);
  }
  const money = moneyOf(amountMinor, currency);
  const period = args.period ?? 'monthly';
  const shown = writtenMoney(money, language);
  const name = category?.name ?? EVERYTHING[language];
  const proposed = await propose(
    access,
    { kind: 'set-budget', category: category?.slug ?? 'total', amount: money.amount, currency, period },
    {
      en: `A ${PERIODS[period].en} budget of ${shown} for ${name}.`,
      fr: `Un budget ${PERIODS[period].fr} de ${shown} pour ${name}.`,
      ko: `${name}에 ${PERIODS[period].ko} 예산 ${shown}.`,
    },
  );
  return { ...proposed, amount: money };
};

/** Prepares to accept a mission. */
export const proposeMission: RunTool<ToolArguments<'propose_mission'>, Proposal> = async (args, access) => {
  const { body } = await access.call('missions', ListMissions, {});
  const mission = body.data.find(({ id }) => id === args.missionId);
  if (mission === undefined) {
    throw new ToolRefusal('not-found', NO_SUCH_MISSION[access.language]);
  }
  return propose(
    access,
    { kind: 'accept-mission', missionId: mission.id },
    {
      en: `Accept the mission: ${mission.text}.`,
      fr: `Accepter la mission : ${mission.text}.`,
      ko: `미션 수락: ${mission.text}.`,
    },
  );
};

/** Prepares another category for a transaction. */
export const proposeCategory: RunTool<ToolArguments<'propose_category'>, Proposal> = async (args, access) => {
  const category = findCategory(args.category, access.language);
  const name = category === undefined ? '' : categoryName(category.slug, access.language);
  const wholeMerchant = args.wholeMerchant ?? false;
  return propose(
    access,
    {
      kind: 'set-category',
      transactionId: args.transactionId,
      category: category?.slug ?? '',
      wholeMerchant,
    },
    {
      en: `File ${wholeMerchant ? 'all transactions of this merchant' : 'this transaction'} under ${name}.`,
      fr: `Classer ${wholeMerchant ? 'toutes les opérations de ce marchand' : 'cette opération'} dans ${name}.`,
      ko: `${wholeMerchant ? '이 가맹점의 모든 거래를' : '이 거래를'} ${name} 카테고리로 변경.`,
    },
  );
};
