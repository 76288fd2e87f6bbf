import { Decimal128, Double, Int32 } from 'bson';
import {
  absoluteValue,
  addNumbers,
  asBigInt,
  asDecimal,
  asDouble,
  asSafeInteger,
  divideNumbers,
  integerValue,
  isZero,
  multiplyNumbers,
  numericKind,
  remainderOf,
  roundNumber,
  subtractNumbers,
} from './aggregate-arithmetic.ts';
import { decimalFromDouble, packDecimal, sqrtDecimal, type DecimalRounding } from './aggregate-decimal.ts';
import {
  binary,
  fail,
  isNullish,
  typeText,
  unary,
  variadic,
  type OperatorCompiler,
  type OperatorTable,
} from './aggregate-operator-kit.ts';
import { describeValue } from './update-describe.ts';

const hasNullish = (values: readonly unknown[]): boolean => values.some(isNullish);

/** A function over doubles that gives a decimal for a decimal; computed in double precision for both. */
function realFunction(
  name: string,
  check: (value: number, source: unknown) => void,
  compute: (value: number) => number,
) {
  return unary(name, (value) => {
    if (isNullish(value)) {
      return null;
    }
    if (numericKind(value) === undefined) {
      return fail(28765, `${name} only supports numeric types, not ${typeText(value)}`);
    }
    const number = asDouble(value);
    if (!Number.isNaN(number)) {
      check(number, value);
    }
    const result = compute(number);
    return value instanceof Decimal128 ? packDecimal(decimalFromDouble(result)) : new Double(result);
  });
}

const anyNumber = (): void => undefined;

function dateSum(values: readonly unknown[]): Date {
  let date: Date | undefined;
  let total: unknown = new Int32(0);
  for (const value of values) {
    if (value instanceof Date) {
      if (date !== undefined) {
        fail(16612, 'only one date allowed in an $add expression');
      }
      date = value;
    } else {
      total = addNumbers(total, value);
    }
  }
  return new Date((date?.getTime() ?? 0) + Math.round(asDouble(total)));
}

const add = variadic('$add', (values) => {
  if (hasNullish(values)) {
    return null;
  }
  for (const value of values) {
    if (numericKind(value) === undefined && !(value instanceof Date)) {
      fail(14, `$add only supports numeric or date types, not ${typeText(value)}`);
    }
  }
  if (values.some((value) => value instanceof Date)) {
    return dateSum(values);
  }
  return values.reduce<unknown>((total, value) => addNumbers(total, value), new Int32(0));
});

const subtract = binary('$subtract', (left, right) => {
  if (isNullish(left) || isNullish(right)) {
    return null;
  }
  if (left instanceof Date) {
    if (right instanceof Date) {
      return integerValue(BigInt(left.getTime() - right.getTime()), true);
    }
    if (numericKind(right) !== undefined) {
      return new Date(left.getTime() - Math.round(asDouble(right)));
    }
  } else if (numericKind(left) !== undefined && numericKind(right) !== undefined) {
    return subtractNumbers(left, right);
  }
  return fail(14, `can't $subtract ${typeText(right)} from ${typeText(left)}`);
});

const multiply = variadic('$multiply', (values) => {
  if (hasNullish(values)) {
    return null;
  }
  for (const value of values) {
    if (numericKind(value) === undefined) {
      fail(14, `$multiply only supports numeric types, not ${typeText(value)}`);
    }
  }
  return values.reduce<unknown>((total, value) => multiplyNumbers(total, value), new Int32(1));
});

const divide = binary('$divide', (left, right) => {
  if (isNullish(left) || isNullish(right)) {
    return null;
  }
  if (numericKind(left) === undefined || numericKind(right) === undefined) {
    return fail(14, `$divide only supports numeric types, not ${typeText(left)} and ${typeText(right)}`);
  }
  return isZero(right) ? fail(2, "can't $divide by zero") : divideNumbers(left, right);
});

const modulo = binary('$mod', (left, right) => {
  if (isNullish(left) || isNullish(right)) {
    return null;
  }
  if (numericKind(left) === undefined || numericKind(right) === undefined) {
    return fail(16611, `$mod only supports numeric types, not ${typeText(left)} and ${typeText(right)}`);
  }
  return isZero(right) ? fail(16610, "can't $mod by zero") : remainderOf(left, right);
});

const absolute = unary('$abs', (value) => {
  if (isNullish(value)) {
    return null;
  }
  if (numericKind(value) === undefined) {
    return fail(28765, `$abs only supports numeric types, not ${typeText(value)}`);
  }
  return absoluteValue(value) ?? fail(28680, "can't take $abs of long long min");
});

