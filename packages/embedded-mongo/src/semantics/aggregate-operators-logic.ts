import { Double, Int32 } from 'bson';
import { METADATA_NAMES, metadataValue } from './aggregate-metadata.ts';
import {
  argumentOf,
  binary,
  fail,
  isNullish,
  namedDocument,
  operandsOf,
  typeText,
  variadic,
  type Evaluator,
  type OperatorCompiler,
  type OperatorTable,
} from './aggregate-operator-kit.ts';
import { mergeInto } from './aggregate-operators-array.ts';
import { describeValue } from './update-describe.ts';
import {
  compareValues,
  createDocument,
  documentOf,
  getField,
  isArray,
  isDocument,
  isTruthy,
  setField,
} from './values.ts';

function comparison(name: string, decide: (order: number) => unknown): OperatorCompiler {
  return binary(name, (left, right, { context }) => decide(compareValues(left, right, context.collation)));
}

/** `$and` and `$or`, which stop at the first operand that decides. */
function connective(decisive: boolean): OperatorCompiler {
  return (argument, compiler) => {
    const operands = operandsOf(argument).map((operand) => compiler.compile(operand));
    return (scope) => {
      for (const operand of operands) {
        if (isTruthy(operand(scope)) === decisive) {
          return decisive;
        }
      }
      return !decisive;
    };
  };
}

const cond: OperatorCompiler = (argument, compiler) => {
  let branches: readonly unknown[];
  if (isDocument(argument)) {
    const document = namedDocument('$cond', argument, {
      required: ['if', 'then', 'else'],
      codes: [17083, 17083, 17080],
    });
    branches = [document['if'], document['then'], document['else']];
  } else {
    branches = operandsOf(argument);
    if (branches.length !== 3) {
      fail(16020, `Expression $cond takes exactly 3 arguments. ${branches.length} were passed in.`);
    }
  }
  const [test, yes, no] = branches.map((branch) => compiler.compile(branch));
  return (scope) => (isTruthy(test?.(scope)) ? yes?.(scope) : no?.(scope));
};

const ifNull: OperatorCompiler = (argument, compiler) => {
  const operands = operandsOf(argument).map((operand) => compiler.compile(operand));
  if (operands.length < 2) {
    fail(1257300, `$ifNull needs at least two arguments, had: ${operands.length}`);
  }
  return (scope) => {
    let value: unknown;
    for (const operand of operands) {
      value = operand(scope);
      if (!isNullish(value)) {
        return value;
      }
    }
    return value;
  };
};

const switchOperator: OperatorCompiler = (argument, compiler) => {
  if (!isDocument(argument)) {
    return fail(40060, `$switch requires an object as an argument, found: ${typeText(argument)}`);
  }
  for (const key of Object.keys(argument)) {
    if (key !== 'branches' && key !== 'default') {
      fail(40067, `$switch found an unknown argument: ${key}`);
    }
  }
  const list = argumentOf(argument, 'branches');
  if (list !== undefined && !isArray(list)) {
    return fail(40061, `$switch expected an array for 'branches', found: ${typeText(list)}`);
  }
  const branches = (list ?? []).map((branch): [test: Evaluator, value: Evaluator] => {
    if (!isDocument(branch)) {
      return fail(40062, `$switch expected each branch to be an object, found: ${typeText(branch)}`);
    }
    for (const key of Object.keys(branch)) {
      if (key !== 'case' && key !== 'then') {
        fail(40063, `$switch found an unknown argument to a branch: ${key}`);
      }
    }
    if (!Object.hasOwn(branch, 'case')) {
      fail(40064, "$switch requires each branch have a 'case' expression");
    }
    if (!Object.hasOwn(branch, 'then')) {
      fail(40065, "$switch requires each branch have a 'then' expression.");
    }
    return [compiler.compile(branch['case']), compiler.compile(branch['then'])];
  });
  if (branches.length === 0) {
    fail(40068, '$switch requires at least one branch.');
  }
  const otherwise = Object.hasOwn(argument, 'default') ? compiler.compile(argument['default']) : undefined;
  return (scope) => {
    for (const [test, value] of branches) {
      if (isTruthy(test(scope))) {
        return value(scope);
      }
    }
    return otherwise === undefined
      ? fail(40066, '$switch could not find a matching branch for an input, and no default was specified.')
      : otherwise(scope);
  };
};

