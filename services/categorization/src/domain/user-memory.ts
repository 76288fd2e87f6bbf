import type { MerchantName } from './types.ts';

/** How often a user filed a key under a category; `weight` is as of `day`. */
export interface MemoryVote {
  category: string;
  weight: number;
  /** Days since 1970-01-01. */
  day: number;
}

/** Votes by key. */
export type UserMemory = ReadonlyMap<string, readonly MemoryVote[]>;

/** What memory says about a transaction. */
export interface Recollection {
  category: string;
  /** Share of the votes, 0 to 1. */
  agreement: number;
  /** Votes after decay. */
  votes: number;
  /** How close the match is: the same name, its first two words, or its first word. */
  level: 'exact' | 'two-words' | 'one-word';
  key: string;
}

/** After a year a vote counts half. */
const HALF_LIFE_DAYS = 365;
const MIN_AGREEMENT = 0.6;
/** One confirmation decides for the same name; wider keys need two. */
const MIN_VOTES = { exact: 0.25, 'two-words': 1.5, 'one-word': 1.5 } as const;
const MIN_WIDE_KEY = 4;

const decayed = (vote: MemoryVote, day: number): number =>
  vote.weight * 0.5 ** (Math.max(0, day - vote.day) / HALF_LIFE_DAYS);

/**
 * Keys under which a transaction is remembered, closest first. Money in and money out are kept apart.
 * @param name its normalised name
 * @param amountMinor signed amount
 */
export const memoryKeys = (
  name: Pick<MerchantName, 'key' | 'hangul'>,
  amountMinor: number,
): { level: Recollection['level']; key: string }[] => {
  if (name.key === '') {
    return [];
  }
  const side = amountMinor > 0 ? '+' : '-';
  const keys: { level: Recollection['level']; key: string }[] = [
    { level: 'exact', key: `${side}${name.key}` },
  ];
  if (name.hangul === '') {
    const parts = name.key.split(' ');
    if (parts.length > 2) {
      keys.push({ level: 'two-words', key: `${side}${parts.slice(0, 2).join(' ')} *` });
    }
    if (parts.length > 1 && (parts[0] ?? '').length >= MIN_WIDE_KEY) {
      keys.push({ level: 'one-word', key: `${side}${parts[0] ?? ''} *` });
    }
  }
  return keys;
};

/** Keys under which a correction is stored: each wider key of the name as well, so that siblings can meet. */
const storedKeys = (name: Pick<MerchantName, 'key' | 'hangul'>, amountMinor: number): string[] => {
  const side = amountMinor > 0 ? '+' : '-';
  const parts = name.hangul === '' ? name.key.split(' ') : [];
  const wide = [parts.slice(0, 2).join(' '), parts[0] ?? '']
    .filter((key) => key.length >= MIN_WIDE_KEY)
    .map((key) => `${side}${key} *`);
  return name.key === '' ? [] : [...new Set([`${side}${name.key}`, ...wide])];
};

/**
 * What the user's own choices say about a transaction; null when they say nothing or disagree.
 * @param memory votes by key
 * @param name normalised name
 * @param amountMinor signed amount
 * @param day today as days since 1970-01-01
 */
export const recall = (
  memory: UserMemory,
  name: Pick<MerchantName, 'key' | 'hangul'>,
  amountMinor: number,
  day: number,
): Recollection | null => {
  for (const { level, key } of memoryKeys(name, amountMinor)) {
    const votes = memory.get(key);
    if (votes === undefined || votes.length === 0) {
      continue;
    }
    let total = 0;
    let best = 0;
    let category = '';
    for (const vote of votes) {
      const weight = decayed(vote, day);
      total += weight;
      if (weight > best) {
        best = weight;
        category = vote.category;
      }
    }
    if (total >= MIN_VOTES[level] && best / total >= MIN_AGREEMENT) {
      return { category, agreement: best / total, votes: total, level, key };
    }
  }
  return null;
};

/**
 * Adds one confirmed choice of the user. Only what a person said may be given here, never a decision of ours.
 * A choice against what was remembered outweighs it, so that the first correction decides the next time.
 * @param memory votes by key
 * @param name normalised name
 * @param amountMinor signed amount
 * @param category slug that the user chose
 * @param day day of the choice as days since 1970-01-01
 * @returns the keys that changed with their new votes
 */
export const remember = (
  memory: UserMemory,
  name: Pick<MerchantName, 'key' | 'hangul'>,
  amountMinor: number,
  category: string,
  day: number,
): Map<string, MemoryVote[]> => {
  const changed = new Map<string, MemoryVote[]>();
  for (const [index, key] of storedKeys(name, amountMinor).entries()) {
    const votes = (memory.get(key) ?? []).map((vote) => ({
      category: vote.category,
      weight: decayed(vote, day),
      day,
    }));
    const own = votes.find((vote) => vote.category === category);
    const others = votes.filter((vote) => vote.category !== category).map((vote) => vote.weight);
    const rival = index === 0 ? Math.max(0, ...others) : 0;
    const added = (own?.weight ?? 0) + 1;
    const weight = rival >= added ? rival * 2 : added;
    const kept = votes.filter((vote) => vote.category !== category && vote.weight > 0.05);
    changed.set(key, [{ category, weight, day }, ...kept].slice(0, 8));
  }
  return changed;
};
