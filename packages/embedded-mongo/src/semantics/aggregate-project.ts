import { fieldPathParts } from './aggregate-expressions.ts';
import { fail, type Compiler, type Evaluator, type Scope } from './aggregate-operator-kit.ts';
import { isZero, numericKind } from './aggregate-arithmetic.ts';
import { MongoServerError } from './errors.ts';
import type { BsonDocument } from './types.ts';
import { describeValue } from './update-describe.ts';
import { createDocument, documentOf, isArray, isDocument, setField, typeName } from './values.ts';

/** A compiled document-to-document stage. The scope's root is the document. */
export type Transform = (document: BsonDocument, scope: Scope) => BsonDocument;

type Mode = 'include' | 'exclude' | 'add';

/** A tree over the paths of a specification; `computed` and `children` apply in the specification's order. */
interface Node {
  /** Fields taken (or, when excluding, dropped) as they are. */
  plain: Set<string>;
  children: Map<string, Node>;
  computed: Map<string, Evaluator>;
  /** Names of children and computed fields in order. */
  order: string[];
  hasComputed: boolean;
}

const newNode = (): Node => ({
  plain: new Set(),
  children: new Map(),
  computed: new Map(),
  order: [],
  hasComputed: false,
});

const collision = (path: string, remaining: string): never =>
  remaining === ''
    ? fail(31250, `Path collision at ${path}`)
    : fail(31249, `Path collision at ${path} remaining portion ${remaining}`);

class TreeBuilder {
  readonly root = newNode();

  #leafParent(parts: readonly string[], computed: boolean): Node {
    let node = this.root;
    for (let index = 0; index < parts.length - 1; index += 1) {
      const part = parts[index] ?? '';
      node.hasComputed ||= computed;
      if (node.plain.has(part) || node.computed.has(part)) {
        collision(parts.join('.'), parts.slice(index + 1).join('.'));
      }
      let child = node.children.get(part);
      if (child === undefined) {
        child = newNode();
        node.children.set(part, child);
        node.order.push(part);
      }
      node = child;
    }
    node.hasComputed ||= computed;
    const last = parts.at(-1) ?? '';
    if (node.plain.has(last) || node.computed.has(last) || node.children.has(last)) {
      collision(parts.join('.'), '');
    }
    return node;
  }

  addPlain(parts: readonly string[]): void {
    this.#leafParent(parts, false).plain.add(parts.at(-1) ?? '');
  }

  addComputed(parts: readonly string[], evaluate: Evaluator): void {
    const node = this.#leafParent(parts, true);
    const last = parts.at(-1) ?? '';
    node.computed.set(last, evaluate);
    node.order.push(last);
  }
}

function includeFields(node: Node, document: BsonDocument): BsonDocument {
  const result = createDocument();
  for (const key of Object.keys(document)) {
    if (node.plain.has(key)) {
      setField(result, key, document[key]);
      continue;
    }
    const child = node.children.get(key);
    if (child !== undefined) {
      const value = includeValue(child, document[key]);
      if (value !== undefined) {
        setField(result, key, value);
      }
    }
  }
  return result;
}

function includeValue(node: Node, value: unknown): unknown {
  if (isArray(value)) {
    return value.map((item) => includeValue(node, item)).filter((item) => item !== undefined);
  }
  const document = documentOf(value);
  return document === undefined ? undefined : includeFields(node, document);
}

function excludeFields(node: Node, document: BsonDocument): BsonDocument {
  const result = createDocument();
  for (const key of Object.keys(document)) {
    if (node.plain.has(key)) {
      continue;
    }
    const child = node.children.get(key);
    setField(result, key, child === undefined ? document[key] : excludeValue(child, document[key]));
  }
  return result;
}

function excludeValue(node: Node, value: unknown): unknown {
  if (isArray(value)) {
    return value.map((item) => excludeValue(node, item));
  }
  const document = documentOf(value);
  return document === undefined ? value : excludeFields(node, document);
}

/** Sets the computed fields of a tree in a copy that the caller owns. */
function computeFields(node: Node, target: BsonDocument, scope: Scope): void {
  for (const name of node.order) {
    const evaluate = node.computed.get(name);
    let value: unknown;
    if (evaluate === undefined) {
      const child = node.children.get(name);
      if (child?.hasComputed !== true) {
        continue;
      }
      value = computeValue(child, Object.hasOwn(target, name) ? target[name] : undefined, scope);
    } else {
      value = evaluate(scope);
    }
    if (value === undefined) {
      delete target[name];
    } else {
      setField(target, name, value);
    }
  }
}

