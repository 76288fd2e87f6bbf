import { dayNumber } from '@orrery/calendar';
import { merchantKey } from '../detector-transaction.ts';
import type { DetectorTransaction } from '../detector-transaction.ts';
import { amountHistory } from './history.ts';
import type { AmountHistory, Usual } from './history.ts';

export const ANOMALY_KINDS = ['large', 'duplicate', 'price-rise', 'new-merchant', 'foreign'] as const;
export type AnomalyKind = (typeof ANOMALY_KINDS)[number];

/** An unusual transaction. */
export interface Anomaly {
  id: string;
  kind: AnomalyKind;
  currency: string;
  /** 0 to 1, higher is stranger. */
  score: number;
  /** Why, in plain English. */
  reason: string;
  /** Usual amounts as positive minor units, where there are any. */
  expected?: { lowMinor: number; highMinor: number };
}

/** Purchases of a user before which nothing is called unusual. */
const WARM_UP = 40;

/** Charges of a merchant that tell what is usual there. */
const ENOUGH_AT_MERCHANT = 8;

const ENOUGH_IN_CATEGORY = 20;

/** Robust deviations beyond which an amount is large; from the study that compared 3, 3.5 and 5 on injected cases. */
const LARGE_AT_MERCHANT = 3.2;
const LARGE_IN_CATEGORY = 2.2;

/** An amount must also be this many times the usual one, so that cents at a fixed price do not count. */
const LARGE_RATIO = 1.8;

/** Exact repeats within a day are the habit of a place when this share of its charges repeat. */
const HABITUAL_REPEATS = 0.1;

/** A price rise counts above 3 % and 30 minor units, and up to double; beyond it the charge is simply large. */
const PRICE_RISE = { ratio: 1.03, minor: 30, most: 2 };

interface Visit {
  day: number;
  size: number;
}

interface MerchantState {
  amounts: AmountHistory;
  visits: Visit[];
  repeats: number;
}

interface CurrencyState {
  amounts: AmountHistory;
  merchants: Map<string, MerchantState>;
  categories: Map<string, AmountHistory>;
  countries: Map<string, number>;
  located: number;
}

const freshState = (): CurrencyState => ({
  amounts: amountHistory(),
  merchants: new Map(),
  categories: new Map(),
  countries: new Map(),
  located: 0,
});

const getOrMake = <Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value => {
  const known = map.get(key);
  if (known !== undefined) {
    return known;
  }
  const fresh = make();
  map.set(key, fresh);
  return fresh;
};

const deviations = (size: number, { centre, scale }: Usual): number =>
  (Math.log(Math.max(1, size)) - centre) / scale;

const rangeOf = ({ centre, scale }: Usual): { lowMinor: number; highMinor: number } => ({
  lowMinor: Math.round(Math.exp(centre - 2 * scale)),
  highMinor: Math.round(Math.exp(centre + 2 * scale)),
});

/** 0.5 at the threshold, towards 1 beyond. */
const scoreOf = (excess: number): number =>
  Math.round((1 - 0.5 * Math.exp(-Math.max(0, excess))) * 1000) / 1000;

const times = (size: number, usual: number): string => (size / Math.max(1, usual)).toFixed(1);

/** A charge of the same amount on the same day or the day before. */
const recentTwin = (visits: readonly Visit[], day: number, size: number): Visit | undefined => {
  for (let index = visits.length - 1; index >= 0; index -= 1) {
    const visit = visits[index];
    if (visit === undefined || day - visit.day > 1) {
      return undefined;
    }
    if (visit.size === size) {
      return visit;
    }
  }
  return undefined;
};

type Finding = Omit<Anomaly, 'id' | 'currency'>;

interface Judged {
  transaction: DetectorTransaction;
  size: number;
  day: number;
  state: CurrencyState;
  merchant: MerchantState | undefined;
}

const duplicate = ({ size, day, merchant, transaction }: Judged): Finding | undefined => {
  if (merchant === undefined) {
    return undefined;
  }
  const twin = recentTwin(merchant.visits, day, size);
  const isHabit = merchant.repeats / merchant.visits.length >= HABITUAL_REPEATS && merchant.repeats > 0;
  if (twin === undefined || isHabit) {
    return undefined;
  }
  return {
    kind: 'duplicate',
    score: scoreOf(merchant.visits.length / 10),
    reason: `The same amount was charged by ${transaction.merchant} ${twin.day === day ? 'on the same day' : 'the day before'}`,
  };
};

/** Gaps between charges that keep a rhythm of at least five days. */
const isRegular = (visits: readonly Visit[]): boolean => {
  const gaps = visits.slice(1).map(({ day }, index) => day - (visits[index]?.day ?? day));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / Math.max(1, gaps.length);
  return mean >= 5 && gaps.every((gap) => Math.abs(gap - mean) <= Math.max(4, 0.25 * mean));
};

const priceRise = ({ size, day, merchant, transaction }: Judged): Finding | undefined => {
  const latest = merchant?.visits.slice(-3) ?? [];
  const price = latest.at(-1)?.size;
  if (latest.length < 3 || price === undefined || !latest.every((visit) => visit.size === price)) {
    return undefined;
  }
  const isRise =
    size > price * PRICE_RISE.ratio && size - price > PRICE_RISE.minor && size <= price * PRICE_RISE.most;
  if (!isRise || !isRegular([...latest, { day, size }])) {
    return undefined;
  }
  return {
    kind: 'price-rise',
    score: scoreOf(Math.log(size / price) * 5),
    reason: `${transaction.merchant} charged ${(((size - price) / price) * 100).toFixed(0)} % more than the last times`,
    expected: { lowMinor: price, highMinor: price },
  };
};

