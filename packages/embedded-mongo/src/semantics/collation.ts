import { MongoServerError } from './errors.ts';
import type { Collation } from './types.ts';

/**
 * Sort keys for MongoDB's collations. JavaScript offers comparison by locale but no sort keys, and index
 * entries need bytes; so weights of single characters are read off `Intl.Collator` once for each collation
 * (Latin, Greek, Cyrillic and general punctuation; other scripts follow in code point order) and comparison is
 * by the resulting keys everywhere, which keeps sorting, matching and indexes in agreement.
 * Contractions such as Czech "ch" are not known; ligatures and ß are expanded.
 */
interface Weights {
  primary: number;
  secondary: number;
  tertiary: number;
}

interface CollationTable {
  weights: Map<number, Weights[]>;
  strength: number;
  caseLevel: boolean;
  numeric: boolean;
  keys: Map<string, Buffer>;
}

const TABLE_RANGES: readonly (readonly [number, number])[] = [
  [0x20, 0x7e],
  [0xa0, 0x24f],
  [0x370, 0x52f],
  [0x1e00, 0x1fff],
  [0x2010, 0x2027],
  [0x2030, 0x205e],
  [0x20a0, 0x20c0],
  [0x2100, 0x214f],
];
const EXPANSIONS: ReadonlyMap<string, string> = new Map([
  ['ß', 'ss'],
  ['ẞ', 'SS'],
  ['æ', 'ae'],
  ['Æ', 'AE'],
  ['œ', 'oe'],
  ['Œ', 'OE'],
  ['ĳ', 'ij'],
  ['Ĳ', 'IJ'],
]);
const CACHED_KEYS = 20_000;
const CACHED_KEY_LENGTH = 256;
const COLLATION_VARIANTS: ReadonlyMap<string, string> = new Map([
  ['phonebook', 'phonebk'],
  ['traditional', 'trad'],
  ['dictionary', 'dict'],
]);
const LEVEL_END = Uint8Array.of(0);
const OUTSIDE_TABLE = 0xf00000;
const tables = new Map<string, CollationTable>();

/** True when the collation compares strings differently from plain bytes. */
export function isEffectiveCollation(collation: Collation | undefined): collation is Collation {
  return collation !== undefined && collation.locale !== 'simple';
}

/**
 * Bytes whose order (memcmp) is the order of strings under the collation; equal bytes mean equal strings.
 * The bytes are prefix-free. The collation must not be `simple`.
 * Throws MongoServerError 2 for an unknown locale.
 */
export function collationKey(text: string, collation: Collation): Buffer {
  const table = tableOf(collation);
  const known = table.keys.get(text);
  if (known !== undefined) {
    return known;
  }
  const key = buildKey(text, table);
  if (text.length <= CACHED_KEY_LENGTH) {
    if (table.keys.size >= CACHED_KEYS) {
      table.keys.clear();
    }
    table.keys.set(text, key);
  }
  return key;
}

function tableOf(collation: Collation): CollationTable {
  const strength = collation.strength ?? 3;
  const caseFirst = collation.caseFirst ?? 'off';
  const name = JSON.stringify([
    collation.locale,
    strength,
    collation.caseLevel === true,
    caseFirst,
    collation.numericOrdering === true,
  ]);
  let table = tables.get(name);
  if (table === undefined) {
    table = {
      weights: readWeights(collation.locale, caseFirst),
      strength,
      caseLevel: collation.caseLevel === true,
      numeric: collation.numericOrdering === true,
      keys: new Map(),
    };
    tables.set(name, table);
  }
  return table;
}

function readWeights(locale: string, caseFirst: string): Map<number, Weights[]> {
  const tag = languageTag(locale);
  const order = caseFirst === 'upper' || caseFirst === 'lower' ? caseFirst : 'false';
  const base = new Intl.Collator(tag, { sensitivity: 'base' });
  const accent = new Intl.Collator(tag, { sensitivity: 'accent' });
  const variant = new Intl.Collator(tag, { sensitivity: 'variant', caseFirst: order });
  const characters: string[] = [];
  for (const [first, last] of TABLE_RANGES) {
    for (let point = first; point <= last; point += 1) {
      const character = String.fromCodePoint(point);
      if (character.normalize('NFC') === character && base.compare(character, '') !== 0) {
        characters.push(character);
      }
    }
  }
  const firstLevels = (a: string, b: string): number => base.compare(a, b) || accent.compare(a, b);
  characters.sort((a, b) => firstLevels(a, b) || variant.compare(a, b));
  const weights = new Map<number, Weights[]>();
  let current: Weights = { primary: 0x100, secondary: 1, tertiary: 1 };
  let previous: string | undefined;
  for (const character of characters) {
    if (previous === undefined || base.compare(previous, character) !== 0) {
      current = { primary: current.primary + 1, secondary: 2, tertiary: 2 };
    } else if (accent.compare(previous, character) !== 0) {
      current = { primary: current.primary, secondary: current.secondary + 1, tertiary: 2 };
    } else if (variant.compare(previous, character) !== 0) {
      current = { ...current, tertiary: current.tertiary + 1 };
    }
    weights.set(character.codePointAt(0) ?? 0, [current]);
    previous = character;
  }
  for (const [ligature, letters] of EXPANSIONS) {
    if (base.compare(ligature, letters) === 0) {
      const parts = [...letters].flatMap((letter) => weights.get(letter.codePointAt(0) ?? 0) ?? []);
      weights.set(
        ligature.codePointAt(0) ?? 0,
        parts.map((part) => ({ ...part, tertiary: part.tertiary + 4 })),
      );
    }
  }
  return weights;
}

