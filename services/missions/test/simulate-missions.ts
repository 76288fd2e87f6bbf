import { addDays } from '@orrery/calendar';
import { evaluateRule } from '../src/domain/evaluate-rule.ts';
import { periodEndOf, windowOf } from '../src/domain/mission-window.ts';
import type { MissionPeriod, MissionTemplate } from '../src/domain/mission-rule.ts';
import { proposeMissions } from '../src/domain/propose-missions.ts';
import { netOfRefunds } from '../src/domain/purchases.ts';
import { drawHabits, seededRandom, spendAsBefore } from './synthetic-user.ts';

/** How missions of a template fared with users who went on as before. */
export interface Fared {
  proposed: number;
  kept: number;
  /** Sum of the odds that the proposals gave, in thousandths. */
  promised: number;
  defaults: number;
}

/**
 * Proposes missions to synthetic users from their past and lets them go on as before, knowing nothing of it.
 * @param options seed, number of users, days of history, and first days of the periods
 * @returns by template
 */
export const simulateMissions = (options: {
  seed: number;
  users: number;
  historyDays: number;
  starts: Readonly<Record<MissionPeriod, readonly string[]>>;
}): Map<MissionTemplate, Fared> => {
  const fared = new Map<MissionTemplate, Fared>();
  for (let user = 0; user < options.users; user += 1) {
    const random = seededRandom(options.seed * 100_003 + user);
    const habits = drawHabits(random);
    for (const [period, starts] of Object.entries(options.starts) as [MissionPeriod, readonly string[]][]) {
      for (const periodStart of starts) {
        const to = addDays(periodEndOf(period, periodStart), 1);
        const from = addDays(periodStart, -options.historyDays);
        const purchases = netOfRefunds(spendAsBefore(habits, { from, to }, random));
        const proposals = proposeMissions({
          userId: `user-${String(user)}`,
          period,
          periodStart,
          issuedOn: periodStart,
          segmentSubs: [],
          answers: [],
          rollMinute: 0,
          currency: 'KRW',
          purchases,
          isOpen: () => true,
        });
        for (const { rule, isDefault, successShare } of proposals) {
          const known = fared.get(rule.template) ?? { proposed: 0, kept: 0, promised: 0, defaults: 0 };
          fared.set(rule.template, known);
          if (isDefault) {
            known.defaults += 1;
            continue;
          }
          const { kept } = evaluateRule(rule, windowOf(rule, period, periodStart, 0), purchases);
          known.proposed += 1;
          known.kept += kept ? 1 : 0;
          known.promised += successShare ?? 0;
        }
      }
    }
  }
  return fared;
};
