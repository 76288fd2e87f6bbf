import { PFC_PRIMARIES, categoryBySlug } from '@orrery/contracts';
import type { LexiconHit } from './merchant-lexicon.ts';
import type { RailHit } from './structural-rails.ts';
import { CLASS_COUNT } from './text-classifier.ts';
import type { Evidence, MerchantName } from './types.ts';

const INDEX = new Map<string, number>(PFC_PRIMARIES.map((primary, index) => [primary, index]));
const indexBySlug = new Map<string, number>();

/**
 * Index of a category's primary in PFC_PRIMARIES.
 * @param slug category
 * @throws Error when there is no such category: an artifact that names one is broken
 */
export const primaryIndex = (slug: string): number => {
  const known = indexBySlug.get(slug);
  if (known !== undefined) {
    return known;
  }
  const category = categoryBySlug(slug);
  const index = category === undefined ? undefined : INDEX.get(category.pfcPrimary);
  if (index === undefined) {
    throw new Error(`unknown category ${slug}`);
  }
  indexBySlug.set(slug, index);
  return index;
};

/** Parameters of the combiner; part of the artifact. Weights are natural-log odds. */
export interface CombinerWeights {
  prior: number;
  model: number;
  brandBase: number;
  brandDistinct: number;
  brandLength: number;
  brandStart: number;
  brandWhole: number;
  brandWords: number;
  brandHome: number;
  brandAbroad: number;
  brandCut: number;
  brandNth: number;
  wordBase: number;
  wordEdge: number;
  wordLength: number;
  wordWhole: number;
  wordForeign: number;
  hangulEnd: number;
  hangulMiddle: number;
  second: number;
  rail: number;
  mcc: number;
  provider: number;
  temperatureLatin: number;
  temperatureFrench: number;
  temperatureHangul: number;
  /** Factor on the temperature when only the classifier speaks for the winner: it is too modest by itself. */
  temperatureAlone: number;
  /** Highest probability for shops whose name does not tell what was bought. */
  mixedCeiling: number;
  /** Highest probability when only the classifier speaks: a guess is offered, never filed. */
  aloneCeiling: number;
  /** Highest probability of any Latin text outside French statements, whose names are reused most across trades. */
  latinCeiling: number;
}

export const DEFAULT_WEIGHTS: CombinerWeights = {
  prior: 1,
  model: 0.6,
  brandBase: 0.6,
  brandDistinct: 2.2,
  brandLength: 0.12,
  brandStart: 1,
  brandWhole: 1,
  brandWords: 0.5,
  brandHome: 1,
  brandAbroad: -1.2,
  brandCut: -0.8,
  brandNth: -0.5,
  wordBase: 2.2,
  wordEdge: 0.4,
  wordLength: 0.08,
  wordWhole: 0.5,
  wordForeign: -1.2,
  hangulEnd: 2.1,
  hangulMiddle: -1.5,
  second: 0.35,
  rail: 1,
  mcc: 4.5,
  provider: 1.5,
  temperatureLatin: 1.2,
  temperatureFrench: 0.85,
  temperatureHangul: 0.95,
  temperatureAlone: 0.72,
  mixedCeiling: 0.93,
  aloneCeiling: 0.9,
  latinCeiling: 0.97,
};

/**
 * What a consumer's money goes to by size of the amount, before a word is read; rough shares of card statements.
 * Columns follow PFC_PRIMARIES.
 */
