import { BSONRegExp, MaxKey, MinKey } from 'bson';
import { isOperatorExpression } from './semantics/match.ts';
import type { BsonDocument } from './semantics/types.ts';
import { isArray, isDocument, RANK, toNumber, typeRank } from './semantics/values.ts';

/** A condition of a filter on one path that an index may serve. */
export interface Predicate {
  path: string;
  operator: 'eq' | 'in' | 'gt' | 'gte' | 'lt' | 'lte' | 'exists' | 'prefix';
  /** The compared value; for `in` the list, for `prefix` the text the string starts with. */
  value: unknown;
  /** True when the condition says all that the filter says about it, so that a bound on it may replace the filter. */
  complete: boolean;
}

/** The conditions that must all hold for a filter, as far as indexes can use them. */
export interface Conjunction {
  predicates: Predicate[];
  /** The branches of each `$or`. */
  alternatives: BsonDocument[][];
  /** True when `predicates` with `complete` say everything that the filter says. */
  complete: boolean;
}

const RANGE_OPERATORS: Readonly<Record<string, 'gt' | 'gte' | 'lt' | 'lte'>> = {
  $gt: 'gt',
  $gte: 'gte',
  $lt: 'lt',
  $lte: 'lte',
};

const SIMPLE_RANKS: ReadonlySet<number> = new Set([
  RANK.number,
  RANK.string,
  RANK.objectId,
  RANK.bool,
  RANK.date,
  RANK.binData,
  RANK.timestamp,
]);

function isNaNValue(value: unknown): boolean {
  return Number.isNaN(toNumber(value) ?? 0);
}

function isRegex(value: unknown): boolean {
  return value instanceof BSONRegExp || value instanceof RegExp;
}

function isSimple(value: unknown): boolean {
  return SIMPLE_RANKS.has(typeRank(value)) && !isNaNValue(value);
}

/** The plain text that every match of an anchored, case-sensitive pattern starts with; '' when there is none. */
export function anchoredPrefix(pattern: string, options: string): string {
  if (!pattern.startsWith('^') || options !== '' || pattern.includes('|')) {
    return '';
  }
  // By code point: a character beyond the basic plane is optional as a whole.
  const characters = [...pattern.slice(1)];
  const special = characters.findIndex((character) => /[\\^$.[\](){}*+?]/.test(character));
  if (special === -1) {
    return characters.join('');
  }
  const isLastOptional = /[*?{]/.test(characters[special] ?? '');
  return characters.slice(0, isLastOptional ? Math.max(0, special - 1) : special).join('');
}

class Collector {
  readonly result: Conjunction = { predicates: [], alternatives: [], complete: true };

  filter(filter: BsonDocument): void {
    for (const key of Object.keys(filter)) {
      const value = filter[key];
      if (key === '$and' && isArray(value)) {
        for (const part of value) {
          if (isDocument(part)) {
            this.filter(part);
          }
        }
      } else if (key === '$or' && isArray(value)) {
        this.or(value.filter(isDocument));
      } else if (key === '$comment') {
        continue;
      } else if (key.startsWith('$')) {
        this.result.complete = false;
      } else {
        this.field(key, value);
      }
    }
  }

  private or(branches: BsonDocument[]): void {
    const [only] = branches;
    if (branches.length === 1 && only !== undefined) {
      this.filter(only);
      return;
    }
    this.result.complete = false;
    this.result.alternatives.push(branches);
  }

  private field(path: string, condition: unknown): void {
    if (isRegex(condition)) {
      this.regex(path, condition);
    } else if (isDocument(condition) && isOperatorExpression(condition)) {
      for (const operator of Object.keys(condition)) {
        this.operator(path, operator, condition[operator], condition);
      }
    } else {
      this.equality(path, condition);
    }
  }

  private regex(path: string, regex: unknown): void {
    this.result.complete = false;
    const prefix = regex instanceof BSONRegExp ? anchoredPrefix(regex.pattern, regex.options) : '';
    if (prefix !== '') {
      this.add(path, 'prefix', prefix, false);
    }
  }

  private equality(path: string, value: unknown): void {
    this.add(path, 'eq', value, isSimple(value));
  }

  private operator(path: string, operator: string, value: unknown, all: BsonDocument): void {
    const range = Object.hasOwn(RANGE_OPERATORS, operator) ? RANGE_OPERATORS[operator] : undefined;
    if (range !== undefined) {
      this.range(path, range, value);
    } else if (operator === '$eq' && !isRegex(value)) {
      this.equality(path, value);
    } else if (operator === '$in' && isArray(value) && !value.some(isRegex)) {
      this.add(path, 'in', value, value.every(isSimple));
    } else if (operator === '$exists') {
      this.result.complete = false;
      if (value === true || (toNumber(value) ?? 0) !== 0) {
        this.add(path, 'exists', true, false);
      }
    } else if (operator === '$elemMatch' && isDocument(value) && !isOperatorExpression(value)) {
      this.elements(path, value);
    } else if (operator === '$regex' && typeof value === 'string' && all.$options === undefined) {
      this.regex(path, new BSONRegExp(value, ''));
    } else if (operator === '$all' && isArray(value) && value.length > 0 && !value.some(isRegex)) {
      this.result.complete = false;
      const [first] = value;
      if (!(isDocument(first) && isOperatorExpression(first))) {
        this.add(path, 'eq', first, false);
      }
    } else {
      this.result.complete = false;
    }
  }

  private range(path: string, operator: 'gt' | 'gte' | 'lt' | 'lte', value: unknown): void {
    if (isSimple(value)) {
      this.add(path, operator, value, true);
    } else if (value === null && (operator === 'gte' || operator === 'lte')) {
      this.add(path, 'eq', null, false);
    } else {
      this.result.complete = false;
    }
  }

  private elements(path: string, inner: BsonDocument): void {
    const nested = new Collector();
    nested.filter(inner);
    this.result.complete = false;
    for (const predicate of nested.result.predicates) {
      if (predicate.operator !== 'exists' && !coversNull(predicate)) {
        this.add(`${path}.${predicate.path}`, predicate.operator, predicate.value, false);
      }
    }
  }

  private add(path: string, operator: Predicate['operator'], value: unknown, complete: boolean): void {
    if (value instanceof MinKey || value instanceof MaxKey || isNaNValue(value)) {
      this.result.complete = false;
      return;
    }
    const predicate = { path, operator, value, complete };
    // The elements of an array lack the field `0`, so null is found in them, while the index holds what stands there.
    if (coversNull(predicate) && /\.\d+(\.|$)/.test(path)) {
      this.result.complete = false;
      return;
    }
    this.result.complete &&= complete;
    this.result.predicates.push(predicate);
  }
}

/** True when a value holds strings, whose comparison depends on the collation. */
export function dependsOnCollation(value: unknown): boolean {
  const rank = typeRank(value);
  return rank === RANK.string || rank === RANK.object || rank === RANK.array;
}

/** True when the predicate may hold for documents that lack the field. */
export function coversNull(predicate: Predicate): boolean {
  const missing = (value: unknown): boolean => value === null || value === undefined;
  switch (predicate.operator) {
    case 'eq':
      return missing(predicate.value);
    case 'in':
      return isArray(predicate.value) && predicate.value.some(missing);
    default:
      return false;
  }
}

/** Breaks a filter into the conditions that indexes can serve. Never throws: what it does not know it leaves out. */
export function conjunctionOf(filter: BsonDocument): Conjunction {
  const collector = new Collector();
  collector.filter(filter);
  return collector.result;
}
