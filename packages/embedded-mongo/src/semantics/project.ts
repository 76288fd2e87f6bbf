import { METADATA_NAMES } from './aggregate-metadata.ts';
import { MongoServerError } from './errors.ts';
import { compileMatcher } from './match.ts';
import type { MatchContext } from './match.ts';
import type { BsonDocument, Projector } from './types.ts';
import { describeValue } from './update-describe.ts';
import { createDocument, documentOf, isNumeric, setField, toNumber, toSafeInteger } from './values.ts';

/** What a projection may refer to; `evaluateExpression` serves computed fields. */
export type ProjectionContext = MatchContext;

type Mode = 'include' | 'exclude';

/** What happens to one field. `branch` goes deeper. */
type Rule =
  | { kind: 'plain' }
  | { kind: 'slice'; cut: (array: unknown[]) => unknown[] }
  | { kind: 'position' }
  | { kind: 'element'; pick: (document: BsonDocument) => unknown[] | undefined }
  | { kind: 'computed'; expression: unknown }
  | Branch;

interface Branch {
  kind: 'branch';
  rules: Map<string, Rule>;
  computes: boolean;
  positions: boolean;
}

/** Which array element the positional operator stands for while one document is projected. */
type Position = number | 'none' | 'taken';

const POSITION_SUFFIX = '.$';
const REFERENCE_FIELDS = new Set(['$ref', '$id', '$db']);

const newBranch = (): Branch => ({ kind: 'branch', rules: new Map(), computes: false, positions: false });

function fail(code: number, message: string): never {
  throw new MongoServerError(code, message);
}

/**
 * Compiles a find projection: inclusion, exclusion, nested documents, `$slice`, `$elemMatch`, the positional
 * operator and computed fields. Kept fields stay in the document's order; computed and `$elemMatch` fields follow
 * in the projection's order.
 * Throws MongoServerError with MongoDB's codes: 31253 and 31254 (mixed inclusion and exclusion), 31252 (computed
 * field in an exclusion), 31249 and 31250 (paths collide), 31255, 31256, 31276, 31394, 31395 (misplaced
 * operators), 31257, 31272, 31273, 31274, 51270 (bad operands), 40218 (`$meta`), 15998, 16410, 40353 (bad names).
 * The projector throws 51246 when a positional projection meets an array without a matched element.
 */
export function compileProjection(spec: BsonDocument, context: ProjectionContext): Projector {
  if (Object.keys(spec).length === 0) {
    return (document) => document;
  }
  const { root, mode } = new ProjectionParser(context).parse(spec);
  const { evaluateExpression } = context;
  const evaluate = (document: BsonDocument, expression: unknown): unknown =>
    evaluateExpression === undefined
      ? fail(2, 'Computed fields are not allowed in this projection')
      : evaluateExpression(document, expression);
  return (document, arrayIndex) => {
    const projection = new Projection(document, mode, evaluate);
    return projection.document(document, root, arrayIndex ?? 'none');
  };
}

class ProjectionParser {
  readonly #context: ProjectionContext;
  readonly #root = newBranch();
  #mode: Mode | undefined;
  #idRule: 'unset' | 'included' | 'excluded' = 'unset';
  #elements = false;
  #positional = false;

  constructor(context: ProjectionContext) {
    this.#context = context;
  }

  parse(spec: BsonDocument): { root: Branch; mode: Mode } {
    for (const key of Object.keys(spec)) {
      this.#field(key, spec[key]);
    }
    const mode = this.#mode ?? (this.#elements || this.#idRule === 'included' ? 'include' : 'exclude');
    if (mode === 'include' && this.#idRule !== 'excluded' && !this.#root.rules.has('_id')) {
      this.#root.rules.set('_id', { kind: 'plain' });
    }
    if (mode === 'exclude' && this.#idRule === 'excluded') {
      this.#root.rules.set('_id', { kind: 'plain' });
    }
    return { root: this.#root, mode };
  }

  #field(path: string, value: unknown): void {
    if (path === '$' || path.endsWith(POSITION_SUFFIX)) {
      this.#position(path, value);
      return;
    }
    const parts = fieldParts(path);
    const flag = flagOf(value);
    if (flag !== undefined) {
      this.#plain(path, parts, flag);
      return;
    }
    const document = documentOf(value);
    if (document === undefined) {
      this.#computed(path, parts, value);
      return;
    }
    const keys = Object.keys(document);
    const [first] = keys;
    if (first === undefined) {
      fail(51270, `An empty sub-projection is not a valid value. Found empty object at path ${path}`);
    }
    if (!first.startsWith('$')) {
      for (const key of keys) {
        this.#field(`${path}.${key}`, document[key]);
      }
      return;
    }
    this.#operator(path, parts, first, document);
  }