/** The language tag of an ICU locale name such as `en_US` or `de@collation=phonebook`. */
function languageTag(locale: string): string {
  const [name, variant] = locale.split('@collation=');
  const base = (name ?? '').replaceAll('_', '-');
  const tag = variant === undefined ? base : `${base}-u-co-${COLLATION_VARIANTS.get(variant) ?? variant}`;
  let supported: string[] = [];
  try {
    supported = Intl.Collator.supportedLocalesOf(tag === 'root' ? 'und' : tag);
  } catch (error) {
    if (!(error instanceof RangeError)) {
      throw error;
    }
  }
  if (supported.length === 0 && tag !== 'root') {
    throw new MongoServerError(2, `Field 'locale' is invalid in: { locale: "${locale}" }`);
  }
  return supported[0] ?? 'en';
}

function weightsOf(point: number, table: CollationTable): readonly Weights[] {
  const known = table.weights.get(point);
  if (known !== undefined) {
    return known;
  }
  const character = String.fromCodePoint(point);
  if (/\p{Cc}|\p{Cf}/u.test(character)) {
    return [];
  }
  if (/\p{M}/u.test(character)) {
    return [{ primary: 0, secondary: 0x80 + (point & 0x7f), tertiary: 2 }];
  }
  return [{ primary: OUTSIDE_TABLE + point, secondary: 2, tertiary: 2 }];
}

function buildKey(text: string, table: CollationTable): Buffer {
  const primary: number[] = [];
  const secondary: number[] = [];
  const tertiary: number[] = [];
  const normal = text.normalize('NFC');
  let at = 0;
  while (at < normal.length) {
    const point = normal.codePointAt(at) ?? 0;
    if (table.numeric && point >= 0x30 && point <= 0x39) {
      const digits = /^\d+/.exec(normal.slice(at))?.[0] ?? '';
      pushNumber(primary, digits, table);
      secondary.push(2);
      tertiary.push(2);
      at += digits.length;
      continue;
    }
    for (const weight of weightsOf(point, table)) {
      pushPrimary(primary, weight.primary);
      secondary.push(Math.min(weight.secondary, 0xff));
      tertiary.push(Math.min(weight.tertiary, 0xff));
    }
    at += point > 0xffff ? 2 : 1;
  }
  const levels: Uint8Array[] = [Uint8Array.from(primary), LEVEL_END];
  if (table.strength >= 2) {
    levels.push(Uint8Array.from(secondary), LEVEL_END);
  }
  if (table.strength >= 3 || table.caseLevel) {
    levels.push(Uint8Array.from(tertiary), LEVEL_END);
  }
  if (table.strength >= 5) {
    const escaped = text.replaceAll('\u0001', '\u0001\u0002').replaceAll('\0', '\u0001\u0001');
    levels.push(Buffer.from(`${escaped}\0`, 'utf8'));
  }
  return Buffer.concat(levels);
}

function pushPrimary(bytes: number[], weight: number): void {
  if (weight === 0) {
    return;
  }
  if (weight >= OUTSIDE_TABLE) {
    bytes.push(weight >>> 16, (weight >>> 8) & 0xff, weight & 0xff);
  } else {
    bytes.push(weight >>> 8, weight & 0xff);
  }
}

/** A run of digits counts as one number: weight of the digit nought, then the number's length, then its digits. */
function pushNumber(bytes: number[], digits: string, table: CollationTable): void {
  const significant = digits.replace(/^0+(?=.)/, '');
  pushPrimary(bytes, table.weights.get(0x30)?.[0]?.primary ?? 0x101);
  const length = Math.min(significant.length, 0xfffe);
  bytes.push((length >>> 8) + 1, length & 0xff);
  for (let index = 0; index < length; index += 1) {
    bytes.push(significant.charCodeAt(index));
  }
}
