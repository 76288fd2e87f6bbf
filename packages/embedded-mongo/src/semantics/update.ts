import { calculateObjectSize } from 'bson';
import { compileUpdatePipeline } from './aggregate-update-pipeline.ts';
import { MongoServerError } from './errors.ts';
import { compileMatcher } from './match.ts';
import { arrayIndexOf, splitPath, valueAtPlainPath } from './paths.ts';
import type { BsonDocument, EvaluationContext, Matcher, Updater } from './types.ts';
import { describeField, describeValue } from './update-describe.ts';
import { identicalValues } from './update-identity.ts';
import { fieldOperator, KEEP, REMOVE, type FieldOperator, type FieldTarget } from './update-operators.ts';
import {
  createDocument,
  documentOf,
  getField,
  isArray,
  isDocument,
  setField,
  typeName,
  valuesEqual,
} from './values.ts';

const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
/** MongoDB refuses to pad an array with more nulls than this in one update. */
const MAX_PADDING = 1_500_000;
const POSITIONAL = /^\$(?:\[(.*)\])?$/s;
const DBREF_FIELDS = new Set(['$ref', '$id', '$db']);

interface FieldUpdate {
  path: string;
  parts: readonly string[];
  operator: FieldOperator;
  positional: boolean;
}

interface Rename {
  source: string;
  destination: string;
}

type ArrayFilters = ReadonlyMap<string, Matcher>;

const fail = (code: number, message: string): never => {
  throw new MongoServerError(code, message);
};

