import type { ToolArguments, ToolResult } from '@orrery/assistant';
import type { Language } from '@orrery/contracts';
import { fromFloat } from '@orrery/money';
import { FindSavings } from '../clients/routes.ts';
import { moneyOf } from '../domain/money-math.ts';
import type { RunTool } from './tool-access.ts';

const MAX_OPPORTUNITIES = 10;

type Names = Readonly<Record<Language, string>>;

/** The categories of the route, which are Cash Sense's. */
const NAMES: Readonly<Record<string, Names>> = {
  foodAndDrink: { en: 'Food and drink', fr: 'Nourriture et boissons', ko: '식비' },
  shopping: { en: 'Shopping', fr: 'Shopping', ko: '쇼핑' },
  transport: { en: 'Transport', fr: 'Transport', ko: '교통' },
  travel: { en: 'Travel', fr: 'Voyages', ko: '여행' },
  transfer: { en: 'Transfers', fr: 'Transferts', ko: '이체' },
  payment: { en: 'Payments', fr: 'Paiements', ko: '납부' },
  health: { en: 'Health', fr: 'Santé', ko: '건강' },
  entertainment: { en: 'Entertainment', fr: 'Divertissement', ko: '여가' },
  total: { en: 'Everything', fr: 'Tout', ko: '전체' },
};
const OTHER: Names = { en: 'Other spending', fr: 'Autres dépenses', ko: '기타 지출' };
const FEES: Names = { en: 'Bank fees', fr: 'Frais bancaires', ko: '은행 수수료' };

/** Where money could be saved, as the ledger shows it. */
export const findSavings: RunTool<ToolArguments<'find_savings'>, ToolResult<'find_savings'>> = async (
  _args,
  access,
) => {
  const { body } = await access.call('insights', FindSavings, {});
  const money = (value: number) => moneyOf(fromFloat(value, body.currency), body.currency);
  return {
    asOf: access.today,
    opportunities: body.opportunities.slice(0, MAX_OPPORTUNITIES).map((each) => ({
      kind: each.type,
      name: each.merchant ?? (each.type === 'fees' ? FEES : (NAMES[each.category] ?? OTHER))[access.language],
      now: money(each.current_monthly),
      suggested: money(each.suggested_monthly),
      saving: money(each.estimated_saving),
    })),
    total: money(body.total_estimated_saving),
  };
};
