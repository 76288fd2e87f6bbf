import { dependsOnCollation, type Predicate } from './predicates.ts';
import {
  type Direction,
  encodeTypeBracket,
  encodeValue,
  keyAfterPrefix,
  TRUNCATED_KEY_LENGTH,
  TRUNCATED_PREFIX_LENGTH,
} from './semantics/keys.ts';
import type { Collation } from './semantics/types.ts';
import { compareValues, isArray, RANK, typeRank } from './semantics/values.ts';

/** A range of whole keys. */
export interface KeyInterval {
  start: Buffer;
  end: Buffer;
  /** False when the range had to be widened because keys in it may be shortened. */
  exact: boolean;
}

/** An interval of one field's encoded values, to be put behind the values of the fields before. */
interface FieldInterval {
  after(prefix: Buffer): KeyInterval;
}

/** What the filter allows for one index field. */
export interface FieldBounds {
  intervals: FieldInterval[];
  /** The encoded values when only single values are allowed. */
  points: Buffer[];
  /** One single value is allowed. */
  isPoint: boolean;
  /** Only single values are allowed, so that the next field can be bounded too. */
  isPointSet: boolean;
  /** Bounded at both ends. */
  isClosed: boolean;
  /** False when the interval holds values that the condition does not allow. */
  exact: boolean;
  /** Number of predicates that went into the bounds. */
  used: number;
}

interface FieldContext {
  direction: Direction;
  multikey: boolean;
  /** False when the query compares strings differently from the index. */
  sameStrings: boolean;
  collation?: Collation;
}

const MAX_POINTS = 200;

function invert(bytes: Buffer): Buffer {
  const inverted = Buffer.from(bytes);
  for (let index = 0; index < inverted.length; index += 1) {
    inverted[index] = ~(inverted[index] ?? 0) & 0xff;
  }
  return inverted;
}

function encoded(value: unknown, context: FieldContext): Buffer {
  const bytes = encodeValue(value, context.collation);
  return context.direction === -1 ? invert(bytes) : bytes;
}

/**
 * The bound at a key that may be longer than keys are stored: cut to what shortened keys keep, which widens
 * the interval.
 */
function cut(key: Buffer, upper: boolean): { key: Buffer; exact: boolean } {
  if (key.length < TRUNCATED_KEY_LENGTH - 64) {
    return { key, exact: true };
  }
  const prefix = key.subarray(0, Math.min(key.length, TRUNCATED_PREFIX_LENGTH));
  return { key: upper ? keyAfterPrefix(prefix) : prefix, exact: false };
}

function interval(low: Buffer, high: Buffer): FieldInterval {
  return {
    after(prefix) {
      const start = cut(Buffer.concat([prefix, low]), false);
      const end = cut(Buffer.concat([prefix, high]), true);
      return { start: start.key, end: end.key, exact: start.exact && end.exact };
    },
  };
}

function pointBounds(
  values: readonly unknown[],
  context: FieldContext,
  used: number,
  exact: boolean,
): FieldBounds {
  const seen = new Map<string, Buffer>();
  for (const value of values) {
    const point = encoded(value, context);
    seen.set(point.toString('latin1'), point);
  }
  const points = [...seen.values()].sort((a, b) => Buffer.compare(a, b));
  return {
    intervals: points.map((point) => interval(point, keyAfterPrefix(point))),
    points,
    isPoint: points.length === 1,
    isPointSet: points.length <= MAX_POINTS,
    isClosed: true,
    exact,
    used,
  };
}

/** The index keys under which documents equal to `value` at the path can stand. */
function keysForEquality(value: unknown): unknown[] {
  if (value === null || value === undefined) {
    return [undefined, null];
  }
  if (isArray(value)) {
    return value.length === 0 ? [undefined, value] : [value[0], value];
  }
  return [value];
}

