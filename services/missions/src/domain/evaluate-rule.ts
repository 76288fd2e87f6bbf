import { limitOf } from './mission-rule.ts';
import type { MissionRule } from './mission-rule.ts';
import { insideWindow, minutesOf } from './mission-window.ts';
import type { MissionWindow } from './mission-window.ts';
import type { NetPurchase } from './purchases.ts';

/** How a rule stands. `current` and `target` are purchases, or minor units for rules about money. */
export interface RuleStanding {
  current: number;
  target: number;
  /** Whether the rule is kept so far. */
  kept: boolean;
  /** Spending under the rule in its window, in minor units, whatever the rule measures; never negative. */
  spentMinor: number;
}

/**
 * Makes the test whether a minute lies in a part of the day; an end at or before the start is on the next day.
 * @param span start and end, `HH:MM`
 * @returns takes a minute of the day; an unknown time (-1) lies in none
 */
export const insideTimeOfDay = (span: { start: string; end: string }): ((minute: number) => boolean) => {
  const [start, end] = [minutesOf(span.start), minutesOf(span.end)];
  return start < end
    ? (minute) => minute >= start && minute < end
    : (minute) => minute >= start || (minute >= 0 && minute < end);
};

/**
 * How a rule stands, given everything that is known. A purchase without a time of day breaks no rule about a time of
 * day, because nothing shows that it fell there. Pure: the same purchases in any order give the same standing.
 * @param rule what the mission asks for
 * @param window when it counts; a weekday has narrowed it already
 * @param purchases of the user, in the rule's currency, after refunds
 */
export const evaluateRule = (
  rule: MissionRule,
  window: MissionWindow,
  purchases: readonly NetPurchase[],
): RuleStanding => {
  const isInside = insideWindow(window);
  const [span] = rule.time_of_day ?? [];
  const isAtTime = span === undefined ? () => true : insideTimeOfDay(span);
  let count = 0;
  let largest = 0;
  let total = 0;
  for (const { dayNumber, minute, sub, spentMinor } of purchases) {
    if (sub !== rule.sub_id || !isInside(dayNumber, minute) || !isAtTime(minute)) {
      continue;
    }
    total += spentMinor;
    if (spentMinor > 0) {
      count += 1;
      largest = Math.max(largest, spentMinor);
    }
  }
  // Two amounts near the largest safe integer would add up to one that JSON cannot carry exactly.
  const spent = Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, total));
  const current = { count, per_txn_max: largest, total_spend: spent }[rule.type];
  const target = limitOf(rule);
  return { current, target, kept: current <= target, spentMinor: spent };
};
