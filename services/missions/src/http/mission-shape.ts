import { CalendarDate, Instant, MoneyText, ResourceId } from '@orrery/contracts';
import type { Language } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { z } from 'zod';
import { MISSION_STATES } from '../domain/life-cycle.ts';
import { MissionRule, PERIODS } from '../domain/mission-rule.ts';
import type { Mission } from '../domain/mission.ts';
import { labelOf, wordMission } from '../domain/word-mission.ts';

const Share = z.number().min(0).max(1);

/** How far a mission has come, in the unit of its rule. */
export const MissionProgress = z
  .object({
    /** Purchases, or money in major units, so far; the unit of `rule.value`. */
    current: z.number(),
    target: z.number(),
    /** `purchases`, or the code of a currency. */
    unit: z.string(),
    kept: z.boolean(),
  })
  .meta({ id: 'MissionProgress' });

/** A mission on `/v1`. */
export const MissionShown = z
  .object({
    id: ResourceId,
    period: z.enum(PERIODS),
    periodStart: CalendarDate,
    text: z.string(),
    subId: z.int(),
    categoryName: z.string(),
    rule: MissionRule,
    state: z.enum(MISSION_STATES),
    /** Whether the state is final; until then late transactions, refunds and corrections still count. */
    settled: z.boolean(),
    progress: MissionProgress,
    validFrom: Instant,
    /** Last millisecond that counts. */
    validTo: Instant,
    /** What keeping the rule would have saved in a mean past period; null without a past. */
    expectedSaving: MoneyText.nullable(),
    /** Mean spending of past periods, less this one's; null before the end, and without a past. */
    saved: MoneyText.nullable(),
    /** Share of comparable past periods in which the rule was kept unknowingly; null without a past. */
    odds: Share.nullable(),
    difficulty: z.enum(['easy', 'medium', 'hard']),
    points: z.int(),
    isDefault: z.boolean(),
    /** Why it was chosen: parts of its score, the greatest first. */
    reasons: z.array(
      z.object({ kind: z.enum(['saving', 'odds', 'fit', 'segment', 'fresh', 'lot']), weight: Share }),
    ),
  })
  .meta({ id: 'Mission' });

const moneyShown = (amountMinor: number | null, currency: string) =>
  amountMinor === null ? null : { amount: formatDecimal(amountMinor, currency), currency };

/**
 * How a mission stands, as `/v1` shows it.
 * @param mission as it is
 */
export const progressShown = (mission: Mission): z.input<typeof MissionProgress> => {
  const { rule, current, target, kept, currency } = mission;
  const inUnit = (value: number): number =>
    rule.type === 'count' ? value : Number(formatDecimal(value, currency));
  return {
    current: inUnit(current),
    target: inUnit(target),
    unit: rule.type === 'count' ? 'purchases' : currency,
    kept,
  };
};

/**
 * A mission as `/v1` shows it.
 * @param mission as it is
 * @param language of the reader
 */
export const missionShown = (mission: Mission, language: Language): z.input<typeof MissionShown> => {
  const { rule, currency, score } = mission;
  const { total: _total, ...parts } = score ?? { total: 0 };
  const reasons = (Object.entries(parts) as ['saving', number][])
    .map(([kind, weight]) => ({ kind, weight: weight / 1000 }))
    .filter(({ weight }) => weight > 0)
    .sort((left, right) => right.weight - left.weight);
  return {
    id: mission.id,
    period: mission.period,
    periodStart: mission.periodStart,
    text: wordMission(rule, language),
    subId: rule.sub_id,
    categoryName: labelOf(rule.sub_id, language),
    rule,
    state: mission.state,
    settled: mission.settledAt !== null,
    progress: progressShown(mission),
    validFrom: mission.startsAt.toISOString(),
    validTo: new Date(mission.endsAt.getTime() - 1).toISOString(),
    expectedSaving: moneyShown(mission.savingMinor, currency),
    saved: moneyShown(mission.savedMinor, currency),
    odds: mission.successShare === null ? null : mission.successShare / 1000,
    difficulty: mission.difficulty,
    points: mission.points,
    isDefault: mission.isDefault,
    reasons,
  };
};
