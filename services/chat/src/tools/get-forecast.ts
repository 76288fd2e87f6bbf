import { daysInMonth, dayParts, periodContaining, addDays } from '@orrery/calendar';
import type { ToolArguments, ToolResult } from '@orrery/assistant';
import { ReadSpending, type Language, type MoneyText } from '@orrery/contracts';
import { fromFloat, parseDecimal } from '@orrery/money';
import { AppError } from '@orrery/service-kit';
import { CashFlowForecast, ReadSummary } from '../clients/routes.ts';
import { minorOf, minus, moneyOf } from '../domain/money-math.ts';
import { accountsIfReachable, moneyAtHand } from './get-balances.ts';
import { requireCurrency, ToolRefusal, type RunTool, type ToolAccess } from './tool-access.ts';

type Result = ToolResult<'get_forecast'>;
type Month = NonNullable<Result['month']>;
type Forecast = NonNullable<Result['forecast']>;

const MIN_DAYS = 7;

/** The month by the main back end's own records, where the user keeps any there. */
const plannedMonth = async (access: ToolAccess): Promise<Month | null> => {
  const { body } = await access.call('advisor', ReadSummary, {});
  if (body.source !== 'main-backend') {
    return null;
  }
  const { from, to } = periodContaining('month', `${body.month}-01`);
  const hasDebts = minorOf(body.debtPayments) > 0;
  return {
    from,
    to,
    income: body.income,
    spending: body.expenses,
    left: body.disposal,
    debtPayments: hasDebts ? body.debtPayments : null,
    leftAfterDebts: hasDebts ? body.afterDebts : null,
  };
};

/** The month by the user's transactions. */
const bankMonth = async (access: ToolAccess): Promise<Month | null> => {
  const { from, to } = periodContaining('month', access.today);
  const { body } = await access.call('insights', ReadSpending, { query: { from, to } });
  const report = body.data.find(({ currency }) => currency === body.currency);
  return report === undefined
    ? null
    : {
        from,
        to: access.today,
        income: report.income,
        spending: report.expenses,
        left: report.net,
        debtPayments: null,
        leftAfterDebts: null,
      };
};

const cashFlow = async (access: ToolAccess, days: number): Promise<Forecast | null> => {
  const accounts = await accountsIfReachable(access);
  const current = accounts.filter(({ isCurrent }) => isCurrent);
  // Savings are not for spending; where no account is known as a current one, all of them count.
  const atHand = moneyAtHand(current.length > 0 ? current : accounts);
  const balance = atHand.find(({ currency }) => currency === access.currency) ?? atHand[0];
  const { status, body } = await access.call('insights', CashFlowForecast, {
    query: { days, balance: balance?.amount, currency: balance?.currency },
  });
  if (status !== 200) {
    // Too short a history is no failure: there is just no forecast.
    return null;
  }
  const money = (value: number) => moneyOf(fromFloat(value, body.currency), body.currency);
  return {
    until: body.days.at(-1)?.date ?? addDays(access.today, days),
    balanceKnown: body.balanceKnown,
    lowest: { date: body.lowest.date, balance: money(body.lowest.balance) },
    probabilityBelowZeroPercent: Math.round(body.probabilityBelowZero * 100),
    safeToSpend: money(body.safeToSpend),
  };
};

/** A part of the answer that may be missing when its service is away; when all are, the tool fails. */
const tried = async <Part>(work: Promise<Part>): Promise<{ part: Part | null; error?: AppError }> => {
  try {
    return { part: await work };
  } catch (error) {
    if (error instanceof AppError) {
      return { part: null, error };
    }
    throw error;
  }
};

/** The smaller of what the plan leaves and what the balance allows; only one of them where they differ in currency. */
const roomFor = (month: Month | null, forecast: Forecast | null): MoneyText | undefined => {
  const planned = month === null ? undefined : (month.leftAfterDebts ?? month.left);
  const safe = forecast?.balanceKnown === true ? forecast.safeToSpend : undefined;
  if (planned === undefined || safe === undefined || planned.currency !== safe.currency) {
    return safe ?? planned;
  }
  return minorOf(planned) < minorOf(safe) ? planned : safe;
};

const judge = (
  { price, currency }: ToolArguments<'get_forecast'>,
  month: Month | null,
  forecast: Forecast | null,
  language: Language,
): Result['price'] => {
  const room = roomFor(month, forecast);
  if (price === undefined || room === undefined) {
    return null;
  }
  requireCurrency(currency, room.currency, language);
  const wanted = moneyOf(parseDecimal(price, room.currency), room.currency);
  const leftAfter = minus(room, wanted);
  return { price: wanted, leftAfter, isCovered: minorOf(leftAfter) >= 0 };
};

/** What is left and safe to spend, from whatever is known: planned rows, transactions, balances. */
export const getForecast: RunTool<ToolArguments<'get_forecast'>, Result> = async (args, access) => {
  const { year, month: monthNumber, dayOfMonth } = dayParts(access.today);
  const days = args.days ?? Math.max(MIN_DAYS, daysInMonth(year, monthNumber) - dayOfMonth);
  const [planned, bank, flow] = await Promise.all([
    tried(plannedMonth(access)),
    tried(bankMonth(access)),
    tried(cashFlow(access, days)),
  ]);
  const errors = [planned, bank, flow].flatMap(({ error }) => (error === undefined ? [] : [error]));
  const month = planned.part ?? bank.part;
  if (month === null && flow.part === null && errors[0] !== undefined) {
    throw errors[0];
  }
  if (planned.error !== undefined && planned.error.status >= 500) {
    // Without the planned rows nobody knows of debts, and an answer that leaves them out says too much is left.
    throw new ToolRefusal('unavailable', planned.error.title);
  }
  return {
    asOf: access.today,
    month,
    forecast: flow.part,
    price: judge(args, month, flow.part, access.language),
  };
};