function computeValue(node: Node, value: unknown, scope: Scope): unknown {
  if (isArray(value)) {
    return value.map((item) => computeValue(node, item, scope));
  }
  const target = { ...documentOf(value) };
  computeFields(node, target, scope);
  return target;
}

const isFlag = (value: unknown): boolean => typeof value === 'boolean' || numericKind(value) !== undefined;
const flagIsSet = (value: unknown): boolean => (typeof value === 'boolean' ? value : !isZero(value));

interface ParsedProjection {
  included: string[][];
  excluded: string[][];
  computed: [parts: string[], expression: unknown][];
  /** What the first field other than `_id` asks for: the others have to ask for the same. */
  first?: 'include' | 'exclude';
}

const isIdPath = (parts: readonly string[]): boolean => parts.length === 1 && parts[0] === '_id';

const isExpression = (value: unknown): boolean =>
  isDocument(value) && (Object.keys(value)[0] ?? '').startsWith('$');

function parseProjection(
  specification: BsonDocument,
  prefix: readonly string[],
  parsed: ParsedProjection,
): void {
  for (const [key, value] of Object.entries(specification)) {
    if (prefix.length === 0 && key.startsWith('$')) {
      fail(16410, "FieldPath field names may not start with '$'. Consider using $getField or $setField.");
    }
    const parts = [...prefix, ...fieldPathParts(key)];
    if (!isIdPath(parts) && (isFlag(value) || !isDocument(value) || isExpression(value))) {
      parsed.first ??= isFlag(value) && !flagIsSet(value) ? 'exclude' : 'include';
    }
    if (isFlag(value)) {
      (flagIsSet(value) ? parsed.included : parsed.excluded).push(parts);
    } else if (isDocument(value) && !isExpression(value)) {
      if (Object.keys(value).length === 0) {
        fail(
          51270,
          `An empty sub-projection is not a valid value. Found empty object at path ${parts.join('.')}`,
        );
      }
      parseProjection(value, parts, parsed);
    } else {
      parsed.computed.push([parts, value]);
    }
  }
}

function projectionMode(parsed: ParsedProjection): Mode {
  const [excluded] = parsed.excluded.filter((parts) => !isIdPath(parts));
  const [included] = parsed.included.filter((parts) => !isIdPath(parts));
  const [computed] = parsed.computed;
  if (excluded === undefined) {
    const onlyDropsId = included === undefined && computed === undefined && parsed.excluded.length > 0;
    return onlyDropsId ? 'exclude' : 'include';
  }
  if (included !== undefined && parsed.first === 'exclude') {
    fail(
      31253,
      `Invalid $project :: caused by :: Cannot do inclusion on field ${included.join('.')} in exclusion projection`,
    );
  }
  if (included !== undefined || parsed.first === 'include') {
    fail(
      31254,
      `Invalid $project :: caused by :: Cannot do exclusion on field ${excluded.join('.')} in inclusion projection`,
    );
  }
  if (computed !== undefined) {
    fail(31252, 'Invalid $project :: caused by :: Cannot use an expression in an exclusion projection');
  }
  return 'exclude';
}

/** Compiles a computed field. An operator that is unknown has a code of its own where a field's value starts with it. */
function compileField(expression: unknown, compiler: Compiler): Evaluator {
  try {
    return compiler.compile(expression);
  } catch (error) {
    const [name = ''] = isDocument(expression) ? Object.keys(expression) : [];
    if (error instanceof MongoServerError && error.message === `Unrecognized expression '${name}'`) {
      throw new MongoServerError(31325, `Invalid $project :: caused by :: Unknown expression ${name}`);
    }
    throw error;
  }
}

/**
 * Compiles `$project`. Included fields keep the document's order; computed ones follow in the specification's.
 * @throws MongoServerError 31249, 31250 colliding paths, 31252 to 31254 mixed modes, 31325, 51270, 51272 empty
 */