  #operator(path: string, parts: string[], operator: string, document: BsonDocument): void {
    const operand = document[operator];
    if (operator === '$slice' && !isAggregationSlice(operand)) {
      this.#add(path, parts, { kind: 'slice', cut: sliceOf(operand) });
      return;
    }
    if (operator === '$elemMatch') {
      this.#element(path, parts, operand);
      return;
    }
    if (operator === '$meta') {
      if (typeof operand !== 'string' || !METADATA_NAMES.has(operand)) {
        fail(17308, `Unsupported argument to $meta: ${describeValue(operand)}`);
      }
      fail(40218, `query requires ${METADATA_NAMES.get(operand)} metadata, but it is not available`);
    }
    this.#computed(path, parts, document);
  }

  #plain(path: string, parts: string[], included: boolean): void {
    if (path === '_id') {
      this.#idRule = included ? 'included' : 'excluded';
      return;
    }
    this.#setMode(included ? 'include' : 'exclude', path);
    this.#add(path, parts, { kind: 'plain' });
  }

  #setMode(mode: Mode, path: string): void {
    if (this.#mode !== undefined && this.#mode !== mode) {
      if (mode === 'include') {
        fail(31253, `Cannot do inclusion on field ${path} in exclusion projection`);
      }
      fail(31254, `Cannot do exclusion on field ${path} in inclusion projection`);
    }
    this.#mode = mode;
  }

  #computed(path: string, parts: string[], expression: unknown): void {
    if (this.#mode === 'exclude') {
      fail(31252, 'Cannot use an expression in an exclusion projection');
    }
    this.#mode = 'include';
    this.#add(path, parts, { kind: 'computed', expression });
  }

  #position(path: string, value: unknown): void {
    const parts = fieldParts(path.slice(0, -POSITION_SUFFIX.length) || path);
    if (flagOf(value) !== true) {
      fail(31395, 'positional projection cannot be used with exclusion');
    }
    if (this.#mode === 'exclude') {
      fail(31395, 'positional projection cannot be used with exclusion');
    }
    if (this.#positional) {
      fail(31276, 'Cannot specify more than one positional projection per query.');
    }
    if (this.#elements) {
      fail(31256, 'Cannot specify positional operator and $elemMatch.');
    }
    this.#positional = true;
    this.#mode = 'include';
    this.#add(path, parts, { kind: 'position' });
  }

  #element(path: string, parts: string[], operand: unknown): void {
    const condition = documentOf(operand);
    if (condition === undefined) {
      fail(31274, `elemMatch: Invalid argument, object required, but got ${typeof operand}`);
    }
    if (parts.length > 1) {
      fail(31255, 'Cannot use $elemMatch projection on a nested field.');
    }
    if (this.#positional) {
      fail(31256, 'Cannot specify positional operator and $elemMatch.');
    }
    this.#elements = true;
    const filter = createDocument();
    setField(filter, path, { $elemMatch: condition });
    const matcher = compileMatcher(filter, this.#context);
    this.#add(path, parts, {
      kind: 'element',
      pick: (document) => {
        const { arrayIndex } = matcher.match(document);
        const array = document[path];
        return arrayIndex === undefined || !Array.isArray(array) ? undefined : [array[arrayIndex]];
      },
    });
  }

  #add(path: string, parts: readonly string[], rule: Rule): void {
    let branch = this.#root;
    const computes = rule.kind === 'computed';
    const positions = rule.kind === 'position';
    for (let index = 0; index < parts.length - 1; index += 1) {
      const part = parts[index] ?? '';
      branch.computes ||= computes;
      branch.positions ||= positions;
      let next = branch.rules.get(part);
      if (next === undefined) {
        next = newBranch();
        branch.rules.set(part, next);
      }
      if (next.kind !== 'branch') {
        fail(31249, `Path collision at ${path} remaining portion ${parts.slice(index + 1).join('.')}`);
      }
      branch = next;
    }
    const last = parts.at(-1) ?? '';
    if (branch.rules.has(last)) {
      fail(31250, `Path collision at ${path}`);
    }
    branch.computes ||= computes;
    branch.positions ||= positions;
    branch.rules.set(last, rule);
  }
}

/** The state of projecting one document. */
class Projection {
  readonly #root: BsonDocument;
  readonly #mode: Mode;
  readonly #evaluate: (document: BsonDocument, expression: unknown) => unknown;

  constructor(
    root: BsonDocument,
    mode: Mode,
    evaluate: (document: BsonDocument, expression: unknown) => unknown,
  ) {
    this.#root = root;
    this.#mode = mode;
    this.#evaluate = evaluate;
  }

  document(document: BsonDocument, branch: Branch, position: Position): BsonDocument {
    const result = createDocument();
    for (const key of Object.keys(document)) {
      const rule = branch.rules.get(key);
      if (rule === undefined) {
        if (this.#mode === 'exclude') {
          setField(result, key, document[key]);
        }
        continue;
      }
      this.#existing(result, key, document[key], rule, position);
    }
    this.#append(result, document, branch);
    return result;
  }

