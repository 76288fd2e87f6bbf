import { Int32 } from 'bson';
import { countValue, numericKind } from './aggregate-arithmetic.ts';
import {
  argumentOf,
  binary,
  bind,
  fail,
  isNullish,
  namedDocument,
  typeText,
  unary,
  variadic,
} from './aggregate-operator-kit.ts';
import type {
  Compiler,
  Evaluator,
  OperatorCompiler,
  OperatorTable,
  Scope,
} from './aggregate-operator-kit.ts';
import { compileSort } from './aggregate-sort.ts';
import { ValueSet } from './aggregate-value-set.ts';
import type { BsonDocument } from './types.ts';
import { describeValue } from './update-describe.ts';
import {
  compareValues,
  createDocument,
  documentOf,
  getField,
  isArray,
  isTruthy,
  setField,
  toSafeInteger,
  valuesEqual,
} from './values.ts';

const INT32_LIMIT = 2 ** 31;

function int32Or(
  value: unknown,
  codes: readonly [notNumber: number, notInt32: number],
  what: string,
): number {
  if (numericKind(value) === undefined) {
    return fail(codes[0], `${what} must be a numeric value, but is ${typeText(value)}`);
  }
  const integer = toSafeInteger(value);
  return integer !== undefined && Math.abs(integer) <= INT32_LIMIT
    ? integer
    : fail(codes[1], `${what} must be representable as a 32-bit integer: ${describeValue(value)}`);
}

const arrayElementAt = binary('$arrayElemAt', (array, index) => {
  if (isNullish(array) || isNullish(index)) {
    return null;
  }
  if (!isArray(array)) {
    return fail(28689, `$arrayElemAt's first argument must be an array, but is ${typeText(array)}`);
  }
  return array.at(int32Or(index, [28690, 28691], "$arrayElemAt's second argument"));
});

function endOperator(name: '$first' | '$last'): OperatorCompiler {
  return unary(name, (array) => {
    if (isNullish(array)) {
      return null;
    }
    return isArray(array)
      ? array.at(name === '$first' ? 0 : -1)
      : fail(28689, `${name}'s argument must be an array, but is ${typeText(array)}`);
  });
}

/** A count `n` of the operators that pick several elements. */
export function countArgument(value: unknown, name: string): number {
  const count = toSafeInteger(value);
  if (count === undefined) {
    return fail(5787902, `Value for 'n' must be of integral type, but found ${describeValue(value)}`);
  }
  return count > 0 ? count : fail(5787908, `'n' must be greater than 0, found ${count} (${name})`);
}

function pickOperator(
  name: string,
  pick: (array: unknown[], count: number, scope: Scope) => unknown[],
): OperatorCompiler {
  return (argument, compiler) => {
    const document = namedDocument(name, argument, {
      required: ['n', 'input'],
      codes: [5787801, 5787901, 5787906],
    });
    const count = compiler.compile(argumentOf(document, 'n'));
    const input = compiler.compile(argumentOf(document, 'input'));
    return (scope) => {
      const array = input(scope);
      const wanted = countArgument(count(scope), name);
      return isArray(array)
        ? pick(array, wanted, scope)
        : fail(5788200, `Input must be an array, found ${typeText(array)}`);
    };
  };
}

const present = (array: unknown[]): unknown[] => array.filter((item) => !isNullish(item));

const concatArrays = variadic('$concatArrays', (arrays) => {
  const result: unknown[] = [];
  let absent = false;
  for (const array of arrays) {
    if (isNullish(array)) {
      absent = true;
    } else if (isArray(array)) {
      for (const item of array) {
        result.push(item);
      }
    } else {
      fail(28664, `$concatArrays only supports arrays, not ${typeText(array)}`);
    }
  }
  return absent ? null : result;
});

const slice = variadic(
  '$slice',
  ([array, second, third], _scope) => {
    if (isNullish(array) || isNullish(second)) {
      return null;
    }
    if (!isArray(array)) {
      return fail(28724, `First argument to $slice must be an array, but is of type: ${typeText(array)}`);
    }
    const first = int32Or(second, [28725, 28726], 'Second argument to $slice');
    if (third === undefined) {
      return first >= 0 ? array.slice(0, first) : array.slice(first);
    }
    if (third === null) {
      return null;
    }
    const count = int32Or(third, [28727, 28728], 'Third argument to $slice');
    if (count <= 0) {
      return fail(28729, `Third argument to $slice must be positive: ${describeValue(third)}`);
    }
    const start = first >= 0 ? Math.min(first, array.length) : Math.max(0, array.length + first);
    return array.slice(start, start + count);
  },
  2,
  3,
);