const homeOf = ({ countries, located }: CurrencyState): string | undefined => {
  const [first] = [...countries].sort((left, right) => right[1] - left[1]);
  return first !== undefined && located >= 10 && first[1] >= 0.6 * located ? first[0] : undefined;
};

const foreign = ({ size, state, transaction }: Judged): Finding | undefined => {
  const home = homeOf(state);
  const { country, hour, merchant } = transaction;
  if (home === undefined || country === undefined || country === home) {
    return undefined;
  }
  const isAtNight = hour !== undefined && hour < 6;
  const isHigh = size > 2 * state.amounts.quantile(0.95);
  if (!isAtNight && !isHigh) {
    return undefined;
  }
  return {
    kind: 'foreign',
    score: scoreOf(isAtNight && isHigh ? 2 : 1),
    reason: `A purchase in ${country} at ${merchant}${isAtNight ? ' in the night' : ', higher than usual for you'}`,
  };
};

/** What is usual in the category, when enough is known of it. Categories mix shops, so a wide scale is assumed. */
const usualInCategory = (state: CurrencyState, { category }: DetectorTransaction): Usual | undefined => {
  const history = category === undefined ? undefined : state.categories.get(category);
  return history === undefined || history.count < ENOUGH_IN_CATEGORY ? undefined : history.usual(0.35);
};

const large = ({ size, state, merchant, transaction }: Judged): Finding | undefined => {
  if (merchant === undefined) {
    return undefined;
  }
  const visits = merchant.visits.length;
  const category = visits < 3 ? usualInCategory(state, transaction) : undefined;
  const basis = category ?? merchant.amounts.usual(visits >= ENOUGH_AT_MERCHANT ? undefined : 0.4);
  const excess = deviations(size, basis) - LARGE_AT_MERCHANT;
  const usual = Math.exp(basis.centre);
  if (excess <= 0 || size < LARGE_RATIO * usual || visits < 2) {
    return undefined;
  }
  // A small purchase that is large for its shop is nothing to tell anybody about.
  if (size <= state.amounts.quantile(0.5)) {
    return undefined;
  }
  return {
    kind: 'large',
    score: scoreOf(excess / 3),
    reason: `${times(size, usual)} times your usual ${category === undefined ? `at ${transaction.merchant}` : 'in this category'}`,
    expected: rangeOf(basis),
  };
};

const newMerchant = ({ size, state, merchant, transaction }: Judged): Finding | undefined => {
  if (merchant !== undefined) {
    return undefined;
  }
  if (size <= state.amounts.quantile(0.985)) {
    return undefined;
  }
  const category = usualInCategory(state, transaction);
  if (category !== undefined && deviations(size, category) <= LARGE_IN_CATEGORY) {
    return undefined;
  }
  const usual = state.amounts.usual();
  return {
    kind: 'new-merchant',
    score: scoreOf(deviations(size, usual) / 6),
    reason: `${times(size, Math.exp(usual.centre))} times your usual purchase, at ${transaction.merchant} where you never paid before`,
    expected: rangeOf(category ?? usual),
  };
};

/** In order of how sure they are; a transaction gets the first reason that fits. */
const LAYERS = [duplicate, priceRise, foreign, large, newMerchant] as const;

const remember = ({ transaction, size, day, state }: Judged, key: string): void => {
  const merchant = getOrMake(state.merchants, key, () => ({
    amounts: amountHistory(),
    visits: [],
    repeats: 0,
  }));
  merchant.repeats += Number(recentTwin(merchant.visits, day, size) !== undefined);
  merchant.visits.push({ day, size });
  merchant.amounts.add(size);
  state.amounts.add(size);
  if (transaction.category !== undefined) {
    getOrMake(state.categories, transaction.category, amountHistory).add(size);
  }
  if (transaction.country !== undefined) {
    state.countries.set(transaction.country, (state.countries.get(transaction.country) ?? 0) + 1);
    state.located += 1;
  }
};

/**
 * Finds unusual purchases. Every purchase is judged by those before it and never by later ones, per currency: a repeat
 * of the same charge within a day, a rise of a fixed price, a purchase abroad at night or of unusual size, an amount
 * far above what is usual at the merchant or in the category, and a large purchase at a new merchant.
 * @param transactions of one user, in any order; money in is ignored
 * @returns findings in order of time
 */
export const detectAnomalies = (transactions: readonly DetectorTransaction[]): Anomaly[] => {
  const currencies = new Map<string, CurrencyState>();
  const ordered = transactions
    .filter(({ amountMinor }) => amountMinor < 0)
    .map((transaction) => ({ transaction, day: dayNumber(transaction.date) }))
    .sort(
      (left, right) => left.day - right.day || (left.transaction.hour ?? 12) - (right.transaction.hour ?? 12),
    );
  const anomalies: Anomaly[] = [];
  for (const { transaction, day } of ordered) {
    const state = getOrMake(currencies, transaction.currency, freshState);
    const key = merchantKey(transaction.merchant);
    const judged: Judged = {
      transaction,
      day,
      size: -transaction.amountMinor,
      state,
      merchant: state.merchants.get(key),
    };
    if (state.amounts.count >= WARM_UP) {
      const finding = LAYERS.reduce<Finding | undefined>((found, layer) => found ?? layer(judged), undefined);
      if (finding !== undefined) {
        anomalies.push({ id: transaction.id, currency: transaction.currency, ...finding });
      }
    }
    remember(judged, key);
  }
  return anomalies;
};