function compareParts(a: string, b: string): number {
  const left = arrayIndexOf(a);
  const right = arrayIndexOf(b);
  if (left >= 0 && right >= 0) {
    return left - right;
  }
  if (left >= 0 || right >= 0) {
    return left >= 0 ? -1 : 1;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function comparePaths(a: FieldUpdate, b: FieldUpdate): number {
  const shared = Math.min(a.parts.length, b.parts.length);
  for (let index = 0; index < shared; index += 1) {
    const order = compareParts(a.parts[index] ?? '', b.parts[index] ?? '');
    if (order !== 0) {
      return order;
    }
  }
  return a.parts.length - b.parts.length;
}

function parsePath(path: string): string[] {
  if (path === '') {
    fail(56, 'An empty update path is not valid.');
  }
  const parts = splitPath(path);
  if (parts.includes('')) {
    fail(56, `The update path '${path}' contains an empty field name, which is not allowed.`);
  }
  if (POSITIONAL.test(parts[0] ?? '')) {
    fail(
      2,
      `Cannot have ${parts[0] === '$' ? "positional (i.e. '$')" : `array filter identifier (i.e. '${parts[0]}')`} ` +
        `element in the first position in path '${path}'`,
    );
  }
  if (parts.filter((part) => part === '$').length > 1) {
    fail(2, `Too many positional (i.e. '$') elements found in path '${path}'`);
  }
  return parts;
}

function checkStorable(path: string, parts: readonly string[]): void {
  parts.forEach((part, index) => {
    if (part.startsWith('$') && !POSITIONAL.test(part) && !(index > 0 && DBREF_FIELDS.has(part))) {
      fail(52, `The dollar ($) prefixed field '${part}' in '${path}' is not valid for storage.`);
    }
  });
}

/** Refuses two updates of which one path is a prefix of the other; the list must be sorted. */
function checkConflicts(sorted: readonly FieldUpdate[], concrete: boolean): void {
  for (let index = 1; index < sorted.length; index += 1) {
    const previous = sorted[index - 1];
    const current = sorted[index];
    if (previous === undefined || current === undefined) {
      continue;
    }
    if (previous.parts.every((part, at) => current.parts[at] === part)) {
      const conflict = previous.parts.join('.');
      fail(
        40,
        concrete
          ? `Update created a conflict at '${conflict}'`
          : `Updating the path '${current.path}' would create a conflict at '${conflict}'`,
      );
    }
  }
}

function checkRename(source: string, target: unknown): Rename {
  if (typeof target !== 'string') {
    return fail(2, `The 'to' field for $rename must be a string: ${source}: ${describeValue(target)}`);
  }
  const described = `${source}: ${describeValue(target)}`;
  const sourceParts = parsePath(source);
  const targetParts = parsePath(target);
  if (sourceParts.some((part) => POSITIONAL.test(part))) {
    fail(2, `The source field for $rename may not be dynamic: ${source}`);
  }
  if (targetParts.some((part) => POSITIONAL.test(part))) {
    fail(2, `The destination field for $rename may not be dynamic: ${target}`);
  }
  if (source === target) {
    fail(2, `The source and target field for $rename must differ: ${described}`);
  }
  const [short, long] =
    sourceParts.length < targetParts.length ? [sourceParts, targetParts] : [targetParts, sourceParts];
  if (short.every((part, index) => long[index] === part)) {
    fail(2, `The source and target field for $rename must not be on the same path: ${described}`);
  }
  checkStorable(target, targetParts);
  return { source, destination: target };
}

function refuseArrayOnPath(document: BsonDocument, path: string, role: 'source' | 'destination'): void {
  const parts = splitPath(path);
  let node: unknown = document;
  for (const part of parts.slice(0, -1)) {
    const inner = documentOf(node);
    node = inner === undefined ? undefined : getField(inner, part);
    if (isArray(node)) {
      fail(
        2,
        `The ${role} field cannot be an array element, '${path}' in doc with ` +
          `_id: ${describeValue(getField(document, '_id'))} has an array field called '${part}'`,
      );
    }
  }
}

/** Applies field operators to one document, copying only the containers that change. */
class DocumentDraft {
  readonly #original: BsonDocument;
  readonly #owned = new Set<unknown>();
  #root: BsonDocument;

  constructor(document: BsonDocument) {
    this.#original = document;
    this.#root = document;
  }

  get document(): BsonDocument {
    return this.#root;
  }

  apply(update: FieldUpdate): void {
    const root = this.#descend(this.#root, update, 0);
    if (isDocument(root)) {
      this.#root = root;
    }
  }

  /** Returns the container with the update applied, or KEEP. */
  #descend(container: BsonDocument | unknown[], update: FieldUpdate, depth: number): unknown {
    const part = update.parts[depth] ?? '';
    if (isArray(container)) {
      return this.#descendArray(container, update, depth, part);
    }
    const exists = Object.hasOwn(container, part);
    const result = this.#child(getField(container, part), exists, update, depth);
    if (result === KEEP) {
      return KEEP;
    }
    const copy = this.#copyOf(container);
    if (result === REMOVE) {
      delete copy[part];
    } else {
      setField(copy, part, result);
    }
    return copy;
  }

  #descendArray(array: unknown[], update: FieldUpdate, depth: number, part: string): unknown {
    const position = arrayIndexOf(part);
    if (position < 0) {
      return this.#blocked(array, update, depth);
    }
    const exists = position < array.length;
    const result = this.#child(array[position], exists, update, depth);
    if (result === KEEP || (result === REMOVE && array[position] === null)) {
      return KEEP;
    }
    if (position > array.length + MAX_PADDING) {
      return fail(2, `can't backfill more than ${MAX_PADDING} elements`);
    }
    let copy = array;
    if (!this.#owned.has(array)) {
      copy = array.slice();
      this.#owned.add(copy);
    }
    while (copy.length < position) {
      copy.push(null);
    }
    copy[position] = result === REMOVE ? null : result;
    return copy;
  }

  #child(child: unknown, exists: boolean, update: FieldUpdate, depth: number): unknown {
    if (depth === update.parts.length - 1) {
      return update.operator.apply(child, exists, this.#target(update));
    }
    if (!exists) {
      return this.#create(update, depth + 1);
    }
    const inner = isArray(child) ? child : documentOf(child);
    return inner === undefined
      ? this.#blocked(child, update, depth + 1)
      : this.#descend(inner, update, depth + 1);
  }

  /** The value of a missing field, with the documents that the rest of the path calls for. */
  #create(update: FieldUpdate, depth: number): unknown {
    if (!update.operator.creates) {
      return KEEP;
    }
    let value = update.operator.apply(undefined, false, this.#target(update));
    if (value === KEEP || value === REMOVE) {
      return KEEP;
    }
    for (let at = update.parts.length - 1; at >= depth; at -= 1) {
      const parent = createDocument();
      setField(parent, update.parts[at] ?? '', value);
      value = parent;
    }
    return value;
  }

  #blocked(obstacle: unknown, update: FieldUpdate, depth: number): unknown {
    if (!update.operator.creates) {
      return KEEP;
    }
    const holder = update.parts[depth - 1] ?? '';
    return fail(
      28,
      `Cannot create field '${update.parts[depth]}' in element ${describeField(holder, obstacle)}`,
    );
  }

  #target(update: FieldUpdate): FieldTarget {
    return { name: update.parts.at(-1) ?? '', path: update.path, document: this.#original };
  }

  #copyOf(container: BsonDocument): BsonDocument {
    if (this.#owned.has(container)) {
      return container;
    }
    const copy = { ...container };
    this.#owned.add(copy);
    return copy;
  }
}

