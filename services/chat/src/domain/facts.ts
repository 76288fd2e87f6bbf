/** Figures and names that an answer may state, in the form in which the verifier takes them. */
export interface StatedFacts {
  amounts: { amountMinor: number; currency: string }[];
  percentages: number[];
  numbers: number[];
  days: string[];
  names: string[];
}

type ReadMinor = (amount: string, currency: string) => number;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const DAY = /^\d{4}-\d{2}(?:-\d{2})?$/;
const INSTANT = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}/;

/** @returns facts that hold nothing */
export const noFacts = (): StatedFacts => ({
  amounts: [],
  percentages: [],
  numbers: [],
  days: [],
  names: [],
});

/**
 * Adds everything that a tool's result states. Amounts are known by their shape (`amount` beside `currency`),
 * percentages by their name; everything else is a count, a day or a name.
 * @param facts where it is added
 * @param value JSON
 * @param readMinor minor units of a decimal text
 * @param key name of the field in which the value stands
 */
export function addFacts(facts: StatedFacts, value: unknown, readMinor: ReadMinor, key = ''): void {
  if (Array.isArray(value)) {
    facts.numbers.push(value.length);
    for (const item of value) {
      addFacts(facts, item, readMinor, key);
    }
    return;
  }
  if (isRecord(value)) {
    const { amount, currency } = value;
    if (typeof amount === 'string' && typeof currency === 'string') {
      facts.amounts.push({ amountMinor: readMinor(amount, currency), currency });
      return;
    }
    for (const [name, item] of Object.entries(value)) {
      addFacts(facts, item, readMinor, name);
    }
    return;
  }
  if (typeof value === 'number') {
    if (/percent|apr|rate/i.test(key)) {
      facts.percentages.push(value, Math.abs(value));
    } else {
      facts.numbers.push(value);
    }
    return;
  }
  if (typeof value === 'string' && value !== '') {
    const instant = INSTANT.exec(value);
    if (DAY.test(value)) {
      facts.days.push(value);
    } else if (instant?.[1] !== undefined) {
      facts.days.push(instant[1]);
    } else {
      facts.names.push(value);
    }
  }
}
