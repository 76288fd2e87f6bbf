import { Int32 } from 'bson';
import { encodeDocument } from '../wire/bson-encode.ts';
import { compileJsonSchema } from './json-schema.ts';
import { compileMatcher, isOperatorExpression, type MatchContext } from './match.ts';
import { valuesAtPath } from './paths.ts';
import { compilePattern } from './regex.ts';
import type { BsonDocument } from './types.ts';
import { createDocument, documentOf, getField, isArray, isDocument, setField, typeName } from './values.ts';

/** Long documents have many faults; the first ones tell enough. */
const MAX_FAULTS = 20;
/** An explanation that is longer in bytes or nested more deeply than this is left out. */
const MAX_BYTES = 1024 * 1024;
const MAX_NESTING = 100;
/** After so many rules of a schema the others are not looked at: each one takes time by its size. */
const MAX_RULES = 200;

function nestingOf(value: unknown): number {
  const inner = isArray(value) ? value : Object.values(documentOf(value) ?? {});
  return isArray(value) || isDocument(value)
    ? 1 + inner.reduce<number>((deepest, item) => Math.max(deepest, nestingOf(item)), 0)
    : 0;
}

/**
 * Why a document does not match a validator, in the form of `errInfo.details` that MongoDB documents.
 * An explanation that would be too large to send says only that.
 */
export function explainValidation(
  validator: BsonDocument,
  document: BsonDocument,
  context: MatchContext,
): BsonDocument {
  const details = explainFilter(validator, document, context);
  return nestingOf(details) > MAX_NESTING || encodeDocument(details).length > MAX_BYTES
    ? { reason: 'the explanation is too large to be sent' }
    : details;
}

function explainFilter(validator: BsonDocument, document: BsonDocument, context: MatchContext): BsonDocument {
  const clauses = Object.keys(validator).map((name) => only(name, validator[name]));
  const [clause] = clauses;
  return clauses.length === 1 && clause !== undefined
    ? explainClause(clause, document, context)
    : explainBranches('$and', clauses, document, context);
}

function only(name: string, value: unknown): BsonDocument {
  const document = createDocument();
  setField(document, name, value);
  return document;
}

function explainBranches(
  operatorName: string,
  branches: readonly BsonDocument[],
  document: BsonDocument,
  context: MatchContext,
): BsonDocument {
  const failing = branches
    .map((branch, index) => ({ branch, index: new Int32(index) }))
    .filter(({ branch }) => !compileMatcher(branch, context).test(document));
  return {
    operatorName,
    clausesNotSatisfied: failing
      .slice(0, MAX_FAULTS)
      .map(({ branch, index }) => ({ index, details: explainFilter(branch, document, context) })),
  };
}

