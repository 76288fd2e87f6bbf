import { createHash } from 'node:crypto';

/** A source of numbers that depends on its seed alone. */
export interface SeededRandom {
  /** A number from 0 up to, not including, 1. */
  next(): number;
  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number;
}

const MULTIPLIER = 0x6d2b79f5;
const RANGE = 2 ** 32;

/**
 * A generator of the mulberry32 family, started from the SHA-256 of a text.
 * @param seed any text; equal texts give equal sequences
 */
export const seededRandom = (seed: string): SeededRandom => {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0);
  const next = (): number => {
    state = (state + MULTIPLIER) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / RANGE;
  };
  return { next, between: (low, high) => low + Math.floor(next() * (high - low + 1)) };
};

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/**
 * An identifier in Plaid's style, derived from texts.
 * @param length number of characters; items, accounts and transactions have 37
 * @param parts what the identifier stands for
 * @returns case-sensitive letters and digits
 */
export const idFrom = (length: number, ...parts: readonly string[]): string => {
  let text = '';
  for (let round = 0; text.length < length; round += 1) {
    const digest = createHash('sha256')
      .update([String(round), ...parts].join('\u0000'))
      .digest();
    text += [...digest].map((byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('');
  }
  return text.slice(0, length);
};
