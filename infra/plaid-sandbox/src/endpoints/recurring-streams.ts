import { addDays, diffDays, type CalendarDay } from '@orrery/calendar';
import type { RowRecord } from '../state/records.ts';
import { idFrom } from '../world/seeded-random.ts';
import { categoryObject, currencyFields, type TaxonomyVersion } from './answer-objects.ts';

const ID_LENGTH = 37;
const LEAST_OCCURRENCES = 3;
const LARGEST_SPREAD = 0.6;
const LEAST_REGULAR = 0.7;

/** A cadence: usual gap between two payments and how far it may be off, in days. */
const CADENCES = [
  { name: 'WEEKLY', gap: 7, tolerance: 2, least: LEAST_OCCURRENCES },
  { name: 'BIWEEKLY', gap: 14, tolerance: 2, least: LEAST_OCCURRENCES },
  { name: 'MONTHLY', gap: 30.4, tolerance: 4, least: LEAST_OCCURRENCES },
  { name: 'ANNUALLY', gap: 365, tolerance: 12, least: 2 },
] as const;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const streamOf = (
  rows: readonly RowRecord[],
  today: CalendarDay,
  version: TaxonomyVersion,
): object | undefined => {
  const [first] = rows;
  const last = rows.at(-1);
  if (first === undefined || last === undefined) {
    return undefined;
  }
  const gaps = rows.slice(1).map((row, index) => diffDays(rows[index]?.date ?? row.date, row.date));
  const typical = median(gaps);
  const cadence = CADENCES.find(
    ({ gap, tolerance, least }) => Math.abs(typical - gap) <= tolerance && rows.length >= least,
  );
  const amounts = rows.map(({ amount }) => amount);
  const average = amounts.reduce((sum, amount) => sum + amount, 0) / amounts.length;
  const spread = (Math.max(...amounts) - Math.min(...amounts)) / Math.abs(average);
  if (cadence === undefined || spread > LARGEST_SPREAD) {
    return undefined;
  }
  const regular = gaps.filter((gap) => Math.abs(gap - cadence.gap) <= cadence.tolerance).length / gaps.length;
  if (regular < LEAST_REGULAR) {
    return undefined;
  }
  const next = addDays(last.date, Math.round(cadence.gap));
  const isActive = diffDays(next, today) <= Math.round(cadence.gap / 2) + cadence.tolerance;
  const money = (amount: number): object => ({
    amount: Math.round(amount * 100) / 100,
    ...currencyFields(last.currency),
  });
  return {
    account_id: last.account_id,
    average_amount: money(average),
    category: null,
    category_id: null,
    description: last.name,
    first_date: first.date,
    frequency: cadence.name,
    is_active: isActive,
    is_user_modified: false,
    last_amount: money(last.amount),
    last_date: last.date,
    merchant_name: last.merchant,
    personal_finance_category: categoryObject(last.pfc, version, last.merchant !== null),
    predicted_next_date: isActive ? next : null,
    status: isActive ? 'MATURE' : 'TOMBSTONED',
    stream_id: idFrom(ID_LENGTH, 'stream', first._id),
    transaction_ids: rows.map(({ _id }) => _id),
  };
};

/**
 * Finds regular payments: same account, direction and payee, an even cadence and similar amounts.
 * @param rows posted rows, oldest first
 * @param today decides whether a stream is still active
 * @param version edition of the categories
 */
export const findStreams = (
  rows: readonly RowRecord[],
  today: CalendarDay,
  version: TaxonomyVersion,
): { inflow: object[]; outflow: object[] } => {
  const groups = Map.groupBy(rows, ({ account_id, amount, merchant, name }) =>
    JSON.stringify([account_id, amount < 0, merchant ?? name.replaceAll(/\d/gu, '')]),
  );
  const inflow: object[] = [];
  const outflow: object[] = [];
  for (const group of groups.values()) {
    const stream = streamOf(group, today, version);
    if (stream !== undefined) {
      ((group[0]?.amount ?? 0) < 0 ? inflow : outflow).push(stream);
    }
  }
  return { inflow, outflow };
};