function expandPositions(
  update: FieldUpdate,
  document: BsonDocument,
  arrayIndex: number | undefined,
  filters: ArrayFilters,
): FieldUpdate[] {
  const expanded: FieldUpdate[] = [];
  const walk = (node: unknown, exists: boolean, depth: number, parts: readonly string[]): void => {
    const part = update.parts[depth];
    if (part === undefined) {
      expanded.push({ ...update, parts, path: parts.join('.') });
      return;
    }
    const positional = POSITIONAL.exec(part);
    if (positional === null || part === '$') {
      if (positional !== null && arrayIndex === undefined) {
        fail(2, 'The positional operator did not find the match needed from the query.');
      }
      const name = positional === null ? part : String(arrayIndex);
      const position = arrayIndexOf(name);
      const inner = documentOf(node);
      if (isArray(node)) {
        walk(node[position], position >= 0 && position < node.length, depth + 1, [...parts, name]);
      } else {
        const present = inner !== undefined && Object.hasOwn(inner, name);
        walk(present ? inner[name] : undefined, present, depth + 1, [...parts, name]);
      }
      return;
    }
    const path = parts.join('.');
    if (!exists) {
      fail(2, `The path '${path}' must exist in the document in order to apply array updates.`);
    }
    if (!isArray(node)) {
      fail(2, `Cannot apply array updates to non-array element ${parts.at(-1)}: ${describeValue(node)}`);
      return;
    }
    const identifier = positional[1] ?? '';
    const filter = filters.get(identifier);
    node.forEach((element, index) => {
      if (identifier === '' || (filter?.test({ [identifier]: element }) ?? false)) {
        walk(element, true, depth + 1, [...parts, String(index)]);
      }
    });
  };
  walk(document, true, 0, []);
  return expanded;
}

function identifierOf(filter: BsonDocument): string {
  const names = new Set<string>();
  const collect = (part: BsonDocument): void => {
    for (const [key, value] of Object.entries(part)) {
      if (/^\$(?:and|or|nor)$/.test(key) && isArray(value)) {
        value.filter(isDocument).forEach(collect);
      } else if (!key.startsWith('$')) {
        names.add(splitPath(key)[0] ?? '');
      }
    }
  };
  collect(filter);
  const [name, second] = [...names];
  if (name === undefined) {
    return fail(9, 'Cannot use an expression without a top-level field name in arrayFilters');
  }
  if (second !== undefined) {
    fail(
      9,
      `Error parsing array filter :: caused by :: Expected a single top-level field name, found '${name}' and '${second}'`,
    );
  }
  if (!/^[a-z][a-zA-Z0-9]*$/.test(name)) {
    fail(
      2,
      'Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string ' +
        `beginning with a lowercase letter, found '${name}'`,
    );
  }
  return name;
}

