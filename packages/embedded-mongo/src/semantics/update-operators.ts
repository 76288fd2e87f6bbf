import { Timestamp } from 'bson';
import {
  addNumbers,
  asBigInt,
  asSafeInteger,
  integerValue,
  multiplyNumbers,
  numericKind,
} from './aggregate-arithmetic.ts';
import { MongoServerError } from './errors.ts';
import { compileMatcher } from './match.ts';
import { valueAtPlainPath } from './paths.ts';
import type { BsonDocument, EvaluationContext } from './types.ts';
import { describeField, describeValue } from './update-describe.ts';
import { identicalValues } from './update-identity.ts';
import { compareValues, documentOf, getField, isArray, isDocument, typeName, valuesEqual } from './values.ts';

/** Result of a field operator that leaves the field as it is. */
export const KEEP: unique symbol = Symbol('keep');
/** Result of a field operator that removes the field. */
export const REMOVE: unique symbol = Symbol('remove');

/** Where a field operator works: for error texts. */
export interface FieldTarget {
  /** Last part of the path. */
  name: string;
  /** Dotted path with positional parts replaced. */
  path: string;
  /** The document before the update. */
  document: BsonDocument;
}

/** One update operator bound to its argument. */
export interface FieldOperator {
  /** Whether missing parents of the field are created; if not, a missing path is left alone. */
  creates: boolean;
  /** Applies only while an upsert builds its document. */
  insertOnly?: boolean;
  /** New value of the field, `KEEP` or `REMOVE`. `exists` tells a missing field from one that holds undefined. */
  apply(current: unknown, exists: boolean, target: FieldTarget): unknown;
}

const fail = (code: number, message: string): never => {
  throw new MongoServerError(code, message);
};

const idOf = (target: FieldTarget): string => describeField('_id', getField(target.document, '_id'));

const replaceWith = (current: unknown, exists: boolean, value: unknown): unknown =>
  exists && identicalValues(current, value) ? KEEP : value;

function setOperator(value: unknown): FieldOperator {
  return { creates: true, apply: (current, exists) => replaceWith(current, exists, value) };
}

function unsetOperator(): FieldOperator {
  return { creates: false, apply: (_current, exists) => (exists ? REMOVE : KEEP) };
}

function arithmeticOperator(operator: '$inc' | '$mul', path: string, argument: unknown): FieldOperator {
  const verb = operator === '$inc' ? 'increment' : 'multiply';
  if (numericKind(argument) === undefined) {
    fail(14, `Cannot ${verb} with non-numeric argument: ${describeField(path, argument)}`);
  }
  const combine = operator === '$inc' ? addNumbers : multiplyNumbers;
  const whenMissing = operator === '$inc' ? argument : multiplyNumbers(argument, 0);
  return {
    creates: true,
    apply(current, exists, target) {
      if (!exists) {
        return whenMissing;
      }
      if (numericKind(current) === undefined) {
        fail(
          14,
          `Cannot apply ${operator} to a value of non-numeric type. ${idOf(target)} has the field ` +
            `'${target.name}' of non-numeric type ${typeName(current)}`,
        );
      }
      const result = combine(current, argument, 'undefined');
      if (result === undefined) {
        fail(
          2,
          `Failed to apply ${operator} operations to current value ((NumberLong)${String(current)}) for ` +
            `document ${idOf(target)}`,
        );
      }
      return replaceWith(current, exists, result);
    },
  };
}

function boundOperator(direction: 1 | -1, argument: unknown, context: EvaluationContext): FieldOperator {
  return {
    creates: true,
    apply(current, exists) {
      if (!exists) {
        return argument;
      }
      return compareValues(argument, current, context.collation) * direction > 0 ? argument : KEEP;
    },
  };
}

function currentDateOperator(path: string, argument: unknown, context: EvaluationContext): FieldOperator {
  let type: unknown = 'date';
  if (isDocument(argument)) {
    for (const key of Object.keys(argument)) {
      if (key !== '$type') {
        fail(2, `Unrecognized $currentDate option: ${key}`);
      }
    }
    type = getField(argument, '$type');
    if (type !== 'date' && type !== 'timestamp') {
      fail(
        2,
        "The '$type' string field is required to be 'date' or 'timestamp': " +
          "{$currentDate: {field : {$type: 'date'}}}",
      );
    }
  } else if (typeof argument !== 'boolean') {
    fail(
      2,
      `${typeName(argument)} is not valid type for $currentDate. Please use a boolean ('true') or a $type ` +
        `expression ({$type: 'timestamp/date'}). (path '${path}')`,
    );
  }
  const seconds = Math.floor(context.now.getTime() / 1000);
  return setOperator(type === 'date' ? new Date(context.now) : new Timestamp({ t: seconds, i: 1 }));
}

type Comparator = (a: unknown, b: unknown) => number;

const sortValue = (element: unknown, path: string): unknown => {
  const document = documentOf(element);
  return document === undefined ? null : (valueAtPlainPath(document, path) ?? null);
};