const not: OperatorCompiler = variadic('$not', ([value]) => !isTruthy(value), 1, 1);

const literal: OperatorCompiler = (argument) => () => argument;

const getFieldOperator: OperatorCompiler = (argument, compiler) => {
  const isLong =
    isDocument(argument) && (Object.hasOwn(argument, 'field') || Object.hasOwn(argument, 'input'));
  const document = isLong
    ? namedDocument('$getField', argument, {
        required: ['field', 'input'],
        codes: [3041701, 3041701, 3041702],
      })
    : { field: argument };
  const field = compiler.compile(document['field']);
  const input = Object.hasOwn(document, 'input') ? compiler.compile(document['input']) : undefined;
  return (scope) => {
    const name = field(scope);
    if (typeof name !== 'string') {
      return fail(
        3041704,
        `$getField requires 'field' to evaluate to type String, but got ${typeText(name)}`,
      );
    }
    const source = input === undefined ? scope.current : input(scope);
    if (isNullish(source)) {
      return source;
    }
    const from = documentOf(source);
    return from === undefined ? undefined : getField(from, name);
  };
};

function constantField(name: string, field: unknown): string {
  const constant = isDocument(field) && Object.hasOwn(field, '$literal') ? field['$literal'] : field;
  if (typeof constant !== 'string' || (constant === field && constant.startsWith('$'))) {
    return fail(
      4161107,
      `${name} requires 'field' to evaluate to a constant String, but got ${typeText(constant)}`,
    );
  }
  return constant;
}

function setFieldOperator(name: '$setField' | '$unsetField'): OperatorCompiler {
  return (argument, compiler) => {
    const document = namedDocument(name, argument, {
      required: name === '$setField' ? ['field', 'input', 'value'] : ['field', 'input'],
      codes: [4161100, 4161101, 4161102],
    });
    const field = constantField(name, argumentOf(document, 'field'));
    const input = compiler.compile(argumentOf(document, 'input'));
    const value = name === '$setField' ? compiler.compile(argumentOf(document, 'value')) : undefined;
    return (scope) => {
      const source = input(scope);
      if (isNullish(source)) {
        return null;
      }
      if (documentOf(source) === undefined) {
        return fail(4161105, `${name} requires 'input' to evaluate to type Object`);
      }
      const result = createDocument();
      mergeInto(result, source);
      const fresh = value?.(scope);
      if (fresh === undefined) {
        delete result[field];
      } else {
        setField(result, field, fresh);
      }
      return result;
    };
  };
}

const metaOperator: OperatorCompiler = (argument) => {
  if (typeof argument !== 'string' || !METADATA_NAMES.has(argument)) {
    return fail(17308, `Unsupported argument to $meta: ${describeValue(argument)}`);
  }
  return ({ root }) => metadataValue(root, argument);
};

const refuseScript =
  (name: string): OperatorCompiler =>
  () =>
    fail(2, `${name} is not supported by this server`);

/** Comparison, boolean and conditional operators, and those over single fields. */
export const logicOperators: OperatorTable = {
  $cmp: comparison('$cmp', (order) => new Int32(order)),
  $eq: comparison('$eq', (order) => order === 0),
  $ne: comparison('$ne', (order) => order !== 0),
  $gt: comparison('$gt', (order) => order > 0),
  $gte: comparison('$gte', (order) => order >= 0),
  $lt: comparison('$lt', (order) => order < 0),
  $lte: comparison('$lte', (order) => order <= 0),
  $and: connective(false),
  $or: connective(true),
  $not: not,
  $cond: cond,
  $ifNull: ifNull,
  $switch: switchOperator,
  $literal: literal,
  $const: literal,
  $expr: (argument, compiler) => compiler.compile(argument),
  $getField: getFieldOperator,
  $setField: setFieldOperator('$setField'),
  $unsetField: setFieldOperator('$unsetField'),
  $rand: () => () => new Double(Math.random()),
  $function: refuseScript('$function'),
  $accumulator: refuseScript('$accumulator'),
  $where: refuseScript('$where'),
  $meta: metaOperator,
};
