import { boundsOf, type FieldBounds, type KeyInterval } from './bounds.ts';
import { type CollectionInfo, type IndexInfo, sameCollation } from './catalog.ts';
import { coveredByPartialIndex } from './partial-implication.ts';
import { conjunctionOf, type Conjunction, coversNull } from './predicates.ts';
import { MongoServerError } from './semantics/errors.ts';
import { encodeKey, type IndexField } from './semantics/keys.ts';
import type { BsonDocument, Collation } from './semantics/types.ts';
import { isDocument, toNumber, valuesEqual } from './semantics/values.ts';
import { indexRange, type KeyRange, multikeyKey, withinIndex } from './storage/keyspace.ts';
import type { ReadView } from './storage/store.ts';

/** Reading a collection in insertion order. */
export interface CollectionScan {
  kind: 'collection';
  reverse: boolean;
}

/** Reading parts of an index. */
export interface IndexScan {
  kind: 'index';
  index: IndexInfo;
  ranges: KeyRange[];
  reverse: boolean;
  multikey: boolean;
  /** True when one document may come up twice. */
  repeats: boolean;
  /** True when every entry in the ranges belongs to a document that matches the filter. */
  covers: boolean;
  /** Number of leading fields that have bounds. */
  boundedFields: number;
  /** True when each range starts with the one key of a unique index that can lie in it, so that no walk is needed. */
  singleKeys: boolean;
}

/** Reading the union of several plans, each document once. */
export interface UnionScan {
  kind: 'union';
  branches: IndexScan[];
}

/** How the documents of a query are found. */
export type Plan = (CollectionScan | IndexScan | UnionScan | { kind: 'empty' }) & {
  /** True when the documents come in the order that the query's sort asks for. */
  sorted: boolean;
};

/** What the planner has to know of a query. */
export interface QueryShape {
  filter: BsonDocument;
  sort?: readonly IndexField[];
  /** 1 or −1 for `sort: { $natural }` or `hint: { $natural }`. */
  natural?: 1 | -1;
  hint?: string | BsonDocument;
  min?: BsonDocument;
  max?: BsonDocument;
  collation?: Collation;
}

function usable(index: IndexInfo): boolean {
  return index.ordered && !index.building && !index.hidden;
}

function rootOf(path: string): string {
  return path.split('.', 1)[0] ?? path;
}

/** Finds the index a hint names. Throws MongoServerError 2 when there is none. */
export function hintedIndex(collection: CollectionInfo, hint: string | BsonDocument): IndexInfo {
  const found = collection.indexes.find((index) =>
    typeof hint === 'string' ? index.name === hint : samePattern(index.spec.key, hint),
  );
  if (found === undefined || found.building) {
    throw new MongoServerError(
      2,
      'error processing query: planner returned error :: caused by :: hint provided does not correspond to an existing index',
    );
  }
  return found;
}

function samePattern(key: unknown, hint: BsonDocument): boolean {
  return (
    isDocument(key) && Object.keys(key).join('\0') === Object.keys(hint).join('\0') && valuesEqual(key, hint)
  );
}

/** Beyond so many combinations of single values, further fields of an index are not bounded. */
const MAX_COMBINATIONS = 500;

interface Candidate {
  scan: IndexScan;
  sorted: boolean;
  score: number;
}

/** Whether the order of the index, after the fields fixed to one value, is the wanted one; 0 when it is not. */
function sortDirection(
  index: IndexInfo,
  bounds: readonly FieldBounds[],
  sort: readonly IndexField[],
): 1 | -1 | 0 {
  const fixed = new Set<string>();
  let position = 0;
  while (position < bounds.length && bounds[position]?.isPoint === true) {
    fixed.add(index.fields[position]?.[0] ?? '');
    position += 1;
  }
  let direction: 1 | -1 | 0 = 0;
  let next = 0;
  for (const [path, wanted] of sort) {
    if (fixed.has(path)) {
      continue;
    }
    let field = index.fields[next];
    while (field !== undefined && field[0] !== path && fixed.has(field[0])) {
      next += 1;
      field = index.fields[next];
    }
    if (field === undefined || field[0] !== path) {
      return 0;
    }
    const step = field[1] === wanted ? 1 : -1;
    if (direction !== 0 && direction !== step) {
      return 0;
    }
    direction = step;
    next += 1;
  }
  return direction === 0 ? 1 : direction;
}