function compileArrayFilters(filters: readonly BsonDocument[], context: EvaluationContext): ArrayFilters {
  const compiled = new Map<string, Matcher>();
  for (const filter of filters) {
    const identifier = identifierOf(filter);
    if (compiled.has(identifier)) {
      fail(9, `Found multiple array filters with the same top-level field name ${identifier}`);
    }
    compiled.set(identifier, compileMatcher(filter, context));
  }
  return compiled;
}

function checkIdentifiers(
  updates: readonly FieldUpdate[],
  filters: ArrayFilters,
  update: BsonDocument,
): void {
  const used = new Set<string>();
  for (const { parts, path } of updates) {
    for (const part of parts) {
      const identifier = POSITIONAL.exec(part)?.[1] ?? '';
      if (identifier === '') {
        continue;
      }
      if (!filters.has(identifier)) {
        fail(2, `No array filter found for identifier '${identifier}' in path '${path}'`);
      }
      used.add(identifier);
    }
  }
  for (const identifier of filters.keys()) {
    if (!used.has(identifier)) {
      fail(
        9,
        `The array filter for identifier '${identifier}' was not used in the update ${describeValue(update)}`,
      );
    }
  }
}

function checkIdUnchanged(before: BsonDocument, after: BsonDocument): void {
  if (!Object.hasOwn(before, '_id')) {
    return;
  }
  if (!Object.hasOwn(after, '_id') || !valuesEqual(before['_id'], after['_id'])) {
    fail(66, "Performing an update on the path '_id' would modify the immutable field '_id'");
  }
}

function checkSize(document: BsonDocument): void {
  if (calculateObjectSize(document) > MAX_DOCUMENT_BYTES) {
    fail(17419, `Resulting document after update is larger than ${MAX_DOCUMENT_BYTES}`);
  }
}