const OUT_PRIOR: readonly (readonly number[])[] = [
  // Order: income, in, out, loan, fees, fun, food, shops, home, medical, care, services, public, transport, travel, bills
  [0.1, 0.2, 1, 0.3, 5, 3, 45, 14, 1, 2, 1, 4, 2, 16, 1, 2],
  [0.1, 0.2, 2, 0.6, 1, 4, 42, 17, 3, 4, 4, 5, 2, 10, 2, 5],
  [0.2, 0.2, 4, 2, 0.6, 4, 28, 20, 5, 5, 4, 8, 2, 6, 5, 10],
  [0.3, 0.3, 10, 10, 0.4, 2, 8, 13, 6, 4, 2, 12, 4, 3, 14, 14],
];
const IN_PRIOR: readonly number[] = [30, 18, 3, 4, 1, 0.6, 5, 7, 1, 1, 0.6, 3, 1, 1.5, 2, 1];
/** Minor units of 1 US dollar in each currency, roughly: enough to place an amount in a size class. */
const DOLLAR: Readonly<Record<string, number>> = {
  USD: 100,
  EUR: 92,
  GBP: 78,
  NZD: 165,
  AUD: 150,
  CAD: 136,
  CHF: 90,
  KRW: 1350,
  JPY: 150,
  ZAR: 1850,
  CNY: 720,
  INR: 8300,
};
const SIZE_EDGES = [8, 40, 200];

const logged = (shares: readonly number[]): Float64Array => {
  const total = shares.reduce((sum, share) => sum + share, 0);
  return Float64Array.from(shares, (share) => Math.log(share / total));
};
const OUT_LOG = OUT_PRIOR.map(logged);
const IN_LOG = logged(IN_PRIOR);

/**
 * Size class of an amount: under 8, 40 and 200 US dollars or more. The amount enters a text decision only by it and the sign.
 * @param amountMinor signed minor units
 * @param currency ISO 4217 code; an unknown one is read as hundredths of a dollar
 */
export const sizeClass = (amountMinor: number, currency: string): number => {
  const dollars = Math.abs(amountMinor) / (DOLLAR[currency] ?? 100);
  let size = 0;
  while (size < SIZE_EDGES.length && dollars >= (SIZE_EDGES[size] ?? Infinity)) {
    size += 1;
  }
  return size;
};

/** Everything that the combiner weighs for one transaction. */
export interface Signals {
  name: MerchantName;
  amountMinor: number;
  currency: string;
  country: string | undefined;
  rails: readonly RailHit[];
  hits: readonly LexiconHit[];
  modelLogs: Float64Array | null;
  mccCategory: string | null;
  providerCategory: string | null;
}

const FOOD = INDEX.get('FOOD_AND_DRINK') ?? 0;
/** Tills that restaurants use: what the processor alone says for food and drink. */
const FOOD_PROCESSORS: Readonly<Record<string, number>> = { Toast: 3, Square: 0.7 };

const FRENCH = new Set(['FR', 'BE', 'CH', 'CA', 'LU']);
const isFrench = (country: string | undefined): boolean => country !== undefined && FRENCH.has(country);

/**
 * Leaves whose shops and payees stand for many things, by their leaf: the name is certain there, the purchase is not.
 */
const MIXED: ReadonlySet<string> = new Set([
  'convenience-stores',
  'discount-stores',
  'superstores',
  'online-marketplaces',
  'department-stores',
  'other-shopping',
  'other-services',
  'other-transfers-in',
  'subscriptions',
  'postage',
  'government',
]);

/**
 * The highest probability that a text may carry. In Hangul, issuers name the shop itself, and what a mixed shop sells is
 * told by its own category there.
 * @param category slug of the leaf
 * @param alone whether nothing but the classifier speaks for it
 * @param signals what was found
 * @param weights parameters of the artifact
 */
export const ceilingOf = (
  category: string,
  alone: boolean,
  { name, country }: Pick<Signals, 'name' | 'country'>,
  weights: CombinerWeights,
): number => {
  if (alone) {
    return weights.aloneCeiling;
  }
  if (name.hangul !== '') {
    return 1;
  }
  if (MIXED.has(category)) {
    return weights.mixedCeiling;
  }
  return isFrench(country) ? 1 : weights.latinCeiling;
};

/** Trades that a supermarket runs beside its tills, named beside its brand: "petrol", "pharmacy". */
const BESIDE_THE_TILLS: ReadonlySet<string> = new Set([
  'fuel',
  'pharmacies',
  'eye-care',
  'telephone',
  'insurance',
  'car-services',
]);
const SUPERMARKETS: ReadonlySet<string> = new Set(['groceries', 'superstores', 'department-stores']);
const SIDE_TRADE_SHARE = 0.4;