const size = unary('$size', (array) =>
  isArray(array)
    ? countValue(array.length)
    : fail(17124, `The argument to $size must be an array, but was of type: ${typeText(array)}`),
);

/** Checks the name of a variable that an expression binds. */
export function variableName(name: unknown, operator: string): string {
  if (typeof name !== 'string') {
    return fail(16866, `${operator} requires its variable name to be a string`);
  }
  return name === 'CURRENT' || /^[a-z\u0080-\uffff][\w\u0080-\uffff]*$/.test(name)
    ? name
    : fail(16867, `'${name}' starts with an invalid character for a user variable name`);
}

const filter: OperatorCompiler = (argument, compiler) => {
  const document = namedDocument('$filter', argument, {
    required: ['input', 'cond'],
    optional: ['as', 'limit'],
    codes: [28646, 28647, 28648],
  });
  const name = variableName(argumentOf(document, 'as') ?? 'this', '$filter');
  const input = compiler.compile(argumentOf(document, 'input'));
  const condition = compiler.withVariables([name]).compile(argumentOf(document, 'cond'));
  const limit = Object.hasOwn(document, 'limit') ? compiler.compile(document['limit']) : undefined;
  return (scope) => {
    const array = input(scope);
    if (isNullish(array)) {
      return null;
    }
    if (!isArray(array)) {
      return fail(28651, `input to $filter must be an array not ${typeText(array)}`);
    }
    let remaining = Infinity;
    const limitValue = limit?.(scope);
    if (!isNullish(limitValue)) {
      remaining = int32Or(limitValue, [327391, 327391], '$filter: limit');
      if (remaining <= 0) {
        return fail(327392, `$filter: limit must be greater than 0: ${remaining}`);
      }
    }
    const result: unknown[] = [];
    for (const item of array) {
      if (remaining === 0) {
        break;
      }
      if (isTruthy(condition(bind(scope, name, item)))) {
        result.push(item);
        remaining -= 1;
      }
    }
    return result;
  };
};

const map: OperatorCompiler = (argument, compiler) => {
  const document = namedDocument('$map', argument, {
    required: ['input', 'in'],
    optional: ['as'],
    codes: [16878, 16879, 16880],
  });
  const name = variableName(argumentOf(document, 'as') ?? 'this', '$map');
  const input = compiler.compile(argumentOf(document, 'input'));
  const inner = compiler.withVariables([name]).compile(argumentOf(document, 'in'));
  return (scope) => {
    const array = input(scope);
    if (isNullish(array)) {
      return null;
    }
    return isArray(array)
      ? array.map((item) => inner(bind(scope, name, item)) ?? null)
      : fail(16883, `input to $map must be an array not ${typeText(array)}`);
  };
};

const reduce: OperatorCompiler = (argument, compiler) => {
  const document = namedDocument('$reduce', argument, {
    required: ['input', 'initialValue', 'in'],
    codes: [40075, 40076, 40077],
  });
  const input = compiler.compile(argumentOf(document, 'input'));
  const initial = compiler.compile(argumentOf(document, 'initialValue'));
  const inner = compiler.withVariables(['this', 'value']).compile(argumentOf(document, 'in'));
  return (scope) => {
    const array = input(scope);
    if (isNullish(array)) {
      return null;
    }
    if (!isArray(array)) {
      return fail(40080, `$reduce requires that 'input' be an array, found: ${describeValue(array)}`);
    }
    return array.reduce<unknown>(
      (value, item) => inner(bind(bind(scope, 'value', value), 'this', item)),
      initial(scope),
    );
  };
};

const membership = binary('$in', (value, array, scope) =>
  isArray(array)
    ? array.some((item) => valuesEqual(item, value, scope.context.collation))
    : fail(40081, `$in requires an array as a second argument, found: ${typeText(array)}`),
);

/** Start and end of a search, which must be whole numbers that are not negative. */
export function searchBounds(
  name: string,
  values: readonly unknown[],
  length: number,
): { start: number; end: number } {
  const read = (value: unknown, fallback: number, which: string): number => {
    if (value === undefined) {
      return fallback;
    }
    const bound = int32Or(value, [40096, 40096], `${name} requires an integral ${which} index`);
    return bound < 0 ? fail(40097, `${name} requires a nonnegative ${which} index, found: ${bound}`) : bound;
  };
  return { start: read(values[0], 0, 'starting'), end: Math.min(read(values[1], length, 'ending'), length) };
}