function wholeFunction(name: string, rounding: DecimalRounding): OperatorCompiler {
  return unary(name, (value) => {
    if (isNullish(value)) {
      return null;
    }
    return numericKind(value) === undefined
      ? fail(28765, `${name} only supports numeric types, not ${typeText(value)}`)
      : roundNumber(value, 0, rounding);
  });
}

function roundFunction(name: string, rounding: DecimalRounding): OperatorCompiler {
  return variadic(
    name,
    ([value, places = 0]) => {
      if (isNullish(value) || isNullish(places)) {
        return null;
      }
      if (numericKind(value) === undefined) {
        return fail(51081, `${name} only supports numeric types, not ${typeText(value)}`);
      }
      const digits = asSafeInteger(places);
      if (digits === undefined) {
        return fail(51082, `precision argument to  ${name} must be a integral value`);
      }
      if (digits < -20 || digits > 100) {
        return fail(51083, `cannot apply ${name} with precision value ${digits} value must be in [-20, 100]`);
      }
      return (
        roundNumber(value, digits, rounding) ??
        fail(51080, `invalid conversion from Decimal128 result in ${name}`)
      );
    },
    1,
    2,
  );
}

const squareRoot = unary('$sqrt', (value) => {
  if (isNullish(value)) {
    return null;
  }
  if (numericKind(value) === undefined) {
    return fail(28765, `$sqrt only supports numeric types, not ${typeText(value)}`);
  }
  if (asDouble(value) < 0) {
    return fail(28714, "$sqrt's argument must be greater than or equal to 0");
  }
  return value instanceof Decimal128
    ? packDecimal(sqrtDecimal(asDecimal(value)))
    : new Double(Math.sqrt(asDouble(value)));
});

const logarithm = binary('$log', (value, base) => {
  if (isNullish(value) || isNullish(base)) {
    return null;
  }
  if (numericKind(value) === undefined) {
    return fail(28756, `$log's argument must be numeric, not ${typeText(value)}`);
  }
  if (numericKind(base) === undefined) {
    return fail(28757, `$log's base must be numeric, not ${typeText(base)}`);
  }
  const number = asDouble(value);
  const radix = asDouble(base);
  if (number <= 0) {
    return fail(28758, `$log's argument must be a positive number, but is ${describeValue(value)}`);
  }
  if (radix <= 0 || radix === 1) {
    return fail(28759, `$log's base must be a positive number not equal to 1, but is ${describeValue(base)}`);
  }
  const result =
    radix === 2 ? Math.log2(number) : radix === 10 ? Math.log10(number) : Math.log(number) / Math.log(radix);
  return value instanceof Decimal128 || base instanceof Decimal128
    ? packDecimal(decimalFromDouble(result))
    : new Double(result);
});

/** Integer powers beyond this many bits cannot fit an int64, so they are left to doubles. */
const MAX_EXACT_EXPONENT = 64n;

function integerPower(base: bigint, exponent: bigint, atLeastLong: boolean): unknown {
  if (exponent >= 0n && (exponent <= MAX_EXACT_EXPONENT || (base >= -1n && base <= 1n))) {
    const reduced =
      base >= -1n && base <= 1n
        ? exponent % 2n === 0n && exponent > 0n
          ? 2n
          : exponent > 0n
            ? 1n
            : 0n
        : exponent;
    return integerValue(base ** reduced, atLeastLong);
  }
  return exponent < 0n && (base === 1n || base === -1n)
    ? integerValue(exponent % 2n === 0n ? 1n : base, atLeastLong)
    : undefined;
}

const power = binary('$pow', (base, exponent) => {
  if (isNullish(base) || isNullish(exponent)) {
    return null;
  }
  const baseKind = numericKind(base);
  const exponentKind = numericKind(exponent);
  if (baseKind === undefined) {
    return fail(28762, `$pow's base must be numeric, not ${typeText(base)}`);
  }
  if (exponentKind === undefined) {
    return fail(28763, `$pow's exponent must be numeric, not ${typeText(exponent)}`);
  }
  if (isZero(base) && asDouble(exponent) < 0) {
    return fail(28764, '$pow cannot take a base of 0 and a negative exponent');
  }
  if (baseKind === 'decimal' || exponentKind === 'decimal') {
    const times = asSafeInteger(exponent);
    if (times !== undefined && times >= 0 && times <= 1000) {
      let product: unknown = packDecimal(asDecimal(new Int32(1)));
      const factor = packDecimal(asDecimal(base));
      for (let index = 0; index < times; index += 1) {
        product = multiplyNumbers(product, factor);
      }
      return product;
    }
    return packDecimal(decimalFromDouble(asDouble(base) ** asDouble(exponent)));
  }
  if (baseKind !== 'double' && exponentKind !== 'double') {
    const long = baseKind === 'long' || exponentKind === 'long';
    const exact = integerPower(asBigInt(base), asBigInt(exponent), long);
    if (exact !== undefined) {
      return exact;
    }
  }
  return new Double(asDouble(base) ** asDouble(exponent));
});