function pushComparator(sort: unknown, context: EvaluationContext): Comparator {
  const direction = (value: unknown): 1 | -1 => {
    const number = asSafeInteger(value);
    if (number !== 1 && number !== -1) {
      throw new MongoServerError(2, 'The $sort element value must be either 1 or -1');
    }
    return number;
  };
  if (!isDocument(sort)) {
    if (numericKind(sort) === undefined) {
      fail(
        2,
        'The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields',
      );
    }
    const sign = direction(sort);
    return (a, b) => sign * compareValues(a, b, context.collation);
  }
  const keys = Object.entries(sort);
  if (keys.length === 0) {
    fail(2, 'The $sort pattern is empty when it should be a set of fields.');
  }
  const parts = keys.map(([path, value]) => {
    if (path === '' || path.split('.').includes('')) {
      fail(2, `The $sort field is a dotted field but has an empty part: ${path}`);
    }
    return { path, sign: direction(value) };
  });
  return (a, b) => {
    for (const { path, sign } of parts) {
      const order = compareValues(sortValue(a, path), sortValue(b, path), context.collation);
      if (order !== 0) {
        return sign * order;
      }
    }
    return 0;
  };
}

function eachOf(operator: string, value: unknown): unknown[] {
  return isArray(value)
    ? value
    : fail(2, `The argument to $each in ${operator} must be an array but it was of type: ${typeName(value)}`);
}

function integerModifier(name: string, value: unknown): number {
  if (numericKind(value) === undefined) {
    fail(2, `The value for ${name} must be an integer value but was given type: ${typeName(value)}`);
  }
  const number = asSafeInteger(value);
  return number ?? fail(2, `The value for ${name} must be an integer value but was: ${describeValue(value)}`);
}

interface PushPlan {
  values: unknown[];
  position?: number;
  slice?: number;
  sort?: Comparator;
}

function pushPlan(argument: unknown, context: EvaluationContext): PushPlan {
  if (!isDocument(argument) || getField(argument, '$each') === undefined) {
    return { values: [argument] };
  }
  const plan: PushPlan = { values: [] };
  for (const [modifier, value] of Object.entries(argument)) {
    switch (modifier) {
      case '$each':
        plan.values = eachOf('$push', value);
        break;
      case '$slice':
        plan.slice = integerModifier('$slice', value);
        break;
      case '$position':
        plan.position = integerModifier('$position', value);
        break;
      case '$sort':
        plan.sort = pushComparator(value, context);
        break;
      default:
        fail(2, `Unrecognized clause in $push: ${modifier}`);
    }
  }
  return plan;
}

function pushed(array: readonly unknown[], plan: PushPlan): unknown[] {
  const { position = array.length, slice, sort } = plan;
  const result = array.slice();
  result.splice(position, 0, ...plan.values);
  if (sort !== undefined) {
    result.sort(sort);
  }
  if (slice === undefined) {
    return result;
  }
  return slice >= 0 ? result.slice(0, slice) : result.slice(slice);
}

function pushOperator(argument: unknown, context: EvaluationContext): FieldOperator {
  const plan = pushPlan(argument, context);
  return {
    creates: true,
    apply(current, exists, target) {
      if (exists && !isArray(current)) {
        fail(
          2,
          `The field '${target.path}' must be an array but is of type ${typeName(current)} in document ${idOf(target)}`,
        );
      }
      const array = isArray(current) ? current : [];
      return replaceWith(current, exists, pushed(array, plan));
    },
  };
}

function addToSetOperator(argument: unknown, context: EvaluationContext): FieldOperator {
  let values = [argument];
  if (isDocument(argument) && getField(argument, '$each') !== undefined) {
    const extra = Object.keys(argument).filter((key) => key !== '$each');
    if (extra.length > 0) {
      fail(2, `Found unexpected fields after $each in $addToSet: ${describeValue(argument)}`);
    }
    values = eachOf('$addToSet', getField(argument, '$each'));
  }
  return {
    creates: true,
    apply(current, exists, target) {
      if (exists && !isArray(current)) {
        fail(
          2,
          `Cannot apply $addToSet to non-array field. Field named '${target.name}' has non-array type ${typeName(current)}`,
        );
      }
      const result: unknown[] = isArray(current) ? current.slice() : [];
      for (const value of values) {
        if (!result.some((present) => valuesEqual(present, value, context.collation))) {
          result.push(value);
        }
      }
      return isArray(current) && result.length === current.length ? KEEP : result;
    },
  };
}

function popOperator(path: string, argument: unknown): FieldOperator {
  if (numericKind(argument) === undefined) {
    fail(9, `Expected a number in: ${path}: ${describeValue(argument)}`);
  }
  const end = asSafeInteger(argument);
  if (end !== 1 && end !== -1) {
    fail(9, `$pop expects 1 or -1, found: ${describeValue(argument)}`);
  }
  return {
    creates: false,
    apply(current, exists, target) {
      if (!exists) {
        return KEEP;
      }
      if (!isArray(current)) {
        return fail(14, `Path '${target.path}' contains an element of non-array type '${typeName(current)}'`);
      }
      if (current.length === 0) {
        return KEEP;
      }
      return end === 1 ? current.slice(0, -1) : current.slice(1);
    },
  };
}

