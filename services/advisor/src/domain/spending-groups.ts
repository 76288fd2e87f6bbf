import type { SpendingGroup } from './financial-records.ts';

const startsWord = (words: string): RegExp => new RegExp(String.raw`(?<!\p{L})(?:${words})`, 'iu');
const inside = (words: string): RegExp => new RegExp(words, 'i');

/** Words of the main app's three categories, and of free ones that mean the same. */
const CATEGORY_WORDS: readonly [SpendingGroup, RegExp][] = [
  ['needs', inside('essential|needs')],
  ['wants', inside('discretionary|wants')],
  ['savings', inside('saving')],
];

const HOUSING = startsWord('rent|mortgage|council tax|housing|landlord|loyer|hypothe');

/** Names of expenses that people cannot easily stop; only used where no category says more. */
const NEEDS = startsWord(
  'rent|mortgage|council tax|housing|landlord|gas|electric|energy|water|utilit|heating|bill|broadband|internet|phone|' +
    'mobile|insurance|tv licence|grocer|food shop|supermarket|tesco|sainsbury|asda|aldi|lidl|morrisons|childcare|nursery|' +
    'school|bus|train|tram|metro|tube|rail|fuel|petrol|diesel|parking|commut|car tax|mot|medic|prescription|pharmac|dentist|' +
    'optician|vet|tax|maintenance|loan|repayment',
);
const SAVINGS = startsWord('saving|isa|pension|invest|emergency fund');

/** The words of the contract, found anywhere in a name or category. */
const SUBSCRIPTIONS = inside(
  'subscription|netflix|spotify|amazon prime|disney|apple|youtube|hulu|streaming|prime video',
);
const TELEVISION = startsWord(String.raw`tv(?!\p{L}| licence)`);

/**
 * What a row is for, by its category where that says it, else by its name; unknown ones count as wants.
 * @param category free text, may be empty
 * @param name free text
 */
export const groupOf = (category: string, name: string): SpendingGroup => {
  const known = CATEGORY_WORDS.find(([, words]) => words.test(category));
  if (known !== undefined) {
    return known[0];
  }
  const text = `${category} ${name}`;
  if (SAVINGS.test(text)) {
    return 'savings';
  }
  return NEEDS.test(text) ? 'needs' : 'wants';
};

/**
 * Whether a row pays for the roof over somebody's head.
 * @param name free text
 */
export const isHousing = (name: string): boolean => HOUSING.test(name);

/**
 * Whether a row is a subscription to something to watch, hear or read.
 * @param name free text
 * @param category free text
 */
export const isSubscription = (name: string, category: string): boolean =>
  [name, category].some((text) => SUBSCRIPTIONS.test(text) || TELEVISION.test(text));