function candidateFor(
  view: ReadView,
  index: IndexInfo,
  shape: QueryShape,
  conjunction: Conjunction,
  forced: boolean,
): Candidate | undefined {
  const { predicates } = conjunction;
  const [leading] = index.fields;
  if (!forced && shape.sort === undefined && !predicates.some(({ path }) => path === leading?.[0])) {
    return undefined;
  }
  const sameStrings = sameCollation(index.collation, shape.collation);
  if (!forced && !coveredByPartialIndex(index, predicates, shape.collation)) {
    return undefined;
  }
  const multikey = view.get(multikeyKey(index.id)) !== undefined;
  const bounds: FieldBounds[] = [];
  const usedRoots = new Set<string>();
  let used = 0;
  let combinations = 1;
  for (const [path, direction] of index.fields) {
    if (multikey && usedRoots.has(rootOf(path))) {
      break;
    }
    const found = boundsOf(
      predicates.filter((predicate) => predicate.path === path),
      {
        direction,
        multikey,
        sameStrings,
        ...(index.collation === undefined ? {} : { collation: index.collation }),
      },
    );
    if (found === undefined) {
      break;
    }
    usedRoots.add(rootOf(path));
    bounds.push(found);
    used += found.used;
    combinations *= found.points.length;
    if (!found.isPointSet || combinations > MAX_COMBINATIONS) {
      break;
    }
  }
  const fields = index.fields.slice(0, bounds.length).map(([path]) => path);
  if (index.sparse && !forced) {
    const present = predicates.some((predicate) => fields.includes(predicate.path) && !coversNull(predicate));
    if (!present) {
      return undefined;
    }
  }
  let direction: 1 | -1 | 0 = 0;
  if (shape.sort !== undefined && sameStrings && (!multikey || bounds.length === 0)) {
    direction = sortDirection(index, bounds, shape.sort);
  }
  const sorted = direction !== 0;
  if (bounds.length === 0 && !sorted && !forced) {
    return undefined;
  }
  const intervals = combine(bounds);
  const ranges =
    bounds.length === 0
      ? [indexRange(index.id)]
      : intervals.map(({ start, end }) => withinIndex(index.id, start, end));
  if (direction === -1) {
    ranges.reverse();
  }
  const isWhole = intervals.every((interval) => interval.exact);
  const exact = isWhole && bounds.every((bound) => bound.exact);
  const scan: IndexScan = {
    kind: 'index',
    index,
    ranges,
    reverse: direction === -1,
    multikey,
    repeats: multikey,
    covers: conjunction.complete && !multikey && exact && used === predicates.length && !index.sparse,
    boundedFields: bounds.length,
    singleKeys:
      index.unique &&
      isWhole &&
      bounds.length === index.fields.length &&
      bounds.every(({ points }) => points.length > 0),
  };
  let score = 0;
  for (const bound of bounds) {
    score += bound.isPoint ? 20 : bound.isPointSet ? 15 : bound.isClosed ? 9 : 6;
  }
  const wholeKey =
    index.unique && bounds.length === index.fields.length && bounds.every((bound) => bound.isPoint);
  return {
    scan,
    sorted,
    score: score + (wholeKey ? 1000 : 0) + (sorted && shape.sort !== undefined ? 4 : 0),
  };
}

/** Every combination of the fields' intervals as intervals of whole keys, in key order. */
function combine(bounds: readonly FieldBounds[]): KeyInterval[] {
  let prefixes: Buffer[] = [Buffer.alloc(0)];
  for (const [position, bound] of bounds.entries()) {
    if (position === bounds.length - 1) {
      return prefixes.flatMap((prefix) => bound.intervals.map((interval) => interval.after(prefix)));
    }
    prefixes = prefixes.flatMap((prefix) => bound.points.map((point) => Buffer.concat([prefix, point])));
  }
  return [];
}