const operatorArguments = (update: BsonDocument): [operator: string, path: string, argument: unknown][] =>
  Object.entries(update).flatMap(([operator, fields]) => {
    if (!operator.startsWith('$')) {
      return fail(
        9,
        `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
    }
    if (!isDocument(fields)) {
      return fail(
        9,
        `Modifiers operate on fields but we found type ${typeName(fields)} instead. For example: ` +
          `{$mod: {<field>: ...}} not {${operator}: ${describeValue(fields)}}`,
      );
    }
    return Object.entries(fields).map(([path, argument]): [string, string, unknown] => [
      operator,
      path,
      argument,
    ]);
  });

function renameUpdates(rename: Rename, document: BsonDocument): FieldUpdate[] {
  const { source, destination } = rename;
  refuseArrayOnPath(document, source, 'source');
  const value = valueAtPlainPath(document, source);
  if (value === undefined) {
    return [];
  }
  refuseArrayOnPath(document, destination, 'destination');
  return [
    { path: source, parts: splitPath(source), positional: false, operator: REMOVE_FIELD },
    {
      path: destination,
      parts: splitPath(destination),
      positional: false,
      operator: { creates: true, apply: () => value },
    },
  ];
}

const REMOVE_FIELD: FieldOperator = { creates: false, apply: (_current, exists) => (exists ? REMOVE : KEEP) };

function compileOperators(
  update: BsonDocument,
  context: EvaluationContext,
  arrayFilters: readonly BsonDocument[],
): Updater {
  const updates: FieldUpdate[] = [];
  const renames: Rename[] = [];
  const checked: FieldUpdate[] = [];
  for (const [operatorName, path, argument] of operatorArguments(update)) {
    if (operatorName === '$rename') {
      const rename = checkRename(path, argument);
      renames.push(rename);
      for (const end of [rename.source, rename.destination]) {
        checked.push({ path: end, parts: splitPath(end), operator: REMOVE_FIELD, positional: false });
      }
      continue;
    }
    const operator = fieldOperator(operatorName, path, argument, context);
    const parts = parsePath(path);
    if (operator.creates) {
      checkStorable(path, parts);
    }
    const positional = parts.some((part) => POSITIONAL.test(part));
    updates.push({ path, parts, operator, positional });
  }
  updates.sort(comparePaths);
  checkConflicts([...updates, ...checked].sort(comparePaths), false);
  const filters = compileArrayFilters(arrayFilters, context);
  checkIdentifiers(updates, filters, update);
  const dynamic = renames.length > 0 || updates.some((one) => one.positional);
  return {
    apply(document, { insert, arrayIndex }) {
      let steps = insert ? updates : updates.filter((one) => one.operator.insertOnly !== true);
      if (dynamic) {
        steps = [
          ...steps.flatMap((one) =>
            one.positional ? expandPositions(one, document, arrayIndex, filters) : [one],
          ),
          ...renames.flatMap((rename) => renameUpdates(rename, document)),
        ].sort(comparePaths);
        checkConflicts(steps, true);
      }
      const draft = new DocumentDraft(document);
      for (const step of steps) {
        draft.apply(step);
      }
      const result = draft.document;
      if (result !== document) {
        checkIdUnchanged(document, result);
        checkSize(result);
      }
      return result;
    },
  };
}

function withOldId(document: BsonDocument, replacement: BsonDocument): BsonDocument {
  if (Object.hasOwn(document, '_id') && !Object.hasOwn(replacement, '_id')) {
    return { _id: document['_id'], ...replacement };
  }
  if (Object.hasOwn(replacement, '_id') && Object.keys(replacement)[0] !== '_id') {
    const { _id, ...rest } = replacement;
    return { _id, ...rest };
  }
  return replacement;
}

/** Gives the result of a replacement or pipeline its `_id`, checks it, and keeps the old reference for no change. */
function settle(document: BsonDocument, outcome: BsonDocument): BsonDocument {
  const result = withOldId(document, outcome);
  if (identicalValues(document, result)) {
    return document;
  }
  if (Object.hasOwn(document, '_id') && !valuesEqual(document['_id'], result['_id'])) {
    fail(
      66,
      "After applying the update, the (immutable) field '_id' was found to have been altered to " +
        `_id: ${describeValue(result['_id'])}`,
    );
  }
  checkSize(result);
  return result;
}

function compileReplacement(replacement: BsonDocument): Updater {
  for (const key of Object.keys(replacement)) {
    if (key.startsWith('$')) {
      fail(
        52,
        `The dollar ($) prefixed field '${key}' in '${key}' is not allowed in the context of an update's ` +
          'replacement document. Consider using an aggregation pipeline with $replaceWith.',
      );
    }
  }
  return { apply: (document) => settle(document, replacement) };
}

/**
 * Compiles an update: a replacement document, a document of update operators, or a pipeline.
 * The result's `apply` returns a new document, or the same reference when nothing changes.
 *
 * @param update - the client's update
 * @param context - server time, collation and `let` variables; `arrayFilters` for `$[identifier]`;
 *   `fromReplace` when the command only takes a replacement
 * @throws MongoServerError when the update is malformed: 2 bad value, 9 failed to parse, 14 type mismatch,
 *   40 conflicting paths, 52 dollar-prefixed field, 56 empty field name. `apply` throws 2, 14, 28 (path through a
 *   scalar), 40, 66 (`_id` changed) and 17419 (over 16 MiB).
 */
export function compileUpdate(
  update: BsonDocument | BsonDocument[],
  context: EvaluationContext & { arrayFilters?: BsonDocument[]; fromReplace?: boolean },
): Updater {
  const arrayFilters = context.arrayFilters ?? [];
  if (Array.isArray(update)) {
    if (arrayFilters.length > 0) {
      fail(9, 'Cannot specify arrayFilters and a pipeline update');
    }
    const transform = compileUpdatePipeline(update, context);
    return { apply: (document) => settle(document, transform(document)) };
  }
  const [firstKey = ''] = Object.keys(update);
  if (context.fromReplace === true || !firstKey.startsWith('$')) {
    if (arrayFilters.length > 0) {
      fail(9, 'Cannot specify arrayFilters and a replacement-style update');
    }
    return compileReplacement(update);
  }
  return compileOperators(update, context, arrayFilters);
}