const indexOfArray = variadic(
  '$indexOfArray',
  ([array, value, ...bounds], scope) => {
    if (isNullish(array)) {
      return null;
    }
    if (!isArray(array)) {
      return fail(40090, `$indexOfArray requires an array as a first argument, found: ${typeText(array)}`);
    }
    const { start, end } = searchBounds('$indexOfArray', bounds, array.length);
    for (let index = start; index < end; index += 1) {
      if (valuesEqual(array[index], value, scope.context.collation)) {
        return new Int32(index);
      }
    }
    return new Int32(-1);
  },
  2,
  4,
);

const range = variadic(
  '$range',
  ([from, to, by = new Int32(1)]) => {
    const start = int32Or(from, [34443, 34444], "$range's starting value");
    const end = int32Or(to, [34445, 34446], "$range's ending value");
    const step = int32Or(by, [34447, 34448], "$range's step value");
    if (step === 0) {
      return fail(34449, '$range requires a non-zero step value');
    }
    const result: Int32[] = [];
    for (let value = start; step > 0 ? value < end : value > end; value += step) {
      result.push(new Int32(value));
    }
    return result;
  },
  2,
  3,
);

const reverseArray = unary('$reverseArray', (array) => {
  if (isNullish(array)) {
    return null;
  }
  return isArray(array)
    ? array.slice().reverse()
    : fail(34435, `The argument to $reverseArray must be an array, but was of type: ${typeText(array)}`);
});

const sortArray: OperatorCompiler = (argument, compiler) => {
  const document = namedDocument('$sortArray', argument, {
    required: ['input', 'sortBy'],
    codes: [2942500, 2942501, 2942502],
  });
  const input = compiler.compile(argumentOf(document, 'input'));
  const sortBy = argumentOf(document, 'sortBy');
  const direction = toSafeInteger(sortBy);
  const isPattern = documentOf(sortBy);
  if (isPattern === undefined && direction !== 1 && direction !== -1) {
    fail(2942507, 'The $sort element value must be either 1 or -1');
  }
  return (scope) => {
    const array = input(scope);
    if (isNullish(array)) {
      return null;
    }
    if (!isArray(array)) {
      return fail(
        2942504,
        `The input argument to $sortArray must be an array, but was of type: ${typeText(array)}`,
      );
    }
    const { collation } = scope.context;
    if (isPattern === undefined) {
      return array.slice().sort((a, b) => (direction ?? 1) * compareValues(a, b, collation));
    }
    return compileSort(isPattern, collation).sorted(array, (item) => documentOf(item) ?? createDocument());
  };
};

const zip: OperatorCompiler = (argument, compiler) => {
  const document = namedDocument('$zip', argument, {
    required: ['inputs'],
    optional: ['useLongestLength', 'defaults'],
    codes: [34460, 34464, 34465],
  });
  const inputsArgument = argumentOf(document, 'inputs');
  if (!isArray(inputsArgument)) {
    return fail(34461, `inputs must be an array of expressions, found ${typeText(inputsArgument)}`);
  }
  if (inputsArgument.length === 0) {
    return fail(34465, '$zip requires at least one input array');
  }
  const longest = argumentOf(document, 'useLongestLength') === true;
  const defaultsArgument = argumentOf(document, 'defaults');
  if (defaultsArgument !== undefined) {
    if (!isArray(defaultsArgument)) {
      return fail(34462, `defaults must be an array of expressions, found ${typeText(defaultsArgument)}`);
    }
    if (!longest) {
      return fail(34466, 'cannot specify defaults unless useLongestLength is true');
    }
    if (defaultsArgument.length !== inputsArgument.length) {
      return fail(34467, 'defaults and inputs must have the same length');
    }
  }
  const inputs = inputsArgument.map((input) => compiler.compile(input));
  const defaults = (isArray(defaultsArgument) ? defaultsArgument : []).map((value) =>
    compiler.compile(value),
  );
  return (scope) => {
    const arrays: unknown[][] = [];
    for (const input of inputs) {
      const array = input(scope);
      if (isNullish(array)) {
        return null;
      }
      arrays.push(
        isArray(array)
          ? array
          : fail(34468, `$zip found a non-array expression in input: ${describeValue(array)}`),
      );
    }
    const lengths = arrays.map((array) => array.length);
    const length = longest ? Math.max(...lengths) : Math.min(...lengths);
    const fallback = arrays.map((_array, index) => defaults[index]?.(scope) ?? null);
    return Array.from({ length }, (_row, row) =>
      arrays.map((array, index) => (row < array.length ? (array[row] ?? null) : fallback[index])),
    );
  };
};