function removalOperator(matches: (element: unknown) => boolean): FieldOperator {
  return {
    creates: false,
    apply(current, exists) {
      if (!exists) {
        return KEEP;
      }
      if (!isArray(current)) {
        return fail(2, 'Cannot apply $pull to a non-array value');
      }
      const result = current.filter((element) => !matches(element));
      return result.length === current.length ? KEEP : result;
    },
  };
}

function pullOperator(argument: unknown, context: EvaluationContext): FieldOperator {
  if (!isDocument(argument)) {
    if (typeName(argument) !== 'regex') {
      return removalOperator((element) => valuesEqual(element, argument, context.collation));
    }
    const pattern = compileMatcher({ element: argument }, context);
    return removalOperator((element) => !isArray(element) && pattern.test({ element }));
  }
  const [firstKey = ''] = Object.keys(argument);
  if (firstKey.startsWith('$') && !/^\$(?:and|or|nor|expr|ref|id|db)$/.test(firstKey)) {
    const condition = compileMatcher({ element: argument }, context);
    return removalOperator((element) => condition.test({ element }));
  }
  const filter = compileMatcher(argument, context);
  return removalOperator((element) => {
    const document = documentOf(element);
    return document !== undefined && filter.test(document);
  });
}

function pullAllOperator(argument: unknown, context: EvaluationContext): FieldOperator {
  if (!isArray(argument)) {
    return fail(2, `$pullAll requires an array argument but was given a ${typeName(argument)}`);
  }
  return removalOperator((element) =>
    argument.some((value) => valuesEqual(element, value, context.collation)),
  );
}

const BIT_OPERATIONS: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};

function bitOperator(path: string, argument: unknown): FieldOperator {
  if (!isDocument(argument)) {
    return fail(
      2,
      `The $bit modifier is not compatible with a ${typeName(argument)}. You must pass in an embedded document: ` +
        '{$bit: {field: {and/or/xor: #}}',
    );
  }
  const steps = Object.entries(argument).map(([name, operand]) => {
    const operation = Object.hasOwn(BIT_OPERATIONS, name) ? BIT_OPERATIONS[name] : undefined;
    const kind = numericKind(operand);
    if (operation === undefined) {
      return fail(
        2,
        `The $bit modifier only supports 'and', 'or', and 'xor', not '${name}' which is an unknown operator: ` +
          `{${name}: ${describeValue(operand)}}`,
      );
    }
    if (kind !== 'int' && kind !== 'long') {
      return fail(
        2,
        `The $bit modifier field must be an Integer(32/64 bit); a '${typeName(operand)}' is not supported here: ` +
          `{${name}: ${describeValue(operand)}}`,
      );
    }
    return { operation, operand: asBigInt(operand), long: kind === 'long' };
  });
  if (steps.length === 0) {
    fail(
      2,
      `You must pass in at least one bitwise operation. The format is: {$bit: {field: {and/or/xor: #}} (path '${path}')`,
    );
  }
  return {
    creates: true,
    apply(current, exists, target) {
      const kind = exists ? numericKind(current) : 'int';
      if (kind !== 'int' && kind !== 'long') {
        fail(
          2,
          `Cannot apply $bit to a value of non-integral type.${idOf(target)} has the field ${target.name} of ` +
            `non-integer type ${typeName(current)}`,
        );
      }
      let result = exists ? asBigInt(current) : 0n;
      for (const { operation, operand } of steps) {
        result = operation(result, operand);
      }
      const long = kind === 'long' || steps.some((step) => step.long);
      return replaceWith(current, exists, integerValue(result, long));
    },
  };
}

/**
 * Binds an update operator to its argument. `$rename` is not one of these, since it touches two fields.
 * @throws MongoServerError 9 for an unknown operator; 2, 9 or 14 for an argument that the operator refuses.
 */
export function fieldOperator(
  operator: string,
  path: string,
  argument: unknown,
  context: EvaluationContext,
): FieldOperator {
  switch (operator) {
    case '$set':
      return setOperator(argument);
    case '$setOnInsert':
      return { ...setOperator(argument), insertOnly: true };
    case '$unset':
      return unsetOperator();
    case '$inc':
    case '$mul':
      return arithmeticOperator(operator, path, argument);
    case '$min':
      return boundOperator(-1, argument, context);
    case '$max':
      return boundOperator(1, argument, context);
    case '$currentDate':
      return currentDateOperator(path, argument, context);
    case '$push':
      return pushOperator(argument, context);
    case '$addToSet':
      return addToSetOperator(argument, context);
    case '$pop':
      return popOperator(path, argument);
    case '$pull':
      return pullOperator(argument, context);
    case '$pullAll':
      return pullAllOperator(argument, context);
    case '$bit':
      return bitOperator(path, argument);
    default:
      return fail(
        9,
        `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
  }
}