function bitFunction(
  name: string,
  start: bigint,
  combine: (a: bigint, b: bigint) => bigint,
): OperatorCompiler {
  return variadic(name, (values) => {
    if (hasNullish(values)) {
      return null;
    }
    let long = false;
    let result = start;
    for (const value of values) {
      const kind = numericKind(value);
      if (kind !== 'int' && kind !== 'long') {
        return fail(14, `${name} only supports int and long operands, not ${typeText(value)}.`);
      }
      long ||= kind === 'long';
      result = combine(result, asBigInt(value));
    }
    return integerValue(result, long);
  });
}

const bitNot = unary('$bitNot', (value) => {
  if (isNullish(value)) {
    return null;
  }
  const kind = numericKind(value);
  return kind === 'int' || kind === 'long'
    ? integerValue(~asBigInt(value), kind === 'long')
    : fail(14, `$bitNot only supports int and long, not: ${typeText(value)}.`);
});

const DEGREE = Math.PI / 180;
const EVERY: readonly [number, number] = [-Infinity, Infinity];
const FINITE: readonly [number, number] = [-Number.MAX_VALUE, Number.MAX_VALUE];
const WITHIN_ONE: readonly [number, number] = [-1, 1];

/** Trigonometric functions with the bounds outside which MongoDB refuses an argument. */
const TRIGONOMETRY: readonly (readonly [string, readonly [number, number], (value: number) => number])[] = [
  ['$sin', FINITE, Math.sin],
  ['$cos', FINITE, Math.cos],
  ['$tan', FINITE, Math.tan],
  ['$asin', WITHIN_ONE, Math.asin],
  ['$acos', WITHIN_ONE, Math.acos],
  ['$atan', EVERY, Math.atan],
  ['$sinh', EVERY, Math.sinh],
  ['$cosh', EVERY, Math.cosh],
  ['$tanh', EVERY, Math.tanh],
  ['$asinh', EVERY, Math.asinh],
  ['$acosh', [1, Infinity], Math.acosh],
  ['$atanh', WITHIN_ONE, Math.atanh],
  ['$degreesToRadians', EVERY, (value) => value * DEGREE],
  ['$radiansToDegrees', EVERY, (value) => value / DEGREE],
];

const trigonometry: OperatorTable = Object.fromEntries(
  TRIGONOMETRY.map(([name, [low, high], compute]) => [
    name,
    realFunction(
      name,
      (value, source) => {
        if (value < low || value > high) {
          fail(50989, `cannot apply ${name} to ${describeValue(source)}, value must be in [${low},${high}]`);
        }
      },
      compute,
    ),
  ]),
);

const atan2 = binary('$atan2', (y, x) => {
  if (isNullish(y) || isNullish(x)) {
    return null;
  }
  if (numericKind(y) === undefined || numericKind(x) === undefined) {
    return fail(51044, `$atan2 only supports numeric types, not ${typeText(y)} and ${typeText(x)}`);
  }
  const angle = Math.atan2(asDouble(y), asDouble(x));
  return y instanceof Decimal128 || x instanceof Decimal128
    ? packDecimal(decimalFromDouble(angle))
    : new Double(angle);
});

function positive(code: number, name: string) {
  return (value: number, source: unknown): void => {
    if (value <= 0) {
      fail(code, `${name}'s argument must be a positive number, but is ${describeValue(source)}`);
    }
  };
}

/** Arithmetic, trigonometric and bitwise operators. */
export const numberOperators: OperatorTable = {
  $add: add,
  $subtract: subtract,
  $multiply: multiply,
  $divide: divide,
  $mod: modulo,
  $abs: absolute,
  $ceil: wholeFunction('$ceil', 'ceiling'),
  $floor: wholeFunction('$floor', 'floor'),
  $round: roundFunction('$round', 'half-even'),
  $trunc: roundFunction('$trunc', 'truncate'),
  $sqrt: squareRoot,
  $exp: realFunction('$exp', anyNumber, Math.exp),
  $ln: realFunction('$ln', positive(28766, '$ln'), Math.log),
  $log10: realFunction('$log10', positive(28761, '$log10'), Math.log10),
  $log: logarithm,
  $pow: power,
  $atan2: atan2,
  $bitAnd: bitFunction('$bitAnd', -1n, (a, b) => a & b),
  $bitOr: bitFunction('$bitOr', 0n, (a, b) => a | b),
  $bitXor: bitFunction('$bitXor', 0n, (a, b) => a ^ b),
  $bitNot: bitNot,
  ...trigonometry,
};