const objectToArray = unary('$objectToArray', (value) => {
  if (isNullish(value)) {
    return null;
  }
  const document = documentOf(value);
  return document === undefined
    ? fail(40390, `$objectToArray requires a document input, found: ${typeText(value)}`)
    : Object.entries(document).map(([k, v]) => ({ k, v }));
});

function checkedKey(key: unknown, code: number): string {
  if (typeof key !== 'string') {
    return fail(code, `$arrayToObject requires an object with keys of type string, found: ${typeText(key)}`);
  }
  return key.includes('\0') ? fail(4940400, 'Key field cannot contain an embedded null byte') : key;
}

function keyAndValue(item: unknown): [key: string, value: unknown] {
  if (isArray(item)) {
    if (item.length !== 2) {
      return fail(
        40397,
        `$arrayToObject requires an array of size 2 arrays,found array of size: ${item.length}`,
      );
    }
    return [checkedKey(item[0], 40395), item[1]];
  }
  const document = documentOf(item);
  if (document === undefined) {
    return fail(40391, `Unrecognised input type format for $arrayToObject: ${typeText(item)}`);
  }
  if (Object.keys(document).length !== 2) {
    return fail(
      40392,
      `$arrayToObject requires an object keys of 'k' and 'v'. Found incorrect number of keys:${Object.keys(document).length}`,
    );
  }
  if (!Object.hasOwn(document, 'k') || !Object.hasOwn(document, 'v')) {
    return fail(
      40393,
      `$arrayToObject requires an object with keys 'k' and 'v'. Missing either or both keys from: ${describeValue(document)}`,
    );
  }
  return [checkedKey(getField(document, 'k'), 40394), getField(document, 'v')];
}

const arrayToObjectOf = (array: unknown): unknown => {
  if (isNullish(array)) {
    return null;
  }
  if (!isArray(array)) {
    return fail(40386, `$arrayToObject requires an array input, found: ${typeText(array)}`);
  }
  const result = createDocument();
  for (const item of array) {
    const [key, value] = keyAndValue(item);
    setField(result, key, value);
  }
  return result;
};

const arrayToObject: OperatorCompiler = unary('$arrayToObject', arrayToObjectOf);

/** Merges documents left to right; null and missing are skipped. @throws MongoServerError 40400 for other values */
export function mergeInto(target: BsonDocument, value: unknown): void {
  if (isNullish(value)) {
    return;
  }
  const document = documentOf(value);
  if (document === undefined) {
    fail(
      40400,
      `$mergeObjects requires object inputs, but input ${describeValue(value)} is of type ${typeText(value)}`,
    );
    return;
  }
  for (const [key, field] of Object.entries(document)) {
    setField(target, key, field);
  }
}

const mergeObjects: OperatorCompiler = variadic('$mergeObjects', (values) => {
  const result = createDocument();
  const [first] = values;
  const documents = values.length === 1 && isArray(first) ? first : values;
  for (const value of documents) {
    mergeInto(result, value);
  }
  return result;
});

function setOperands(name: string, values: readonly unknown[], code: number): unknown[][] | undefined {
  if (values.some(isNullish)) {
    return undefined;
  }
  return values.map((value) =>
    isArray(value)
      ? value
      : fail(code, `All operands of ${name} must be arrays. One argument is of type: ${typeText(value)}`),
  );
}

const setUnion = variadic('$setUnion', (values, { context }) => {
  const arrays = setOperands('$setUnion', values, 17043);
  if (arrays === undefined) {
    return null;
  }
  const set = new ValueSet(context.collation);
  for (const item of arrays.flat(1)) {
    set.add(item);
  }
  return set.values();
});

const setIntersection = variadic('$setIntersection', (values, { context }) => {
  const arrays = setOperands('$setIntersection', values, 17047);
  if (arrays === undefined) {
    return null;
  }
  const [first = [], ...others] = arrays;
  const sets = others.map((array) => ValueSet.of(array, context.collation));
  return ValueSet.of(first, context.collation)
    .values()
    .filter((item) => sets.every((set) => set.has(item)));
});

