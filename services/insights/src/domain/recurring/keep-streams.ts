import { createHash } from 'node:crypto';
import { addDays } from '@orrery/calendar';
import type { CalendarDate } from '@orrery/contracts';
import { merchantKey } from '../detector-transaction.ts';
import { PERIODS } from './period.ts';
import type { RecurringStream } from './detect-recurring.ts';

export const STREAM_STATUSES = ['detected', 'confirmed', 'dismissed'] as const;
export type StreamStatus = (typeof STREAM_STATUSES)[number];

/** A recurring payment or income as it is kept, with what the user said about it. */
export interface KeptStream extends RecurringStream {
  id: string;
  /** Amount of the last charge, signed minor units. */
  lastMinor: number;
  /** Amount before the last change of price, if one was seen. */
  priceWasMinor: number | null;
  /** Category of the last charge. */
  category: string | null;
  /** The user's own name for it. */
  name: string | null;
  status: StreamStatus;
}

/** What became of a stream since the last look. */
export interface StreamChange {
  change: 'new' | 'price-rose' | 'price-fell' | 'ended';
  stream: KeptStream;
  /** Amount before a change of price, signed minor units. */
  previousMinor?: number;
}

/** Streams as they should be kept, what changed, and those that are no more. */
export interface KeptStreams {
  streams: KeptStream[];
  changes: StreamChange[];
  goneIds: string[];
}

/** First and last charge of a stream. */
export interface StreamEdges {
  firstDate: CalendarDate;
  /** Signed minor units. */
  lastMinor: number;
  category: string | null;
}

/** Charges of a stream that are kept. */
const MAX_KEPT_CHARGES = 120;

/** Cents and exchange rates are not a change of price. */
const PRICE_CHANGE = { ratio: 0.03, minor: 30 };

/** A stream that began earlier than this is not news when it is first seen, for instance after a bank was linked. */
const NEWS_DAYS = 100;

const idOf = (stream: RecurringStream): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        merchantKey(stream.merchant),
        stream.currency,
        stream.averageMinor < 0,
        stream.transactionIds[0],
      ]),
    )
    .digest('base64url')
    .slice(0, 27);

const isSameDirection = (left: RecurringStream, right: RecurringStream): boolean =>
  left.currency === right.currency && left.averageMinor < 0 === right.averageMinor < 0;

const differs = (leftMinor: number, rightMinor: number): boolean =>
  Math.abs(leftMinor - rightMinor) >= Math.max(PRICE_CHANGE.minor, Math.abs(rightMinor) * PRICE_CHANGE.ratio);

/** Only a fixed price can change; a bill that differs each time does not. */
const priceChange = (before: KeptStream, after: KeptStream): StreamChange | undefined =>
  after.lastDate > before.lastDate &&
  !differs(before.lastMinor, before.averageMinor) &&
  differs(after.lastMinor, before.lastMinor)
    ? {
        change: Math.abs(after.lastMinor) > Math.abs(before.lastMinor) ? 'price-rose' : 'price-fell',
        stream: after,
        previousMinor: before.lastMinor,
      }
    : undefined;

/** The kept stream with which a detected one shares most charges. */
const bySharedCharges = (kept: Iterable<KeptStream>, found: RecurringStream): KeptStream | undefined => {
  const ids = new Set(found.transactionIds);
  let best: { stream: KeptStream; shared: number } | undefined;
  for (const stream of kept) {
    const shared = isSameDirection(stream, found)
      ? stream.transactionIds.filter((id) => ids.has(id)).length
      : 0;
    if (shared > (best?.shared ?? 0)) {
      best = { stream, shared };
    }
  }
  return best?.stream;
};

/** What a user said about a stream outlives its charges: a bank that is linked anew gives them other ids. */
const byUsersWord = (kept: Iterable<KeptStream>, found: RecurringStream): KeptStream | undefined =>
  [...kept].find(
    (stream) =>
      stream.status !== 'detected' &&
      stream.period === found.period &&
      isSameDirection(stream, found) &&
      merchantKey(stream.merchant) === merchantKey(found.merchant),
  );

/** A kept stream that is no longer found is over once its next charge is long overdue, or it would be expected daily. */
const notFound = (stream: KeptStream, today: CalendarDate): KeptStream => {
  const rule = PERIODS.find(({ name }) => name === stream.period);
  const isOver =
    rule === undefined || addDays(stream.lastDate, Math.ceil(1.5 * rule.days) + rule.toleranceDays) < today;
  return isOver ? { ...stream, state: 'ended', nextDate: null } : stream;
};

/**
 * Brings kept streams up to date with what was detected. A detected stream is the kept one with which it shares most
 * charges, so that a name and a status survive changes of price. Streams that the user confirmed or dismissed are never
 * dropped.
 * @param kept what was kept
 * @param detected what the detector finds now
 * @param edgesOf first and last charge of a stream
 * @param today the present day
 */
export const keepStreams = (
  kept: readonly KeptStream[],
  detected: readonly RecurringStream[],
  edgesOf: (stream: RecurringStream) => StreamEdges,
  today: CalendarDate,
): KeptStreams => {
  const unmatched = new Map(kept.map((stream) => [stream.id, stream]));
  const streams: KeptStream[] = [];
  const changes: StreamChange[] = [];
  const usedIds = new Set<string>();
  const matches = new Map<RecurringStream, KeptStream>();
  for (const match of [bySharedCharges, byUsersWord]) {
    for (const found of detected) {
      const before = matches.has(found) ? undefined : match(unmatched.values(), found);
      if (before !== undefined) {
        matches.set(found, before);
        unmatched.delete(before.id);
      }
    }
  }
  for (const found of detected) {
    const before = matches.get(found);
    const id = before?.id ?? idOf(found);
    if (usedIds.has(id)) {
      continue;
    }
    usedIds.add(id);
    const { firstDate, lastMinor, category } = edgesOf(found);
    const stream: KeptStream = {
      ...found,
      lastMinor,
      category,
      priceWasMinor: before?.priceWasMinor ?? null,
      transactionIds: found.transactionIds.slice(-MAX_KEPT_CHARGES),
      id,
      name: before?.name ?? null,
      status: before?.status ?? 'detected',
    };
    streams.push(stream);
    if (before === undefined) {
      if (stream.state !== 'ended' && firstDate >= addDays(today, -NEWS_DAYS)) {
        changes.push({ change: 'new', stream });
      }
      continue;
    }
    const price = priceChange(before, stream);
    stream.priceWasMinor = price?.previousMinor ?? stream.priceWasMinor;
    if (stream.state === 'ended' && before.state !== 'ended') {
      changes.push({ change: 'ended', stream });
    } else if (price !== undefined) {
      changes.push(price);
    }
  }
  const left = [...unmatched.values()];
  return {
    streams: [
      ...streams,
      ...left.filter(({ status }) => status !== 'detected').map((stream) => notFound(stream, today)),
    ],
    changes: changes.filter(({ stream }) => stream.status !== 'dismissed'),
    goneIds: left.filter(({ status }) => status === 'detected').map(({ id }) => id),
  };
};
