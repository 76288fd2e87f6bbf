import { METADATA_NAMES, metadataValue } from './aggregate-metadata.ts';
import { fail } from './aggregate-operator-kit.ts';
import { arrayIndexOf, splitPath } from './paths.ts';
import type { BsonDocument, Collation } from './types.ts';
import { describeValue } from './update-describe.ts';
import { compareValues, documentOf, isArray, isDocument, toSafeInteger } from './values.ts';

interface SortKey {
  parts: readonly string[];
  direction: 1 | -1;
  /** Name of the metadata to sort by, in place of the path. */
  metadata?: string;
}

/** Sorting by a compiled sort specification. */
export interface Sorter {
  /** The values that a document is ordered by, one for each field of the specification. */
  keyOf(document: BsonDocument): unknown[];
  /** Compares two results of `keyOf`. */
  compareKeys(a: readonly unknown[], b: readonly unknown[]): number;
  /** A new, stably sorted array; `documentOf` gives the document that an item is ordered by. */
  sorted<T>(items: readonly T[], documentOf: (item: T) => BsonDocument): T[];
}

/** Visits the leaves of a path as an index over it would see them: arrays fan out, a missing field is null. */
function visitLeaves(
  value: unknown,
  parts: readonly string[],
  depth: number,
  visit: (leaf: unknown) => void,
): void {
  if (depth === parts.length) {
    if (!isArray(value)) {
      visit(value);
    } else if (value.length === 0) {
      visit(undefined);
    } else {
      value.forEach(visit);
    }
    return;
  }
  const part = parts[depth] ?? '';
  if (isArray(value)) {
    const position = arrayIndexOf(part);
    if (position >= 0 && position < value.length) {
      visitLeaves(value[position], parts, depth + 1, visit);
      return;
    }
    let seen = false;
    for (const element of value) {
      if (documentOf(element) !== undefined) {
        seen = true;
        visitLeaves(element, parts, depth, visit);
      }
    }
    if (!seen) {
      visit(null);
    }
    return;
  }
  const document = documentOf(value);
  if (document === undefined || !Object.hasOwn(document, part)) {
    visit(null);
  } else {
    visitLeaves(document[part], parts, depth + 1, visit);
  }
}

function sortValue(document: BsonDocument, key: SortKey, collation: Collation | undefined): unknown {
  if (key.metadata !== undefined) {
    return metadataValue(document, key.metadata);
  }
  const [only = ''] = key.parts;
  if (key.parts.length === 1) {
    const value = Object.hasOwn(document, only) ? document[only] : null;
    if (!isArray(value)) {
      return value;
    }
  }
  let best: unknown;
  let any = false;
  visitLeaves(document, key.parts, 0, (leaf) => {
    if (!any || compareValues(leaf, best, collation) * key.direction < 0) {
      best = leaf;
      any = true;
    }
  });
  return best;
}

/** The metadata that a sort by `{ $meta: name }` means; undefined for an ordinary direction. */
function metadataName(value: unknown): string | undefined {
  const document = documentOf(value);
  if (document === undefined || !Object.hasOwn(document, '$meta')) {
    return undefined;
  }
  const name = document.$meta;
  return typeof name === 'string' && METADATA_NAMES.has(name)
    ? name
    : fail(31138, `Illegal $meta sort: ${describeValue(value)}`);
}

/** True when a sort specification sorts by metadata, such as the score of a text search. */
export function sortsByMetadata(specification: BsonDocument): boolean {
  return Object.values(specification).some((value) => metadataName(value) !== undefined);
}

/** Checks a sort specification and returns it. @throws MongoServerError 15973 to 15976, 31138 */
export function checkSortSpecification(specification: unknown): BsonDocument {
  if (!isDocument(specification)) {
    return fail(15973, 'the $sort key specification must be an object');
  }
  const entries = Object.entries(specification);
  if (entries.length === 0) {
    fail(15976, '$sort stage must have at least one sort key');
  }
  for (const [path, value] of entries) {
    if (metadataName(value) !== undefined) {
      continue;
    }
    const direction = toSafeInteger(value);
    if (direction === undefined) {
      fail(15974, `Illegal key in $sort specification: ${path}: ${describeValue(value)}`);
    }
    if (direction !== 1 && direction !== -1) {
      fail(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)');
    }
    if (path === '' || splitPath(path).includes('')) {
      fail(15998, 'FieldPath field names may not be empty strings.');
    }
    if (path.startsWith('$')) {
      fail(16410, `FieldPath field names may not start with '$'. Consider using $getField or $setField.`);
    }
  }
  return specification;
}

/**
 * Compiles a sort specification such as `{ a: 1, 'b.c': -1 }` in MongoDB's order of values. Of an array its
 * smallest element counts when ascending and its largest when descending; missing counts as null; an empty
 * array sorts before null.
 * @throws MongoServerError 15973 to 15976 for a bad specification
 */
export function compileSort(specification: BsonDocument, collation?: Collation): Sorter {
  const keys = Object.entries(checkSortSpecification(specification)).map(([path, direction]): SortKey => {
    const metadata = metadataName(direction);
    if (metadata === undefined) {
      return { parts: splitPath(path), direction: toSafeInteger(direction) === -1 ? -1 : 1 };
    }
    // The best score comes first, but the smallest distance.
    return { parts: [], direction: metadata === 'textScore' ? -1 : 1, metadata };
  });
  const keyOf = (document: BsonDocument): unknown[] => keys.map((key) => sortValue(document, key, collation));
  const compareKeys = (a: readonly unknown[], b: readonly unknown[]): number => {
    for (let index = 0; index < keys.length; index += 1) {
      const order = compareValues(a[index], b[index], collation);
      if (order !== 0) {
        return keys[index]?.direction === -1 ? -order : order;
      }
    }
    return 0;
  };
  return {
    keyOf,
    compareKeys,
    sorted: (items, toDocument) =>
      items
        .map((item) => ({ item, key: keyOf(toDocument(item)) }))
        .sort((a, b) => compareKeys(a.key, b.key))
        .map(({ item }) => item),
  };
}