export function compileAggregationProjection(specification: unknown, compiler: Compiler): Transform {
  if (!isDocument(specification)) {
    return fail(15969, `$project specification must be an object`);
  }
  if (Object.keys(specification).length === 0) {
    fail(51272, 'Invalid $project :: caused by :: projection specification must have at least one field');
  }
  const parsed: ParsedProjection = { included: [], excluded: [], computed: [] };
  parseProjection(specification, [], parsed);
  const mode = projectionMode(parsed);
  const tree = new TreeBuilder();
  if (mode === 'exclude') {
    for (const parts of parsed.excluded) {
      tree.addPlain(parts);
    }
    return (document) => excludeFields(tree.root, document);
  }
  const namesId = [...parsed.included, ...parsed.excluded, ...parsed.computed.map(([parts]) => parts)].some(
    (parts) => parts[0] === '_id',
  );
  if (!namesId) {
    tree.addPlain(['_id']);
  }
  for (const parts of parsed.included) {
    tree.addPlain(parts);
  }
  for (const [parts, expression] of parsed.computed) {
    tree.addComputed(parts, compileField(expression, compiler));
  }
  return (document, scope) => {
    const result = includeFields(tree.root, document);
    computeFields(tree.root, result, scope);
    return result;
  };
}

function parseAdditions(
  specification: BsonDocument,
  prefix: readonly string[],
  visit: (parts: string[], expression: unknown) => void,
): void {
  for (const [key, value] of Object.entries(specification)) {
    const parts = [...prefix, ...fieldPathParts(key)];
    if (isDocument(value) && !isExpression(value) && Object.keys(value).length > 0) {
      parseAdditions(value, parts, visit);
    } else {
      visit(parts, value);
    }
  }
}

/**
 * Compiles `$addFields` (and `$set`). Existing fields keep their place, new ones are appended; a dotted path
 * reaches into documents and every element of an array, and replaces a scalar by a document.
 * @throws MongoServerError 40272 for no object, 40177 for an empty one, 31249, 31250 for colliding paths
 */
export function compileAddFields(specification: unknown, compiler: Compiler, name = '$addFields'): Transform {
  if (!isDocument(specification)) {
    return fail(40272, `${name} specification stage must be an object, got ${typeName(specification)}`);
  }
  if (Object.keys(specification).length === 0) {
    fail(40177, `Invalid ${name} :: caused by :: specification must have at least one field`);
  }
  const tree = new TreeBuilder();
  parseAdditions(specification, [], (parts, expression) => {
    tree.addComputed(parts, compiler.compile(expression));
  });
  return (document, scope) => {
    const result = { ...document };
    computeFields(tree.root, result, scope);
    return result;
  };
}

/** Compiles `$unset`: one path or several. @throws MongoServerError 31002, 31119, 31120 */
export function compileUnset(specification: unknown): Transform {
  const paths = isArray(specification) ? specification : [specification];
  if (isArray(specification) ? specification.length === 0 : typeof specification !== 'string') {
    fail(
      isArray(specification) ? 31119 : 31002,
      '$unset specification must be a string or an array with at least one field',
    );
  }
  const tree = new TreeBuilder();
  for (const path of paths) {
    tree.addPlain(
      typeof path === 'string'
        ? fieldPathParts(path)
        : fail(31120, '$unset specification must be a string or an array containing only string values'),
    );
  }
  return (document) => excludeFields(tree.root, document);
}

function compileRoot(expression: unknown, compiler: Compiler, code: number, name: string): Transform {
  const evaluate = compiler.compile(expression);
  return (_document, scope) => {
    const value = evaluate(scope);
    return (
      documentOf(value) ??
      fail(
        code,
        `${name} must evaluate to an object, but resulting value was: ${value === undefined ? 'MISSING' : describeValue(value)}. ` +
          `Type of resulting value: '${value === undefined ? 'missing' : typeName(value)}'.`,
      )
    );
  };
}

/** Compiles `$replaceRoot`. @throws MongoServerError 40228 to 40231 */
export function compileReplaceRoot(specification: unknown, compiler: Compiler): Transform {
  if (!isDocument(specification)) {
    return fail(
      40229,
      `expected an object as specification for $replaceRoot stage, got ${typeName(specification)}`,
    );
  }
  for (const key of Object.keys(specification)) {
    if (key !== 'newRoot') {
      fail(40230, `unrecognized option to $replaceRoot stage: ${key}, only valid option is 'newRoot'.`);
    }
  }
  if (!Object.hasOwn(specification, 'newRoot')) {
    fail(40231, 'no newRoot specified for the $replaceRoot stage');
  }
  return compileRoot(specification['newRoot'], compiler, 40228, "'newRoot' expression");
}

/** Compiles `$replaceWith`. */
export function compileReplaceWith(expression: unknown, compiler: Compiler): Transform {
  return compileRoot(expression, compiler, 40228, "'replacement document'");
}
