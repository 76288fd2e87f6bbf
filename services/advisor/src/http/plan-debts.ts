import { addMonths } from '@orrery/calendar';
import { planDebts as PlanDebts } from '@orrery/contracts';
import { currencyExponent, formatDecimal, fromFloat, parseDecimal } from '@orrery/money';
import { AppError, handle, requireUserId, type MountedRoute } from '@orrery/service-kit';
import type { Compute } from '../compute/compute.ts';
import { rateOfPercent } from '../domain/debts/annual-rate.ts';
import type { DebtPlan } from '../domain/debts/debt-plan.ts';
import type { Payoff, PayoffDebt } from '../domain/debts/simulate-payoff.ts';
import { payoffDebtsOf } from '../domain/reports/debt-report.ts';
import type { ReadMonth } from '../use-cases/read-month.ts';

type AmountIn = string | number | { amount: string; currency: string };

/** No amount of a plan is larger, so that a century of interest stays exact. */
const MOST_MINOR = 1e12;

const invalid = (field: string, message: string): AppError =>
  new AppError('validation-failed', { fields: [{ field, message }] });

/** Minor units of an amount of the body, with the field named when it cannot be. */
const minorOf = (value: AmountIn, currency: string, field: string): number => {
  if (typeof value === 'object' && value.currency !== currency) {
    throw invalid(`${field}.currency`, `must be ${currency} like the rest of the plan`);
  }
  let minor: number;
  try {
    minor =
      typeof value === 'number'
        ? fromFloat(value, currency)
        : parseDecimal(typeof value === 'string' ? value : value.amount, currency);
  } catch (error) {
    throw error instanceof Error && 'code' in error
      ? invalid(field, `must have at most ${String(currencyExponent(currency))} decimals in ${currency}`)
      : error;
  }
  if (minor < 0 || minor > MOST_MINOR) {
    throw invalid(field, 'must be 0 or more and of a usual size');
  }
  return minor;
};

const payoffShown = (payoff: Payoff, names: readonly string[], currency: string, today: string) => {
  const money = (minor: number) => ({ amount: formatDecimal(minor, currency), currency });
  const paidMinor = payoff.schedule.reduce((sum, { paymentMinor }) => sum + paymentMinor, 0);
  return {
    feasible: payoff.isFeasible,
    months: payoff.isFeasible ? payoff.months : null,
    totalInterest: payoff.isFeasible ? money(payoff.totalInterestMinor) : null,
    totalPaid: payoff.isFeasible ? money(paidMinor) : null,
    order: payoff.order,
    schedule: payoff.schedule.map(({ month, paymentMinor, interestMinor, balanceMinor, debts }) => ({
      month,
      date: addMonths(today, month).slice(0, 7),
      payment: money(paymentMinor),
      interest: money(interestMinor),
      balance: money(balanceMinor),
      debts: debts.map((debt, index) => ({
        name: names[index] ?? '',
        payment: money(debt.paymentMinor),
        interest: money(debt.interestMinor),
        balance: money(debt.balanceMinor),
      })),
    })),
  };
};

const chartOf = (plan: DebtPlan, startMinor: number, currency: string) => {
  const lines = [plan.avalanche, plan.snowball, plan.minimumOnly];
  const length = Math.max(0, ...lines.map(({ schedule }) => schedule.length));
  const at = (payoff: Payoff, month: number) => {
    const balance = month === 0 ? startMinor : payoff.schedule[month - 1]?.balanceMinor;
    return balance === undefined ? null : { amount: formatDecimal(balance, currency), currency };
  };
  return Array.from({ length: length + 1 }, (_, month) => ({
    month,
    avalanche: at(plan.avalanche, month),
    snowball: at(plan.snowball, month),
    minimumOnly: at(plan.minimumOnly, month),
  }));
};

/** Debts of one plan; the body may hold no more, and a plan of the caller's own has the same limit. */
const MOST_DEBTS = 50;

/**
 * `POST /v1/debt-plan`. The simulation runs in the calculation thread.
 * @param months reads the caller's own debts, when the body names none
 * @param compute the thread
 */
export const planDebtsRoute = (months: ReadMonth, compute: Compute): MountedRoute =>
  handle(PlanDebts, async ({ body, identity, signal }) => {
    const userId = requireUserId(identity);
    const given = body.debts;
    const own = given === undefined ? (await months.one(userId, { signal })).summary : undefined;
    if (own !== undefined && body.currency !== undefined && body.currency !== own.currency) {
      throw invalid('currency', `must be ${own.currency}, the currency of your debts`);
    }
    const currency = own?.currency ?? body.currency ?? 'GBP';
    const debts: PayoffDebt[] =
      own !== undefined
        ? payoffDebtsOf(own)
        : (given ?? []).map(({ name, balance, apr, minimum, promo }, index) => ({
            name,
            balanceMinor: minorOf(balance, currency, `debts[${String(index)}].balance`),
            minimumMinor: minorOf(minimum, currency, `debts[${String(index)}].minimum`),
            rate: rateOfPercent(apr),
            promo: promo === undefined ? undefined : { rate: rateOfPercent(promo.apr), months: promo.months },
          }));
    const extraMinor = body.extra === undefined ? 0 : minorOf(body.extra, currency, 'extra');
    if (debts.length > MOST_DEBTS) {
      throw new AppError('conflict', {
        detail: `You have more than ${String(MOST_DEBTS)} debts. Send those to be planned along.`,
      });
    }
    const plan = await compute.run('planDebts', debts, extraMinor);
    const today = months.today();
    const names = debts.map(({ name }) => name);
    const money = (minor: number) => ({ amount: formatDecimal(minor, currency), currency });
    const startMinor = debts.reduce((sum, { balanceMinor }) => sum + balanceMinor, 0);
    return {
      status: 200,
      body: {
        feasible: plan.isFeasible,
        currency,
        budget: money(plan.budgetMinor),
        leastBudget: plan.leastBudgetMinor === null ? null : money(plan.leastBudgetMinor),
        avalanche: payoffShown(plan.avalanche, names, currency, today),
        snowball: payoffShown(plan.snowball, names, currency, today),
        minimumOnly: payoffShown(plan.minimumOnly, names, currency, today),
        chart: chartOf(plan, startMinor, currency),
      },
    };
  });