const FAMILY: Readonly<Record<string, string>> = { UK: 'GB' };

const brandWeight = (hit: LexiconHit, weights: CombinerWeights, country: string | undefined): number => {
  const { entry } = hit;
  let weight = weights.brandBase + weights.brandDistinct * entry.distinct;
  weight += weights.brandLength * Math.min(hit.hangul ? hit.letters * 2.5 : hit.letters, 16);
  if (hit.whole) {
    weight += weights.brandWhole;
  }
  weight += hit.atStart ? weights.brandStart : weights.brandNth * Math.min(hit.start, 3);
  if (hit.length > 1 && !hit.hangul) {
    weight += weights.brandWords * Math.min(hit.length - 1, 2);
  }
  if (entry.countries.length > 0 && country !== undefined) {
    const home = FAMILY[country] ?? country;
    weight += entry.countries.includes(home)
      ? weights.brandHome
      : weights.brandAbroad * (hit.length > 1 || hit.whole ? 1 : 2);
  }
  if (hit.cut) {
    weight += weights.brandCut;
  }
  return Math.max(weight, 0);
};

const wordWeight = (hit: LexiconHit, weights: CombinerWeights, country: string | undefined): number => {
  const french = isFrench(country);
  let weight =
    weights.wordBase + weights.wordLength * Math.min(hit.hangul ? hit.letters * 3 : hit.letters, 12);
  if (hit.hangul) {
    weight += hit.atEnd ? weights.hangulEnd : hit.atStart || hit.letters > 2 ? 0 : weights.hangulMiddle;
  } else if (french ? hit.atStart : hit.atEnd) {
    weight += weights.wordEdge;
  }
  if (hit.whole) {
    weight += weights.wordWhole;
  }
  if (hit.length > 1 && !hit.hangul) {
    weight += weights.brandWords;
  }
  if (!hit.hangul && country !== undefined && hit.entry.countries.length > 0 !== french) {
    weight += weights.wordForeign;
  }
  return Math.max(weight, 0) * hit.entry.distinct;
};

/** The same thing seen from the other side: a shop of investments paid out is money from investments. */
const WHEN_MONEY_COMES_IN: Readonly<Record<string, string>> = {
  'investments-out': 'investments-in',
  crypto: 'investments-in',
  'savings-out': 'savings-in',
  'own-transfers-out': 'own-transfers-in',
  'app-transfers-out': 'app-transfers-in',
  'wire-out': 'wire-in',
  'other-transfers-out': 'other-transfers-in',
  'personal-loan-payments': 'loans-received',
  taxes: 'tax-refund',
};

/** Outcome of the combiner: probabilities of the primaries and all evidence, strongest first. */
export interface Combined {
  probabilities: Float64Array;
  evidence: Evidence[];
}

/** Best hit of each kind inside each primary counts in full, the next one by `second`. */
const addHits = (logits: Float64Array, found: readonly Evidence[], second: number): void => {
  const best = new Float64Array(CLASS_COUNT);
  const next = new Float64Array(CLASS_COUNT);
  const texts: string[] = new Array<string>(CLASS_COUNT).fill('');
  for (const item of found) {
    const k = primaryIndex(item.category);
    const high = best[k] ?? 0;
    if (item.weight > high) {
      if (texts[k] !== item.text) {
        next[k] = high;
      }
      best[k] = item.weight;
      texts[k] = item.text;
    } else if (item.weight > (next[k] ?? 0) && texts[k] !== item.text) {
      next[k] = item.weight;
    }
  }
  for (let k = 0; k < CLASS_COUNT; k += 1) {
    logits[k] = (logits[k] ?? 0) + (best[k] ?? 0) + second * (next[k] ?? 0);
  }
};