function rangeBounds(predicates: readonly Predicate[], context: FieldContext): FieldBounds | undefined {
  let low: Predicate | undefined;
  let high: Predicate | undefined;
  let used = 0;
  for (const predicate of predicates) {
    if (!context.sameStrings && dependsOnCollation(predicate.value)) {
      continue;
    }
    const isLow = predicate.operator === 'gt' || predicate.operator === 'gte';
    const isHigh = predicate.operator === 'lt' || predicate.operator === 'lte';
    // An array may satisfy two conditions with two elements: then only one of them can bound the scan.
    if (context.multikey && used > 0) {
      break;
    }
    const other = isLow ? high : low;
    if (other !== undefined && typeRank(other.value) !== typeRank(predicate.value)) {
      continue;
    }
    if (isLow && tighter(predicate, low, 1, context.collation)) {
      low = predicate;
      used += 1;
    } else if (isHigh && tighter(predicate, high, -1, context.collation)) {
      high = predicate;
      used += 1;
    }
  }
  const some = low ?? high;
  if (some === undefined) {
    return undefined;
  }
  const bracket = encodeTypeBracket(some.value, context.direction);
  let start = bracket;
  let end = keyAfterPrefix(bracket);
  const [first, last] = context.direction === 1 ? [low, high] : [high, low];
  if (first !== undefined) {
    const key = encoded(first.value, context);
    start = first.operator === 'gte' || first.operator === 'lte' ? key : keyAfterPrefix(key);
  }
  if (last !== undefined) {
    const key = encoded(last.value, context);
    end = last.operator === 'gte' || last.operator === 'lte' ? keyAfterPrefix(key) : key;
  }
  return {
    intervals: [interval(start, end)],
    points: [],
    isPoint: false,
    isPointSet: false,
    isClosed: low !== undefined && high !== undefined,
    // NaN stands among the numbers but is neither less nor greater.
    exact: typeRank(some.value) !== RANK.number || low !== undefined,
    used,
  };
}

function tighter(
  candidate: Predicate,
  current: Predicate | undefined,
  direction: 1 | -1,
  collation: Collation | undefined,
): boolean {
  if (current === undefined) {
    return true;
  }
  const order = compareValues(candidate.value, current.value, collation) * direction;
  return order > 0 || (order === 0 && candidate.operator.length < current.operator.length);
}

function prefixBounds(predicate: Predicate, context: FieldContext): FieldBounds | undefined {
  if (context.collation !== undefined || !context.sameStrings) {
    return undefined;
  }
  const text = encodeValue(predicate.value);
  // Without the terminator, so that longer strings are within; strings stored shortened keep the beginning.
  const prefix = text.subarray(0, text.length - 2);
  const bytes = context.direction === -1 ? invert(prefix) : prefix;
  return {
    intervals: [interval(bytes, keyAfterPrefix(bytes))],
    points: [],
    isPoint: false,
    isPointSet: false,
    isClosed: true,
    exact: false,
    used: 1,
  };
}

/**
 * The bounds that a filter's conditions on a path put on an index field, or undefined when there are none.
 * The bounds never leave out a matching document; they may let through others.
 */
export function boundsOf(predicates: readonly Predicate[], context: FieldContext): FieldBounds | undefined {
  for (const predicate of predicates) {
    const values =
      predicate.operator === 'eq' ? [predicate.value] : predicate.operator === 'in' ? predicate.value : [];
    if (!isArray(values) || (predicate.operator !== 'eq' && predicate.operator !== 'in')) {
      continue;
    }
    if (!context.sameStrings && values.some(dependsOnCollation)) {
      continue;
    }
    return pointBounds(values.flatMap(keysForEquality), context, 1, predicate.complete);
  }
  const ranges = rangeBounds(predicates, context);
  if (ranges !== undefined) {
    return ranges;
  }
  const prefix = predicates.find((predicate) => predicate.operator === 'prefix');
  return prefix === undefined ? undefined : prefixBounds(prefix, context);
}
