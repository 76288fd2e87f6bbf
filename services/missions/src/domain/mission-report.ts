import type { Mission } from './mission.ts';
import type { MissionTemplate } from './mission-rule.ts';

/**
 * How far spending fell below the user's own mean, in thousandths of that mean, over several missions; the sums from
 * which mean and variance come.
 */
export interface Reduction {
  count: number;
  sum: number;
  sumOfSquares: number;
}

/** What became of the missions of one template, segment and currency that were settled on one day. */
export interface ReportCell {
  template: MissionTemplate;
  /** Null for users without a segment. */
  segmentId: string | null;
  currency: string;
  proposed: number;
  accepted: number;
  dismissed: number;
  succeeded: number;
  failed: number;
  /** Minor units. */
  savedMinor: number;
  /** Of missions that were taken on. */
  taken: Reduction;
  /** Of missions that were offered and not taken on. */
  untaken: Reduction;
}

/** Spending of a multiple of the mean weighs no more than this, so that one holiday does not decide a comparison. */
const MOST_RISE = -2000;

/** Fewer missions on either side say too little. */
const LEAST_COMPARED = 30;

/** Half width of a normal 95 % interval in standard errors. */
const Z_95 = 1.96;

const noReduction = (): Reduction => ({ count: 0, sum: 0, sumOfSquares: 0 });

const emptyCell = ({ rule, segmentId, currency }: Mission): ReportCell => ({
  template: rule.template,
  segmentId,
  currency,
  proposed: 0,
  accepted: 0,
  dismissed: 0,
  succeeded: 0,
  failed: 0,
  savedMinor: 0,
  taken: noReduction(),
  untaken: noReduction(),
});

const addReduction = (reduction: Reduction, { baselineMinor, spentMinor }: Mission): void => {
  if (baselineMinor === null || baselineMinor <= 0) {
    return;
  }
  const share = Math.max(MOST_RISE, Math.round((1000 * (baselineMinor - spentMinor)) / baselineMinor));
  reduction.count += 1;
  reduction.sum += share;
  reduction.sumOfSquares += share ** 2;
};

/**
 * Adds up missions that were settled on one day. It holds one cell per template, segment and currency, however many
 * missions there are.
 * @param cells cells so far, by key; changed in place
 * @param mission settled
 */
export const addToReport = (cells: Map<string, ReportCell>, mission: Mission): void => {
  const key = JSON.stringify([mission.rule.template, mission.segmentId, mission.currency]);
  const cell = cells.get(key) ?? emptyCell(mission);
  cells.set(key, cell);
  const isTaken = mission.acceptedAt !== null && mission.state !== 'dismissed';
  cell.proposed += 1;
  cell.accepted += mission.acceptedAt === null ? 0 : 1;
  cell.dismissed += mission.state === 'dismissed' ? 1 : 0;
  cell.succeeded += mission.state === 'succeeded' ? 1 : 0;
  cell.failed += mission.state === 'failed' ? 1 : 0;
  cell.savedMinor += mission.state === 'succeeded' ? (mission.savedMinor ?? 0) : 0;
  // Null says that no rows came, so nothing can be said about spending.
  if (mission.savedMinor !== null) {
    addReduction(isTaken ? cell.taken : cell.untaken, mission);
  }
};

/** Missions that were taken on against offers that were not; shares of the user's own mean spending. */
export interface Comparison {
  taken: { missions: number; meanReduction: number };
  untaken: { missions: number; meanReduction: number };
  difference: number;
  /** 95 % interval of the difference. */
  interval: { low: number; high: number };
}

/** One line of the report. */
export interface ReportLine {
  template: MissionTemplate;
  segmentId: string | null;
  proposed: number;
  accepted: number;
  dismissed: number;
  succeeded: number;
  failed: number;
  /** Accepted of proposed; null without any. */
  acceptanceRate: number | null;
  /** Succeeded of those that ended with an outcome; null without any. */
  successRate: number | null;
  saved: { amountMinor: number; currency: string }[];
  /** Null where either side has too few missions. */
  comparison: Comparison | null;
}

const rate = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((1000 * part) / whole) / 1000;

const plus = (left: Reduction, right: Reduction): Reduction => ({
  count: left.count + right.count,
  sum: left.sum + right.sum,
  sumOfSquares: left.sumOfSquares + right.sumOfSquares,
});

const meanOf = ({ count, sum }: Reduction): number => sum / count;

const squaredError = ({ count, sum, sumOfSquares }: Reduction): number =>
  (sumOfSquares - sum ** 2 / count) / (count - 1) / count;

const asShare = (thousandths: number): number => Math.round(thousandths) / 1000;

/**
 * Compares spending under missions that were taken on with spending under offers that were not. People choose what they
 * take on, so the difference is an observation, not an effect.
 * @param taken of missions that were taken on
 * @param untaken of offers that were not
 */
export const compareReductions = (taken: Reduction, untaken: Reduction): Comparison | null => {
  if (taken.count < LEAST_COMPARED || untaken.count < LEAST_COMPARED) {
    return null;
  }
  const difference = meanOf(taken) - meanOf(untaken);
  const half = Z_95 * Math.sqrt(squaredError(taken) + squaredError(untaken));
  return {
    taken: { missions: taken.count, meanReduction: asShare(meanOf(taken)) },
    untaken: { missions: untaken.count, meanReduction: asShare(meanOf(untaken)) },
    difference: asShare(difference),
    interval: { low: asShare(difference - half), high: asShare(difference + half) },
  };
};

/**
 * The report by template and segment, in the order of their names.
 * @param cells of any days and currencies
 */
export const summariseReport = (cells: Iterable<ReportCell>): ReportLine[] => {
  const groups = new Map<string, ReportCell[]>();
  for (const cell of cells) {
    const key = `${cell.template} ${cell.segmentId ?? ''}`;
    const known = groups.get(key);
    if (known === undefined) {
      groups.set(key, [cell]);
    } else {
      known.push(cell);
    }
  }
  const ordered = [...groups].sort(([left], [right]) => (left < right ? -1 : 1));
  return ordered.flatMap(([, [first, ...rest]]) => {
    if (first === undefined) {
      return [];
    }
    const group = [first, ...rest];
    const total = (field: 'proposed' | 'accepted' | 'dismissed' | 'succeeded' | 'failed'): number =>
      group.reduce((sum, cell) => sum + cell[field], 0);
    const saved = new Map<string, number>();
    for (const { currency, savedMinor } of group) {
      saved.set(currency, Math.min(Number.MAX_SAFE_INTEGER, (saved.get(currency) ?? 0) + savedMinor));
    }
    const counts = {
      proposed: total('proposed'),
      accepted: total('accepted'),
      dismissed: total('dismissed'),
      succeeded: total('succeeded'),
      failed: total('failed'),
    };
    return [
      {
        template: first.template,
        segmentId: first.segmentId,
        ...counts,
        acceptanceRate: rate(counts.accepted, counts.proposed),
        successRate: rate(counts.succeeded, counts.succeeded + counts.failed),
        saved: [...saved]
          .filter(([, amountMinor]) => amountMinor > 0)
          .sort(([left], [right]) => (left < right ? -1 : 1))
          .map(([currency, amountMinor]) => ({ currency, amountMinor })),
        comparison: compareReductions(
          group.map(({ taken }) => taken).reduce(plus),
          group.map(({ untaken }) => untaken).reduce(plus),
        ),
      },
    ];
  });
};
