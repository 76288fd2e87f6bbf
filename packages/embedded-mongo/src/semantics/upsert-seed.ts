import { MongoServerError } from './errors.ts';
import { splitPath } from './paths.ts';
import type { BsonDocument } from './types.ts';
import { createDocument, documentOf, getField, isArray, isDocument, setField, typeName } from './values.ts';

/** The fields of a reference to another document; a filter value that begins with one is a value, not operators. */
const REFERENCE_FIELDS = new Set(['$ref', '$id', '$db']);

function isOperatorDocument(value: unknown): value is BsonDocument {
  if (!isDocument(value)) {
    return false;
  }
  const [first = ''] = Object.keys(value);
  return first.startsWith('$') && !REFERENCE_FIELDS.has(first);
}

function addEquality(equalities: Map<string, unknown>, path: string, value: unknown): void {
  if (typeName(value) === 'regex') {
    return;
  }
  for (const known of equalities.keys()) {
    if (known === path || known.startsWith(`${path}.`) || path.startsWith(`${known}.`)) {
      throw new MongoServerError(54, `cannot infer query fields to set, path '${path}' is matched twice`);
    }
  }
  equalities.set(path, value);
}

function collect(filter: BsonDocument, equalities: Map<string, unknown>): void {
  for (const [key, value] of Object.entries(filter)) {
    if (key === '$and' && isArray(value)) {
      value.filter(isDocument).forEach((part) => {
        collect(part, equalities);
      });
    } else if (key === '$or' && isArray(value) && value.length === 1) {
      value.filter(isDocument).forEach((part) => {
        collect(part, equalities);
      });
    } else if (key.startsWith('$')) {
      continue;
    } else if (!isOperatorDocument(value)) {
      addEquality(equalities, key, value);
    } else {
      collectOperators(key, value, equalities);
    }
  }
}

function collectOperators(path: string, operators: BsonDocument, equalities: Map<string, unknown>): void {
  for (const [operator, operand] of Object.entries(operators)) {
    if (operator === '$eq') {
      addEquality(equalities, path, operand);
    } else if ((operator === '$in' || operator === '$all') && isArray(operand) && operand.length === 1) {
      if (!isOperatorDocument(operand[0])) {
        addEquality(equalities, path, operand[0]);
      }
    }
  }
}

function setPath(document: BsonDocument, path: string, value: unknown): void {
  const parts = splitPath(path);
  const last = parts.pop() ?? '';
  let node = document;
  for (const part of parts) {
    let inner = documentOf(getField(node, part));
    if (inner === undefined) {
      inner = createDocument();
      setField(node, part, inner);
    }
    node = inner;
  }
  setField(node, last, value);
}

/**
 * The document an upsert starts from: the filter's equality conditions (`field: value`, `$eq`, and `$in` or
 * `$all` with one value, also within `$and` and a `$or` of one) as fields, dotted paths as embedded documents,
 * `_id` first. A replacement takes only `_id` of it.
 * @throws MongoServerError 54 when two conditions give one path a value
 */
export function seedFromFilter(filter: BsonDocument): BsonDocument {
  const equalities = new Map<string, unknown>();
  collect(filter, equalities);
  const seed = createDocument();
  const isId = (path: string): boolean => path === '_id' || path.startsWith('_id.');
  const paths = [...equalities.keys()];
  for (const path of [...paths.filter(isId), ...paths.filter((one) => !isId(one))]) {
    setPath(seed, path, equalities.get(path));
  }
  return seed;
}