  #existing(result: BsonDocument, key: string, value: unknown, rule: Rule, position: Position): void {
    switch (rule.kind) {
      case 'plain':
        if (this.#mode === 'include') {
          setField(result, key, value);
        }
        return;
      case 'slice':
        setField(result, key, Array.isArray(value) ? rule.cut(value) : value);
        return;
      case 'position':
        setField(result, key, Array.isArray(value) ? atPosition(value, position) : value);
        return;
      case 'branch': {
        const projected = this.#nested(value, rule, position);
        if (projected !== undefined) {
          setField(result, key, projected.value);
        }
        return;
      }
      default:
    }
  }

  /** The projected value of a field whose subfields have rules; undefined when an inclusion leaves nothing. */
  #nested(value: unknown, branch: Branch, position: Position): { value: unknown } | undefined {
    if (Array.isArray(value)) {
      const reduced = branch.positions && position !== 'taken';
      const source = reduced ? atPosition(value, position) : value;
      const elements: unknown[] = [];
      for (const element of source) {
        const projected = this.#nested(element, branch, reduced ? 'taken' : position);
        if (projected !== undefined) {
          elements.push(projected.value);
        }
      }
      return { value: elements };
    }
    const inner = documentOf(value);
    if (inner !== undefined) {
      return { value: this.document(inner, branch, position) };
    }
    if (branch.computes) {
      return this.#createdFor(branch);
    }
    return this.#mode === 'exclude' ? { value } : undefined;
  }

  #append(result: BsonDocument, document: BsonDocument, branch: Branch): void {
    for (const [key, rule] of branch.rules) {
      if (rule.kind === 'element') {
        const picked = rule.pick(document);
        if (picked !== undefined) {
          setField(result, key, picked);
        }
      } else if (rule.kind === 'computed') {
        const value = this.#evaluate(this.#root, rule.expression);
        if (value !== undefined) {
          setField(result, key, value);
        }
      } else if (rule.kind === 'branch' && rule.computes && !Object.hasOwn(document, key)) {
        const created = this.#createdFor(rule);
        setField(result, key, created.value);
      }
    }
  }

  #createdFor(branch: Branch): { value: BsonDocument } {
    const created = createDocument();
    this.#append(created, {}, branch);
    return { value: created };
  }
}

function atPosition(array: readonly unknown[], position: Position): unknown[] {
  if (position === 'taken') {
    return [...array];
  }
  if (position === 'none') {
    fail(
      51246,
      "Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching element in the array",
    );
  }
  if (position >= array.length) {
    fail(
      51247,
      "Executor error during find command :: caused by :: positional operator '.$' element mismatch",
    );
  }
  return [array[position]];
}

function flagOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') {
    return value;
  }
  return isNumeric(value) ? toNumber(value) !== 0 : undefined;
}

function fieldParts(path: string): string[] {
  if (path === '') {
    fail(40352, 'FieldPath cannot be constructed with empty string');
  }
  if (path.endsWith('.')) {
    fail(40353, "FieldPath must not end with a '.'.");
  }
  const parts = path.split('.');
  parts.forEach((part, index) => {
    if (part === '') {
      fail(15998, 'FieldPath field names may not be empty strings.');
    }
    if (part === '$' && index > 0) {
      fail(31394, "As of 4.4, it's illegal to specify positional operator in the middle of a path.");
    }
    if (part.startsWith('$') && !(index > 0 && REFERENCE_FIELDS.has(part))) {
      fail(16410, `FieldPath field names may not start with '$'. Consider using $getField or $setField.`);
    }
  });
  return parts;
}

/** `$slice: ['$field', 2]` is the expression of that name; `$slice: 2` and `$slice: [1, 2]` belong to find. */
function isAggregationSlice(operand: unknown): boolean {
  return Array.isArray(operand) && operand.length >= 2 && !isNumeric(operand[0]);
}

function sliceOf(operand: unknown): (array: unknown[]) => unknown[] {
  if (isNumeric(operand)) {
    const count = sliceNumber(operand);
    return (array) => (count < 0 ? array.slice(count) : array.slice(0, count));
  }
  if (!Array.isArray(operand)) {
    fail(31273, '$slice only supports numbers and [skip, limit] arrays');
  }
  if (operand.length !== 2 || !isNumeric(operand[0]) || !isNumeric(operand[1])) {
    fail(31272, '$slice array argument should be of form [skip, limit]');
  }
  const skip = sliceNumber(operand[0]);
  const limit = sliceNumber(operand[1]);
  if (limit <= 0) {
    fail(31257, '$slice limit must be positive, got: ' + String(limit));
  }
  return (array) => {
    const start = skip < 0 ? Math.max(array.length + skip, 0) : skip;
    return array.slice(start, start + limit);
  };
}

function sliceNumber(value: unknown): number {
  const number = Math.trunc(toNumber(value) ?? 0);
  if (Number.isNaN(number)) {
    return 0;
  }
  return toSafeInteger(number) ?? (number > 0 ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER);
}