/** Explains a filter of one field that a document does not match. */
function explainClause(clause: BsonDocument, document: BsonDocument, context: MatchContext): BsonDocument {
  const name = Object.keys(clause)[0] ?? '';
  const operand = clause[name];
  switch (name) {
    case '$jsonSchema': {
      const schema = documentOf(operand) ?? {};
      const title = getField(schema, 'title');
      const description = getField(schema, 'description');
      return {
        operatorName: name,
        ...(title === undefined ? {} : { title }),
        ...(description === undefined ? {} : { description }),
        schemaRulesNotSatisfied: new SchemaExplainer().unsatisfiedRules(schema, document),
      };
    }
    case '$and':
    case '$or':
      return explainBranches(name, isArray(operand) ? operand.filter(isDocument) : [], document, context);
    case '$expr':
      return {
        operatorName: name,
        specifiedAs: clause,
        reason: 'expression did not match',
        expressionResult: context.evaluateExpression?.(document, operand),
      };
    default:
      return name.startsWith('$')
        ? { operatorName: name, specifiedAs: clause, reason: 'child expression matched' }
        : explainPath(name, operand, document, context);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  $exists: 'path does not exist',
  $in: 'no matching value found in array',
  $nin: 'matching value found in array',
  $mod: '$mod did not evaluate to expected remainder',
  $regex: 'regular expression did not match',
  $size: 'array length was not equal to given size',
  $type: 'type did not match',
  $ne: 'comparison succeeded',
  $all: 'array did not contain all specified values',
  $elemMatch: 'array did not satisfy the child predicate',
};

function explainPath(
  path: string,
  operand: unknown,
  document: BsonDocument,
  context: MatchContext,
): BsonDocument {
  const operators = isOperatorExpression(operand) ? (documentOf(operand) ?? {}) : undefined;
  const names = Object.keys(operators ?? {}).filter((name) => name !== '$options');
  if (operators !== undefined && names.length > 1) {
    const options = getField(operators, '$options');
    const branches = names.map((name) => {
      const condition = only(name, operators[name]);
      return only(
        path,
        name === '$regex' && options !== undefined ? { ...condition, $options: options } : condition,
      );
    });
    return explainBranches('$and', branches, document, context);
  }
  const operatorName = names[0] ?? '$eq';
  const specifiedAs = only(path, operand);
  const { values, arrays, missing } = valuesAtPath(document, path);
  const considered = [...values, ...arrays];
  if (considered.length === 0 && missing && operatorName !== '$exists') {
    return { operatorName, specifiedAs, reason: 'field was missing' };
  }
  const reason =
    operatorName === '$exists' && considered.length > 0
      ? 'path does exist'
      : ((Object.hasOwn(REASONS, operatorName) ? REASONS[operatorName] : undefined) ?? 'comparison failed');
  return { operatorName, specifiedAs, reason, ...consideredValues(considered, operatorName === '$type') };
}

function consideredValues(values: readonly unknown[], withType: boolean): BsonDocument {
  const [value] = values;
  if (values.length === 0) {
    return {};
  }
  if (values.length === 1) {
    return { consideredValue: value, ...(withType ? { consideredType: typeName(value) } : {}) };
  }
  return {
    consideredValues: values.slice(0, MAX_FAULTS),
    ...(withType ? { consideredTypes: [...new Set(values.map(typeName))] } : {}),
  };
}

/** Keywords that only change what another keyword means, or nothing at all. */
const SILENT = new Set(['title', 'description', 'exclusiveMinimum', 'exclusiveMaximum']);

/** The part of a schema that one keyword stands for, with the keywords that change its meaning. */
function ruleOf(keyword: string, schema: BsonDocument): BsonDocument {
  const companions: Readonly<Record<string, readonly string[]>> = {
    minimum: ['exclusiveMinimum'],
    maximum: ['exclusiveMaximum'],
    additionalProperties: ['properties', 'patternProperties'],
    additionalItems: ['items'],
  };
  const rule = only(keyword, schema[keyword]);
  for (const companion of Object.hasOwn(companions, keyword) ? (companions[keyword] ?? []) : []) {
    if (Object.hasOwn(schema, companion)) {
      setField(rule, companion, schema[companion]);
    }
  }
  return rule;
}

/** Compiles a schema to a test of any value. */
function schemaTest(schema: BsonDocument): (value: unknown) => boolean {
  const test = compileJsonSchema({ properties: { value: schema } });
  return (value) => test({ value });
}

/** True when a value breaks one rule; the companions of `additionalProperties` and `additionalItems` do not count. */
function isBroken(keyword: string, rule: BsonDocument, value: unknown): boolean {
  const matches = (schema: BsonDocument): boolean => schemaTest(schema)(value);
  if (keyword === 'additionalProperties') {
    return extraProperties(rule, value).length > 0;
  }
  if (keyword === 'additionalItems') {
    return !matches(rule) && matches({ items: rule.items });
  }
  return !matches(rule);
}

function extraProperties(rule: BsonDocument, value: unknown): string[] {
  const document = documentOf(value);
  if (document === undefined || rule.additionalProperties === true) {
    return [];
  }
  const named = new Set(Object.keys(documentOf(rule.properties) ?? {}));
  const patterns = Object.keys(documentOf(rule.patternProperties) ?? {}).map((source) =>
    compilePattern(source, ''),
  );
  const schema = documentOf(rule.additionalProperties);
  const allowed = schema === undefined ? () => false : schemaTest(schema);
  return Object.keys(document).filter(
    (name) => !named.has(name) && !patterns.some((pattern) => pattern.test(name)) && !allowed(document[name]),
  );
}

const RULE_REASONS: Readonly<Record<string, string>> = {
  bsonType: 'type did not match',
  type: 'type did not match',
  enum: 'value was not found in enum',
  minimum: 'comparison failed',
  maximum: 'comparison failed',
  multipleOf: 'considered value is not a multiple of the specified value',
  minLength: 'specified string length was not satisfied',
  maxLength: 'specified string length was not satisfied',
  minItems: 'array did not match specified length',
  maxItems: 'array did not match specified length',
  minProperties: 'specified number of properties was not satisfied',
  maxProperties: 'specified number of properties was not satisfied',
  pattern: 'regular expression did not match',
  uniqueItems: 'found a duplicate item',
  not: 'child expression matched',
  additionalItems: 'found additional items',
};

/** Explains what one value broke of a schema, down to a limited number of rules. */
class SchemaExplainer {
  private left = MAX_RULES;

  unsatisfiedRules(schema: BsonDocument, value: unknown): BsonDocument[] {
    const faults: BsonDocument[] = [];
    for (const keyword of Object.keys(schema)) {
      if (this.left === 0) {
        break;
      }
      this.left -= 1;
      const rule = ruleOf(keyword, schema);
      if (!SILENT.has(keyword) && isBroken(keyword, rule, value)) {
        faults.push(this.explainRule(keyword, rule, value));
      }
    }
    return faults.slice(0, MAX_FAULTS);
  }

  private explainRule(keyword: string, rule: BsonDocument, value: unknown): BsonDocument {
    const specifiedAs = rule;
    const operand = rule[keyword];
    const document = documentOf(value);
    switch (keyword) {
      case 'required':
        return {
          operatorName: keyword,
          specifiedAs,
          missingProperties: (isArray(operand) ? operand : []).filter(
            (name) => document === undefined || !Object.hasOwn(document, String(name)),
          ),
        };
      case 'properties':
      case 'patternProperties':
        return {
          operatorName: keyword,
          propertiesNotSatisfied: this.brokenProperties(keyword, documentOf(operand) ?? {}, document ?? {}),
        };
      case 'additionalProperties':
        return {
          operatorName: keyword,
          specifiedAs: { additionalProperties: operand },
          additionalProperties: extraProperties(rule, value).slice(0, MAX_FAULTS),
        };
      case 'items':
        return { operatorName: keyword, ...this.brokenItem(operand, isArray(value) ? value : []) };
      case 'allOf':
      case 'anyOf':
      case 'oneOf':
        return { operatorName: keyword, ...this.brokenSchemas(isArray(operand) ? operand : [], value) };
      case 'dependencies':
        return { operatorName: keyword, specifiedAs, failingDependencies: operand };
      default:
        return {
          operatorName: keyword,
          specifiedAs,
          reason:
            (Object.hasOwn(RULE_REASONS, keyword) ? RULE_REASONS[keyword] : undefined) ??
            'rule not satisfied',
          ...consideredValues([value], keyword === 'bsonType' || keyword === 'type'),
        };
    }
  }

  private brokenProperties(keyword: string, schemas: BsonDocument, document: BsonDocument): BsonDocument[] {
    const faults: BsonDocument[] = [];
    for (const source of Object.keys(schemas)) {
      const schema = documentOf(schemas[source]) ?? {};
      const pattern = keyword === 'patternProperties' ? compilePattern(source, '') : undefined;
      const names = Object.keys(document).filter((name) =>
        pattern === undefined ? name === source : pattern.test(name),
      );
      const matches = schemaTest(schema);
      for (const propertyName of names) {
        if (faults.length < MAX_FAULTS && !matches(document[propertyName])) {
          const details = this.unsatisfiedRules(schema, document[propertyName]);
          const { title, description } = schema;
          faults.push({
            propertyName,
            ...(pattern === undefined ? {} : { regexMatched: source }),
            ...(title === undefined ? {} : { title }),
            ...(description === undefined ? {} : { description }),
            details,
          });
        }
      }
    }
    return faults;
  }

  private brokenItem(operand: unknown, items: readonly unknown[]): BsonDocument {
    const schemaAt = (index: number): BsonDocument =>
      documentOf(isArray(operand) ? operand[index] : operand) ?? {};
    const tests = isArray(operand) ? operand.map((schema) => schemaTest(documentOf(schema) ?? {})) : [];
    const every = isArray(operand) ? undefined : schemaTest(schemaAt(0));
    const itemIndex = items.findIndex((item, index) => !(every ?? tests[index] ?? (() => true))(item));
    return {
      reason: 'At least one item did not match the sub-schema',
      itemIndex: new Int32(itemIndex),
      details: this.unsatisfiedRules(schemaAt(itemIndex), items[itemIndex]),
    };
  }

  private brokenSchemas(schemas: readonly unknown[], value: unknown): BsonDocument {
    const results = schemas.map((given, index) => {
      const schema = documentOf(given) ?? {};
      return { index: new Int32(index), schema, matches: schemaTest(schema)(value) };
    });
    const failing = results.filter(({ matches }) => !matches);
    return failing.length > 0
      ? {
          schemasNotSatisfied: failing
            .slice(0, MAX_FAULTS)
            .map(({ index, schema }) => ({ index, details: this.unsatisfiedRules(schema, value) })),
        }
      : {
          reason: 'more than one subschema matched',
          matchingSchemaIndexes: results.map(({ index }) => index),
        };
  }
}
