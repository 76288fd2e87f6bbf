import { Double } from 'bson';
import { asDouble, NumberTotal, numericKind } from './aggregate-arithmetic.ts';
import {
  fail,
  isNullish,
  namedDocument,
  typeText,
  variadic,
  type Compiler,
  type Evaluator,
  type OperatorCompiler,
  type OperatorTable,
  type Scope,
} from './aggregate-operator-kit.ts';
import { countArgument, mergeInto } from './aggregate-operators-array.ts';
import { compileSort, type Sorter } from './aggregate-sort.ts';
import { ValueSet } from './aggregate-value-set.ts';
import type { Collation } from './types.ts';
import { describeValue } from './update-describe.ts';
import { compareValues, createDocument, documentOf, isArray, isDocument } from './values.ts';

/** Gathers the values of one group or window. */
export interface Accumulation {
  /** Takes in one document, given as the scope in which the argument is evaluated. */
  add(scope: Scope): void;
  /** The result so far; undefined stands for missing. */
  result(): unknown;
}

/** A compiled accumulator. `scope` of `start` is the first document's, for arguments such as `n`. */
export interface Accumulator {
  start(scope: Scope): Accumulation;
}

type AccumulatorCompiler = (argument: unknown, compiler: Compiler) => Accumulator;

/** Sample statistics by Welford's method (Technometrics 4, 1962), which needs no second pass. */
class Deviation {
  #count = 0;
  #mean = 0;
  #squares = 0;

  add(value: unknown): void {
    if (numericKind(value) === undefined) {
      return;
    }
    const number = asDouble(value);
    this.#count += 1;
    const distance = number - this.#mean;
    this.#mean += distance / this.#count;
    this.#squares += distance * (number - this.#mean);
  }

