import { addDays } from '@orrery/calendar';
import { categoryBySlug, Currency, defineRoute } from '@orrery/contracts';
import type { Language } from '@orrery/contracts';
import { formatDecimal, formatMoney } from '@orrery/money';
import { chooseLanguage, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import {
  CASH_SENSE_CATEGORIES,
  cashSenseCategory,
  cashSenseName,
} from '../../../domain/cash-sense-category.ts';
import { findSavings, SAVING_TYPES, SAVINGS_HISTORY_DAYS, totalSaving } from '../../../domain/savings.ts';
import type { Saving, SavingType } from '../../../domain/savings.ts';
import type { LedgerStore } from '../../../store/ledger-store.ts';
import type { RecurringStore } from '../../../store/recurring-store.ts';
import type { ChooseCurrency } from '../../../use-cases/choose-currency.ts';
import type { KeepBudgets } from '../../../use-cases/keep-budgets.ts';
import type { RefreshAnalyses } from '../../../use-cases/refresh-analyses.ts';
import type { ReadUserDay } from '../../../use-cases/user-calendar.ts';

const SavingsOpportunities = defineRoute({
  method: 'get',
  path: '/api/savings_opportunities',
  operationId: 'cashSenseSavingsOpportunities',
  summary: 'Ways to spend less that follow from the ledger, each with its sum and how it was computed',
  tag: 'Cash Sense',
  audience: 'user',
  errorShape: 'error',
  query: z.object({ currency: Currency.optional() }),
  responses: {
    200: z.object({
      currency: z.string(),
      opportunities: z.array(
        z.object({
          type: z.enum(SAVING_TYPES),
          category: z.string(),
          merchant: z.string().nullable(),
          current_monthly: z.number(),
          suggested_monthly: z.number(),
          estimated_saving: z.number(),
          explanation: z.string(),
        }),
      ),
      total_estimated_saving: z.number(),
    }),
  },
});

interface Words {
  name: string;
  current: string;
  suggested: string;
}

const EXPLANATIONS: Readonly<Record<SavingType, Readonly<Record<Language, (words: Words) => string>>>> = {
  duplicate_subscription: {
    en: ({ name, current, suggested }) =>
      `${name} is paid twice: ${current} a month, once would be ${suggested}.`,
    fr: ({ name, current, suggested }) =>
      `${name} est payé deux fois : ${current} par mois, une seule fois ferait ${suggested}.`,
    ko: ({ name, current, suggested }) => `${name} 중복 결제: 월 ${current}, 한 번이면 ${suggested}입니다.`,
  },
  recurring: {
    en: ({ name, current, suggested }) => `${name} rose from ${suggested} to ${current} a month.`,
    fr: ({ name, current, suggested }) => `${name} est passé de ${suggested} à ${current} par mois.`,
    ko: ({ name, current, suggested }) => `${name} 요금이 월 ${suggested}에서 ${current}으로 올랐습니다.`,
  },
  fees: {
    en: ({ current }) => `Bank fees came to ${current} per 30 days on average over the last 90 days.`,
    fr: ({ current }) =>
      `Les frais bancaires font ${current} par 30 jours en moyenne sur les 90 derniers jours.`,
    ko: ({ current }) => `최근 90일 은행 수수료는 30일 평균 ${current}입니다.`,
  },
  over_budget: {
    en: ({ name, current, suggested }) => `${name}: ${current} is spent against a budget of ${suggested}.`,
    fr: ({ name, current, suggested }) => `${name} : ${current} dépensés pour un budget de ${suggested}.`,
    ko: ({ name, current, suggested }) => `${name}: 예산 ${suggested}에 대해 ${current}을 썼습니다.`,
  },
  above_usual: {
    en: ({ name, current, suggested }) => `${name}: ${current} in the last 30 days, usually ${suggested}.`,
    fr: ({ name, current, suggested }) =>
      `${name} : ${current} ces 30 derniers jours, d'habitude ${suggested}.`,
    ko: ({ name, current, suggested }) => `${name}: 최근 30일 ${current}, 평소 ${suggested}입니다.`,
  },
};

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', fr: 'fr-FR', ko: 'ko-KR' };

const legacyCategory = (category: string): string =>
  category === 'total' || CASH_SENSE_CATEGORIES.some((known) => known === category)
    ? category
    : cashSenseCategory(category);

/**
 * `GET /api/savings_opportunities`.
 * @param parts what savings are sought in
 */
export const savingsOpportunities = (parts: {
  ledger: LedgerStore;
  recurring: RecurringStore;
  analyses: RefreshAnalyses;
  budgets: KeepBudgets;
  readUserDay: ReadUserDay;
  chooseCurrency: ChooseCurrency;
}): MountedRoute =>
  handle(SavingsOpportunities, async ({ query, identity, request }) => {
    const userId = requireUserId(identity);
    await parts.analyses.refreshIfStale(userId);
    const { settings, today } = await parts.readUserDay(userId);
    const [all, streams, standings, usual] = await Promise.all([
      parts.ledger.daySums(userId, { from: addDays(today, -SAVINGS_HISTORY_DAYS), to: today }),
      parts.recurring.all(userId),
      parts.budgets.list(userId),
      parts.chooseCurrency(userId, settings),
    ]);
    const currency = query.currency ?? usual;
    const savings = findSavings({
      streams: streams.filter((stream) => stream.currency === currency),
      metrics: all.filter((metric) => metric.currency === currency),
      standings: standings.filter(({ budget }) => budget.currency === currency),
      today,
    });
    const language = chooseLanguage(request.headers['accept-language'], 'fr', settings.language);
    const money = (amountMinor: number): string => formatMoney({ amountMinor, currency }, LOCALES[language]);
    const explain = ({ type, category, merchant, currentMinor, suggestedMinor }: Saving): string =>
      EXPLANATIONS[type][language]({
        name:
          merchant ??
          categoryBySlug(category)?.names[language] ??
          cashSenseName(legacyCategory(category), language),
        current: money(currentMinor),
        suggested: money(suggestedMinor),
      });
    const decimal = (minor: number): number => Number(formatDecimal(minor, currency));
    return {
      status: 200,
      body: {
        currency,
        opportunities: savings.map((each) => ({
          type: each.type,
          category: legacyCategory(each.category),
          merchant: each.merchant,
          current_monthly: decimal(each.currentMinor),
          suggested_monthly: decimal(each.suggestedMinor),
          estimated_saving: decimal(each.savingMinor),
          explanation: explain(each),
        })),
        total_estimated_saving: decimal(totalSaving(savings, legacyCategory)),
      },
    };
  });