/** A hit inside a longer one says nothing more: "national park" is not a park, "apple pay" is no apple. */
const outermost = (hits: readonly LexiconHit[]): LexiconHit[] =>
  hits.filter(
    (hit) =>
      !hits.some(
        (other) =>
          other.length > hit.length &&
          other.start <= hit.start &&
          other.start + other.length >= hit.start + hit.length &&
          !other.cut,
      ),
  );

const temperatureOf = ({ name, country }: Signals, weights: CombinerWeights): number => {
  if (name.hangul !== '') {
    return weights.temperatureHangul;
  }
  return isFrench(country) ? weights.temperatureFrench : weights.temperatureLatin;
};

/**
 * Weighs all signals of one transaction into calibrated probabilities of the sixteen primaries.
 * @param signals what was found
 * @param weights parameters of the artifact
 */
export const combine = (signals: Signals, weights: CombinerWeights): Combined => {
  const moneyIn = signals.amountMinor > 0;
  const prior = moneyIn ? IN_LOG : (OUT_LOG[sizeClass(signals.amountMinor, signals.currency)] ?? IN_LOG);
  const logits = new Float64Array(CLASS_COUNT);
  for (let k = 0; k < CLASS_COUNT; k += 1) {
    logits[k] = weights.prior * (prior[k] ?? 0) + weights.model * (signals.modelLogs?.[k] ?? 0);
  }
  for (const processor of signals.name.processors) {
    const food = FOOD_PROCESSORS[processor] ?? 0;
    logits[FOOD] = (logits[FOOD] ?? 0) + food;
  }
  const evidence: Evidence[] = [];
  const brands: Evidence[] = [];
  const common: Evidence[] = [];
  for (const hit of outermost(signals.hits)) {
    const category = (moneyIn ? WHEN_MONEY_COMES_IN[hit.entry.category] : undefined) ?? hit.entry.category;
    const brand = hit.entry.kind === 'brand';
    const weight = brand
      ? brandWeight(hit, weights, signals.country)
      : wordWeight(hit, weights, signals.country);
    if (weight > 0) {
      const item: Evidence = { kind: 'merchant', category, text: hit.entry.name, weight };
      (brand ? brands : common).push(item);
    }
  }
  const sideTrade = common.some((item) => BESIDE_THE_TILLS.has(item.category));
  const weighed = sideTrade
    ? brands.map((item) =>
        SUPERMARKETS.has(item.category) ? { ...item, weight: item.weight * SIDE_TRADE_SHARE } : item,
      )
    : brands;
  addHits(logits, weighed, 0);
  addHits(logits, common, weights.second);
  const rails = signals.rails.map((hit): Evidence => ({
    kind: 'rail',
    category: hit.category,
    text: hit.text,
    weight: hit.weight * weights.rail,
  }));
  addHits(logits, rails, weights.second);
  evidence.push(...weighed, ...common, ...rails);
  const codes: [Evidence['kind'], string | null, number][] = [
    ['mcc', signals.mccCategory, weights.mcc],
    ['provider', signals.providerCategory, weights.provider],
  ];
  for (const [kind, category, weight] of codes) {
    if (category !== null) {
      const k = primaryIndex(category);
      logits[k] = (logits[k] ?? 0) + weight;
      evidence.push({ kind, category, text: '', weight });
    }
  }
  const highest = Math.max(...logits);
  const winner = logits.indexOf(highest);
  const alone = !evidence.some((item) => primaryIndex(item.category) === winner);
  const temperature =
    temperatureOf(signals, weights) * (alone && signals.modelLogs !== null ? weights.temperatureAlone : 1);
  let sum = 0;
  for (let k = 0; k < CLASS_COUNT; k += 1) {
    logits[k] = Math.exp(((logits[k] ?? 0) - highest) / temperature);
    sum += logits[k] ?? 0;
  }
  for (let k = 0; k < CLASS_COUNT; k += 1) {
    logits[k] = (logits[k] ?? 0) / sum;
  }
  evidence.sort((a, b) => b.weight - a.weight);
  return { probabilities: logits, evidence };
};