  result(sample: boolean): Double | null {
    const divisor = sample ? this.#count - 1 : this.#count;
    return divisor < 1 ? null : new Double(Math.sqrt(this.#squares / divisor));
  }
}

function single(argument: unknown, name: string, compiler: Compiler): Evaluator {
  if (!isArray(argument)) {
    return compiler.compile(argument);
  }
  return argument.length === 1
    ? compiler.compile(argument[0])
    : fail(40237, `The ${name} accumulator is a unary operator`);
}

/** An accumulator whose argument is one expression. */
function simple(
  name: string,
  begin: (collation: Collation | undefined) => { add(value: unknown): void; result(): unknown },
): AccumulatorCompiler {
  return (argument, compiler) => {
    const evaluate = single(argument, name, compiler);
    return {
      start(first) {
        const state = begin(first.context.collation);
        return {
          add: (scope) => {
            state.add(evaluate(scope));
          },
          result: () => state.result(),
        };
      },
    };
  };
}

function extreme(name: string, sign: 1 | -1): AccumulatorCompiler {
  return simple(name, (collation) => {
    let best: unknown;
    return {
      add(value) {
        if (!isNullish(value) && (best === undefined || sign * compareValues(value, best, collation) > 0)) {
          best = value;
        }
      },
      result: () => best ?? null,
    };
  });
}

function deviation(name: string, sample: boolean): AccumulatorCompiler {
  return simple(name, () => {
    const state = new Deviation();
    return {
      add: (value) => {
        state.add(value);
      },
      result: () => state.result(sample),
    };
  });
}

function total(name: string, mean: boolean): AccumulatorCompiler {
  return simple(name, () => {
    const numbers = new NumberTotal();
    return {
      add: (value) => {
        numbers.add(value);
      },
      result: () => (mean ? numbers.mean() : numbers.total()),
    };
  });
}

const firstAccumulator = simple('$first', () => {
  let seen = false;
  let first: unknown;
  return {
    add(value) {
      if (!seen) {
        first = value;
        seen = true;
      }
    },
    result: () => first ?? null,
  };
});

const lastAccumulator = simple('$last', () => {
  let last: unknown;
  return {
    add(value) {
      last = value;
    },
    result: () => last ?? null,
  };
});

const push = simple('$push', () => {
  const values: unknown[] = [];
  return {
    add(value) {
      if (value !== undefined) {
        values.push(value);
      }
    },
    result: () => values.slice(),
  };
});

const addToSet = simple('$addToSet', (collation) => {
  const set = new ValueSet(collation);
  return {
    add(value) {
      if (value !== undefined) {
        set.add(value);
      }
    },
    result: () => set.values(),
  };
});

const mergeObjects = simple('$mergeObjects', () => {
  const merged = createDocument();
  return {
    add: (value) => {
      mergeInto(merged, value);
    },
    result: () => ({ ...merged }),
  };
});

const concatArrays = simple('$concatArrays', () => {
  const values: unknown[] = [];
  return {
    add(value) {
      if (isNullish(value)) {
        return;
      }
      for (const item of isArray(value)
        ? value
        : fail(
            14,
            `$concatArrays requires array inputs, but input ${describeValue(value)} is of type ${typeText(value)}`,
          )) {
        values.push(item);
      }
    },
    result: () => values.slice(),
  };
});

const setUnion = simple('$setUnion', (collation) => {
  const set = new ValueSet(collation);
  return {
    add(value) {
      if (isNullish(value)) {
        return;
      }
      for (const item of isArray(value)
        ? value
        : fail(
            14,
            `$setUnion requires array inputs, but input ${describeValue(value)} is of type ${typeText(value)}`,
          )) {
        set.add(item);
      }
    },
    result: () => set.values(),
  };
});

const count: AccumulatorCompiler = (argument) => {
  if (!isDocument(argument) || Object.keys(argument).length > 0) {
    fail(14, '$count takes no arguments, i.e. $count:{}');
  }
  return {
    start() {
      const numbers = new NumberTotal();
      return {
        add: () => {
          numbers.add(1);
        },
        result: () => numbers.total(),
      };
    },
  };
};

/** `$firstN`, `$lastN`, `$minN`, `$maxN`: gather, then choose. */
function several(
  name: string,
  choose: (values: unknown[], wanted: number, collation: Collation | undefined) => unknown[],
  keepsNull: boolean,
): AccumulatorCompiler {
  return (argument, compiler) => {
    const document = namedDocument(name, argument, {
      required: ['n', 'input'],
      codes: [5787801, 5787901, 5787906],
    });
    const n = compiler.compile(document['n']);
    const input = compiler.compile(document['input']);
    return {
      start(first) {
        const wanted = countArgument(n(first), name);
        let values: unknown[] = [];
        const { collation } = first.context;
        return {
          add(scope) {
            const value = input(scope);
            if (keepsNull || !isNullish(value)) {
              values.push(value ?? null);
            }
            if (values.length > 2 * wanted + 1000) {
              values = choose(values, wanted, collation);
            }
          },
          result: () => choose(values, wanted, collation),
        };
      },
    };
  };
}

function ordered(sign: 1 | -1) {
  return (values: unknown[], wanted: number, collation: Collation | undefined): unknown[] =>
    values
      .slice()
      .sort((a, b) => sign * compareValues(a, b, collation))
      .slice(0, wanted);
}

/** `$top`, `$bottom` and their forms with `n`. */
function ranked(name: string, end: 'top' | 'bottom', many: boolean): AccumulatorCompiler {
  return (argument, compiler) => {
    const document = namedDocument(name, argument, {
      required: many ? ['n', 'output', 'sortBy'] : ['output', 'sortBy'],
      codes: [5788001, 5788002, 5788005],
    });
    const sortBy = document['sortBy'];
    if (!isDocument(sortBy)) {
      return fail(5788604, `${name} expected 'sortBy' to already be an object, found ${typeText(sortBy)}`);
    }
    compileSort(sortBy);
    const output = compiler.compile(document['output']);
    const n = many ? compiler.compile(document['n']) : undefined;
    return {
      start(first) {
        const sorter = compileSort(sortBy, first.context.collation);
        const wanted = n === undefined ? 1 : countArgument(n(first), name);
        let rows: { key: unknown[]; value: unknown }[] = [];
        const chosen = (): typeof rows => {
          const sorted = rows.slice().sort((a, b) => sorter.compareKeys(a.key, b.key));
          return end === 'top' ? sorted.slice(0, wanted) : sorted.slice(-wanted);
        };
        return {
          add(scope) {
            rows.push({ key: keyOfScope(sorter, scope), value: output(scope) ?? null });
            if (rows.length > 2 * wanted + 1000) {
              rows = chosen();
            }
          },
          result() {
            const values = chosen().map((row) => row.value);
            return many ? values : (values[0] ?? null);
          },
        };
      },
    };
  };
}

const keyOfScope = (sorter: Sorter, scope: Scope): unknown[] => sorter.keyOf(documentOf(scope.current) ?? {});

/** The value at rank ceil(p * count) of sorted numbers, the discrete percentile. */
function percentileOf(sorted: readonly number[], p: number): Double | null {
  if (sorted.length === 0) {
    return null;
  }
  const rank = Math.max(1, Math.ceil(p * sorted.length));
  return new Double(sorted[Math.min(rank, sorted.length) - 1] ?? NaN);
}

function percentilePoints(value: unknown): number[] {
  if (!isArray(value) || value.length === 0) {
    return fail(7750301, "The $percentile 'p' field must be an array of numbers from [0.0, 1.0]");
  }
  return value.map((point) => {
    const number = numericKind(point) === undefined ? NaN : asDouble(point);
    return number >= 0 && number <= 1
      ? number
      : fail(
          7750303,
          `The $percentile 'p' field must be an array of numbers from [0.0, 1.0], but found: ${describeValue(point)}`,
        );
  });
}

interface PercentileArguments {
  input: Evaluator;
  points: (scope: Scope) => number[] | undefined;
}

function percentileArguments(name: string, argument: unknown, compiler: Compiler): PercentileArguments {
  const many = name === '$percentile';
  const document = namedDocument(name, argument, {
    required: many ? ['input', 'p', 'method'] : ['input', 'method'],
    codes: [7429703, 40415, 40414],
  });
  if (document['method'] !== 'approximate') {
    fail(2, `Currently only 'approximate' can be used as percentile 'method'.`);
  }
  const p = many ? compiler.compile(document['p']) : undefined;
  return {
    input: compiler.compile(document['input']),
    points: (scope) => (p === undefined ? undefined : percentilePoints(p(scope))),
  };
}

function percentileResult(numbers: number[], points: number[] | undefined): unknown {
  const sorted = numbers.sort((a, b) => a - b);
  return points === undefined
    ? percentileOf(sorted, 0.5)
    : points.map((point) => percentileOf(sorted, point));
}

function percentile(name: string): AccumulatorCompiler {
  return (argument, compiler) => {
    const { input, points } = percentileArguments(name, argument, compiler);
    return {
      start(first) {
        const wanted = points(first);
        const numbers: number[] = [];
        return {
          add(scope) {
            const value = input(scope);
            if (numericKind(value) !== undefined) {
              numbers.push(asDouble(value));
            }
          },
          result: () => percentileResult(numbers.slice(), wanted),
        };
      },
    };
  };
}

function percentileExpression(name: string): OperatorCompiler {
  return (argument, compiler) => {
    const { input, points } = percentileArguments(name, argument, compiler);
    return (scope) => {
      const value = input(scope);
      const numbers = (isArray(value) ? value : [value]).filter((item) => numericKind(item) !== undefined);
      return percentileResult(numbers.map(asDouble), points(scope));
    };
  };
}

const ACCUMULATORS: ReadonlyMap<string, AccumulatorCompiler> = new Map([
  ['$sum', total('$sum', false)],
  ['$avg', total('$avg', true)],
  ['$min', extreme('$min', -1)],
  ['$max', extreme('$max', 1)],
  ['$first', firstAccumulator],
  ['$last', lastAccumulator],
  ['$push', push],
  ['$addToSet', addToSet],
  ['$mergeObjects', mergeObjects],
  ['$concatArrays', concatArrays],
  ['$setUnion', setUnion],
  ['$count', count],
  ['$stdDevPop', deviation('$stdDevPop', false)],
  ['$stdDevSamp', deviation('$stdDevSamp', true)],
  ['$firstN', several('$firstN', (values, wanted) => values.slice(0, wanted), true)],
  ['$lastN', several('$lastN', (values, wanted) => values.slice(-wanted), true)],
  ['$minN', several('$minN', ordered(1), false)],
  ['$maxN', several('$maxN', ordered(-1), false)],
  ['$top', ranked('$top', 'top', false)],
  ['$topN', ranked('$topN', 'top', true)],
  ['$bottom', ranked('$bottom', 'bottom', false)],
  ['$bottomN', ranked('$bottomN', 'bottom', true)],
  ['$median', percentile('$median')],
  ['$percentile', percentile('$percentile')],
]);

/** Whether an accumulator of that name exists. */
export function isAccumulator(name: string): boolean {
  return ACCUMULATORS.has(name);
}

/**
 * Compiles one accumulator of `$group`, `$bucket`, `$bucketAuto` or `$setWindowFields`.
 * @throws MongoServerError 15952 for an unknown one, 2 for one that would run scripts
 */
export function compileAccumulator(name: string, argument: unknown, compiler: Compiler): Accumulator {
  if (name === '$accumulator' || name === '$function') {
    fail(2, `${name} is not supported by this server`);
  }
  const found = ACCUMULATORS.get(name);
  return found === undefined ? fail(15952, `unknown group operator '${name}'`) : found(argument, compiler);
}

/** An accumulator used as an expression: over its operands, or over the elements of its only operand. */
function overOperands(
  name: string,
  compute: (values: readonly unknown[], collation: Collation | undefined) => unknown,
) {
  return variadic(name, (operands, { context }) => {
    const [only] = operands;
    return compute(operands.length === 1 && isArray(only) ? only : operands, context.collation);
  });
}

function totalOf(values: readonly unknown[]): NumberTotal {
  const numbers = new NumberTotal();
  for (const value of values) {
    numbers.add(value);
  }
  return numbers;
}

function extremeOf(sign: 1 | -1) {
  return (values: readonly unknown[], collation: Collation | undefined): unknown => {
    let best: unknown;
    for (const value of values) {
      if (!isNullish(value) && (best === undefined || sign * compareValues(value, best, collation) > 0)) {
        best = value;
      }
    }
    return best ?? null;
  };
}

function deviationOf(sample: boolean) {
  return (values: readonly unknown[]): unknown => {
    const state = new Deviation();
    for (const value of values) {
      state.add(value);
    }
    return state.result(sample);
  };
}

/** Accumulators that are expressions as well. */
export const accumulatorOperators: OperatorTable = {
  $sum: overOperands('$sum', (values) => totalOf(values).total()),
  $avg: overOperands('$avg', (values) => totalOf(values).mean()),
  $min: overOperands('$min', extremeOf(-1)),
  $max: overOperands('$max', extremeOf(1)),
  $stdDevPop: overOperands('$stdDevPop', deviationOf(false)),
  $stdDevSamp: overOperands('$stdDevSamp', deviationOf(true)),
  $median: percentileExpression('$median'),
  $percentile: percentileExpression('$percentile'),
};