function unionOf(
  view: ReadView,
  collection: CollectionInfo,
  shape: QueryShape,
  conjunction: Conjunction,
): UnionScan | undefined {
  for (const branches of conjunction.alternatives) {
    const scans: IndexScan[] = [];
    for (const branch of branches) {
      const inner = bestIndex(view, collection, {
        filter: branch,
        ...(shape.collation && { collation: shape.collation }),
      });
      if (inner === undefined || inner.scan.boundedFields === 0) {
        break;
      }
      scans.push(inner.scan);
    }
    if (scans.length === branches.length && scans.length > 0) {
      return { kind: 'union', branches: scans };
    }
  }
  return undefined;
}

function bestIndex(view: ReadView, collection: CollectionInfo, shape: QueryShape): Candidate | undefined {
  const conjunction = conjunctionOf(shape.filter);
  let best: Candidate | undefined;
  for (const index of collection.indexes) {
    if (usable(index)) {
      const candidate = candidateFor(view, index, shape, conjunction, false);
      if (candidate !== undefined && (best === undefined || candidate.score > best.score)) {
        best = candidate;
      }
    }
  }
  return best;
}

function boundedByMinMax(collection: CollectionInfo, shape: QueryShape): Plan {
  const { hint, min, max } = shape;
  if (hint === undefined) {
    throw new MongoServerError(51173, 'When using min()/max() a hint of which index to use must be provided');
  }
  const index = hintedIndex(collection, hint);
  const encode = (bound: BsonDocument): Buffer => {
    if (Object.keys(bound).join('\0') !== index.fields.map(([path]) => path).join('\0')) {
      throw new MongoServerError(51174, 'the fields of min()/max() must be those of the hinted index');
    }
    return encodeKey(
      index.fields.map(([path]) => bound[path]),
      index.fields.map(([, direction]) => direction),
      index.collation,
    );
  };
  const whole = indexRange(index.id);
  const start = min === undefined ? whole.start : withinIndex(index.id, encode(min), Buffer.alloc(0)).start;
  const end = max === undefined ? whole.end : withinIndex(index.id, encode(max), Buffer.alloc(0)).start;
  const direction = shape.sort === undefined ? 1 : sortDirection(index, [], shape.sort);
  return {
    kind: 'index',
    index,
    ranges: [{ start, end }],
    reverse: direction === -1,
    multikey: true,
    repeats: true,
    covers: false,
    boundedFields: 1,
    singleKeys: false,
    sorted: shape.sort === undefined || direction !== 0,
  };
}

/**
 * Chooses how to find a query's documents: by the index whose leading fields the filter binds best, by a union
 * of indexes for `$or`, by an index in the sort's order, or by reading the whole collection.
 * Throws MongoServerError 2 for a hint that names no index.
 */
export function planQuery(view: ReadView, collection: CollectionInfo, shape: QueryShape): Plan {
  const unsorted = shape.sort === undefined || shape.sort.length === 0;
  const withoutEmptySort: QueryShape = { ...shape };
  if (unsorted) {
    delete withoutEmptySort.sort;
  }
  if (shape.min !== undefined || shape.max !== undefined) {
    return boundedByMinMax(collection, withoutEmptySort);
  }
  if (shape.natural !== undefined) {
    return { kind: 'collection', reverse: shape.natural === -1, sorted: unsorted };
  }
  if (shape.hint !== undefined) {
    if (isDocument(shape.hint) && Object.hasOwn(shape.hint, '$natural')) {
      return { kind: 'collection', reverse: toNumber(shape.hint.$natural) === -1, sorted: unsorted };
    }
    const index = hintedIndex(collection, shape.hint);
    if (!index.ordered) {
      return { kind: 'collection', reverse: false, sorted: unsorted };
    }
    const forced = candidateFor(view, index, withoutEmptySort, conjunctionOf(shape.filter), true);
    if (forced !== undefined) {
      return { ...forced.scan, sorted: unsorted || forced.sorted };
    }
  }
  const best = bestIndex(view, collection, withoutEmptySort);
  if (best !== undefined && best.scan.boundedFields > 0) {
    return { ...best.scan, sorted: unsorted || best.sorted };
  }
  const conjunction = conjunctionOf(shape.filter);
  if (conjunction.alternatives.length > 0) {
    const union = unionOf(view, collection, shape, conjunction);
    if (union !== undefined) {
      return { ...union, sorted: unsorted };
    }
  }
  if (best !== undefined) {
    return { ...best.scan, sorted: true };
  }
  return { kind: 'collection', reverse: false, sorted: unsorted };
}
