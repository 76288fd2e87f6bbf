import { documentOf } from './values.ts';
import type { BsonDocument } from './types.ts';

/** What a dotted path leads to in one document, read the way a query reads it. */
export interface PathValues {
  /** Values at the path; of an array at the end of the path its elements stand here instead of itself. */
  values: unknown[];
  /** The arrays at the end of the path themselves. */
  arrays: unknown[][];
  /** True when at some position (the only one, or one array element of several) the field does not exist. */
  missing: boolean;
  /** True when an array was passed through or ends the path. */
  crossedArray: boolean;
}

/**
 * Called for each value a path leads to. `present` is false where the field is missing. `arrayIndex` is the
 * index within the outermost array passed through, −1 when none was. Returning true ends the visit.
 */
export type PathVisitor = (value: unknown, present: boolean, arrayIndex: number) => boolean;

/** Splits a dotted path into its parts. */
export function splitPath(path: string): string[] {
  return path.split('.');
}

/** A path part as an array index; −1 when it is not one (only digits, no leading nought unless it is 0). */
export function arrayIndexOf(part: string): number {
  return /^(?:0|[1-9]\d{0,8})$/.test(part) ? Number(part) : -1;
}

/**
 * Visits every value that `parts` leads to, in MongoDB's order, and returns true as soon as the visitor does.
 * Arrays on the way fan out over the documents in them; a numeric part also takes the element at that index.
 * With `expandLeaf`, an array at the end of a path yields its elements first and then itself; an element
 * reached by a trailing index is not expanded further. Scalars in an array that the path goes through yield nothing.
 */
export function visitPath(
  document: BsonDocument,
  parts: readonly string[],
  visit: PathVisitor,
  expandLeaf = true,
): boolean {
  return visitDocument(document, parts, 0, -1, visit, expandLeaf);
}

function visitDocument(
  document: BsonDocument,
  parts: readonly string[],
  start: number,
  arrayIndex: number,
  visit: PathVisitor,
  expandLeaf: boolean,
): boolean {
  let node = document;
  const last = parts.length - 1;
  for (let at = start; at < last; at += 1) {
    const part = parts[at] ?? '';
    const value = Object.hasOwn(node, part) ? node[part] : undefined;
    if (Array.isArray(value)) {
      return visitArray(value, parts, at + 1, arrayIndex, visit, expandLeaf);
    }
    const inner = documentOf(value);
    if (inner === undefined) {
      return visit(undefined, false, arrayIndex);
    }
    node = inner;
  }
  const name = parts[last] ?? '';
  if (!Object.hasOwn(node, name)) {
    return visit(undefined, false, arrayIndex);
  }
  const value = node[name];
  if (expandLeaf && Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      if (visit(value[index], true, arrayIndex < 0 ? index : arrayIndex)) {
        return true;
      }
    }
  }
  return visit(value, true, arrayIndex);
}

function visitArray(
  array: readonly unknown[],
  parts: readonly string[],
  at: number,
  arrayIndex: number,
  visit: PathVisitor,
  expandLeaf: boolean,
): boolean {
  const wanted = arrayIndexOf(parts[at] ?? '');
  for (let index = 0; index < array.length; index += 1) {
    const element = array[index];
    const outer = arrayIndex < 0 ? index : arrayIndex;
    const inner = documentOf(element);
    if (inner !== undefined && visitDocument(inner, parts, at, outer, visit, expandLeaf)) {
      return true;
    }
    if (index !== wanted) {
      continue;
    }
    if (at === parts.length - 1) {
      if (visit(element, true, outer)) {
        return true;
      }
    } else if (inner !== undefined) {
      if (visitDocument(inner, parts, at + 1, outer, visit, expandLeaf)) {
        return true;
      }
    } else if (Array.isArray(element) && visitArray(element, parts, at + 1, outer, visit, expandLeaf)) {
      return true;
    }
  }
  return false;
}

/**
 * Collects what a dotted path leads to in a document (also what `distinct` counts: `values`).
 * `{ a: [{ b: 1 }, { b: [2, 3] }, {}] }` at `a.b` gives values 1, 2, 3, arrays [[2, 3]] and missing true.
 */
export function valuesAtPath(document: BsonDocument, path: string): PathValues {
  const result: PathValues = { values: [], arrays: [], missing: false, crossedArray: false };
  const parts = splitPath(path);
  visitPath(
    document,
    parts,
    (value, present, arrayIndex) => {
      result.crossedArray ||= arrayIndex >= 0;
      if (!present) {
        result.missing = true;
      } else if (Array.isArray(value)) {
        result.crossedArray = true;
        result.arrays.push(value);
        for (const element of value) {
          result.values.push(element);
        }
      } else {
        result.values.push(value);
      }
      return false;
    },
    false,
  );
  return result;
}

/** The value at a dotted path through embedded documents only (no arrays), or undefined. */
export function valueAtPlainPath(document: BsonDocument, path: string): unknown {
  let node: unknown = document;
  for (const part of splitPath(path)) {
    const inner = documentOf(node);
    if (inner === undefined || !Object.hasOwn(inner, part)) {
      return undefined;
    }
    node = inner[part];
  }
  return node;
}