const setDifference = binary('$setDifference', (left, right, { context }) => {
  if (isNullish(left) || isNullish(right)) {
    return null;
  }
  if (!isArray(left)) {
    return fail(
      17048,
      `both operands of $setDifference must be arrays. First argument is of type: ${typeText(left)}`,
    );
  }
  if (!isArray(right)) {
    return fail(
      17049,
      `both operands of $setDifference must be arrays. Second argument is of type: ${typeText(right)}`,
    );
  }
  const excluded = ValueSet.of(right, context.collation);
  return ValueSet.of(left, context.collation)
    .values()
    .filter((item) => !excluded.has(item));
});

const isSubset = (small: ValueSet, large: ValueSet): boolean =>
  small.values().every((item) => large.has(item));

const setEquals = variadic(
  '$setEquals',
  (values, { context }) => {
    const sets = values.map((value) =>
      isArray(value)
        ? ValueSet.of(value, context.collation)
        : fail(
            17044,
            `All operands of $setEquals must be arrays. One argument is of type: ${typeText(value)}`,
          ),
    );
    const [first, ...others] = sets;
    return first === undefined || others.every((set) => isSubset(first, set) && isSubset(set, first));
  },
  2,
);

const setIsSubset = binary('$setIsSubset', (left, right, { context }) => {
  if (!isArray(left)) {
    return fail(
      17046,
      `both operands of $setIsSubset must be arrays. First argument is of type: ${typeText(left)}`,
    );
  }
  if (!isArray(right)) {
    return fail(
      17042,
      `both operands of $setIsSubset must be arrays. Second argument is of type: ${typeText(right)}`,
    );
  }
  return isSubset(ValueSet.of(left, context.collation), ValueSet.of(right, context.collation));
});

function elementsTrue(name: string, code: number, test: 'some' | 'every'): OperatorCompiler {
  return unary(name, (array) =>
    isArray(array)
      ? array[test](isTruthy)
      : fail(code, `${name}'s argument must be an array, but is ${typeText(array)}`),
  );
}

/** The `n` smallest or largest elements; null and missing are left out. */
function extremes(sign: 1 | -1): (array: unknown[], count: number, scope: Scope) => unknown[] {
  return (array, count, scope) =>
    present(array)
      .sort((a, b) => sign * compareValues(a, b, scope.context.collation))
      .slice(0, count);
}

/** `$let`: evaluates an expression with variables bound. */
const letOperator: OperatorCompiler = (argument, compiler) => {
  const document = namedDocument('$let', argument, {
    required: ['vars', 'in'],
    codes: [16874, 16875, 16876],
  });
  const variables = documentOf(argumentOf(document, 'vars'));
  if (variables === undefined) {
    return fail(10065, `invalid parameter: expected an object (vars)`);
  }
  const bound = Object.entries(variables).map(([name, expression]): [string, Evaluator] => [
    variableName(name, '$let'),
    compiler.compile(expression),
  ]);
  const inner: Compiler = compiler.withVariables(bound.map(([name]) => name));
  const body = inner.compile(argumentOf(document, 'in'));
  return (scope) => {
    let innerScope = scope;
    for (const [name, evaluate] of bound) {
      innerScope = bind(innerScope, name, evaluate(scope));
    }
    return body(innerScope);
  };
};

/** Operators over arrays, sets and documents, and `$let`. */
export const arrayOperators: OperatorTable = {
  $arrayElemAt: arrayElementAt,
  $arrayToObject: arrayToObject,
  $concatArrays: concatArrays,
  $filter: filter,
  $first: endOperator('$first'),
  $last: endOperator('$last'),
  $firstN: pickOperator('$firstN', (array, count) => array.slice(0, count)),
  $lastN: pickOperator('$lastN', (array, count) => array.slice(-count)),
  $maxN: pickOperator('$maxN', extremes(-1)),
  $minN: pickOperator('$minN', extremes(1)),
  $in: membership,
  $indexOfArray: indexOfArray,
  $isArray: unary('$isArray', isArray),
  $let: letOperator,
  $map: map,
  $mergeObjects: mergeObjects,
  $objectToArray: objectToArray,
  $range: range,
  $reduce: reduce,
  $reverseArray: reverseArray,
  $size: size,
  $slice: slice,
  $sortArray: sortArray,
  $zip: zip,
  $setUnion: setUnion,
  $setIntersection: setIntersection,
  $setDifference: setDifference,
  $setEquals: setEquals,
  $setIsSubset: setIsSubset,
  $anyElementTrue: elementsTrue('$anyElementTrue', 17041, 'some'),
  $allElementsTrue: elementsTrue('$allElementsTrue', 17040, 'every'),
};
