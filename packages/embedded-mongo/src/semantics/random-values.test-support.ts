import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';
import fc from 'fast-check';

const text = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'A',
    'á',
    'b',
    'B',
    'ab',
    'a\0',
    'a\0b',
    'ss',
    'ß',
    'z',
    'item2',
    'item10',
    '\u{1f600}',
    '\uff5a',
  ),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
);

const decimalText = fc.oneof(
  fc.constantFrom(
    'NaN',
    'Infinity',
    '-Infinity',
    '0',
    '-0',
    '0E+30',
    '0.1',
    '1.0',
    '1E-400',
    '-1E-6176',
    '9.9E+6000',
    '1E+308',
    '2E+308',
    '9007199254740993',
    '9223372036854775807.5',
    '-12.34',
  ),
  fc
    .tuple(fc.bigInt({ min: -(10n ** 34n) + 1n, max: 10n ** 34n - 1n }), fc.integer({ min: -40, max: 40 }))
    .map(([coefficient, exponent]) => `${coefficient}E${exponent}`),
);

const number = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((value) => new Int32(value)),
  fc.integer({ min: -3, max: 3 }).map((value) => new Int32(value)),
  fc.integer({ min: -3, max: 3 }).map((value) => new Double(value)),
  fc.double().map((value) => new Double(value)),
  fc
    .constantFrom(2 ** 53, -(2 ** 53), 2 ** 63, 0.1, Number.MAX_VALUE, Number.MIN_VALUE, -0)
    .map((value) => new Double(value)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => Long.fromBigInt(value)),
  fc
    .constantFrom(
      2n ** 53n + 1n,
      2n ** 53n - 1n,
      2n ** 53n,
      2n ** 63n - 1n,
      -(2n ** 63n),
      -(2n ** 53n) - 1n,
      1n,
    )
    .map((value) => Long.fromBigInt(value)),
  decimalText.map((value) => Decimal128.fromString(value)),
);

const scalar = fc.oneof(
  { weight: 6, arbitrary: number },
  { weight: 3, arbitrary: text },
  { weight: 1, arbitrary: text.map((value) => new BSONSymbol(value)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(null, undefined, true, false, new MinKey(), new MaxKey()),
  },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
  },
  { weight: 1, arbitrary: fc.integer({ min: -(10 ** 13), max: 10 ** 13 }).map((time) => new Date(time)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.uint8Array({ maxLength: 4 }), fc.constantFrom(0, 4, 5, 128))
      .map(([bytes, subtype]) => new Binary(bytes, subtype)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat({ max: 2 ** 31 }), fc.nat({ max: 3 }))
      .map(([t, i]) => new Timestamp({ t, i })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('a', 'ab', '^a'), fc.constantFrom('', 'i', 'im'))
      .map(([pattern, options]) => new BSONRegExp(pattern, options)),
  },
  { weight: 1, arbitrary: fc.constantFrom('f', 'g').map((code) => new Code(code)) },
);

/** Any BSON value: all scalar types, small documents and arrays, nested up to three deep. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 6, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.tuple(fc.constantFrom('a', 'b', 'ab', '__proto__', 'constructor'), tie('value')), {
          maxLength: 3,
        })
        .map((entries) => Object.fromEntries(entries)),
    },
  ),
})).value;

/** Any numeric BSON value, edge values of all four types included. */
export const anyNumber: fc.Arbitrary<unknown> = number;

/** Short texts with letters that differ by case or accent only, noughts and characters beyond the basic plane. */
export const anyText: fc.Arbitrary<string> = text;
