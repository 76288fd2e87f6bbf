import { describe, expect, it } from '@jest/globals';
import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  DBRef,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  UUID,
} from 'bson';
import fc from 'fast-check';

import { anyNumber, anyValue } from './random-values.test-support.ts';
import {
  cloneValue,
  compareValues,
  createDocument,
  documentOf,
  getField,
  isDocument,
  isNumeric,
  isTruthy,
  setField,
  toInt64,
  toNumber,
  toSafeInteger,
  typeName,
  typeNumber,
  valuesEqual,
} from './values.ts';

const decimal = (text: string): Decimal128 => Decimal128.fromString(text);

describe('typeName', () => {
  it.each<[unknown, string, number]>([
    [new Double(1), 'double', 1],
    [1.5, 'double', 1],
    [-0, 'double', 1],
    ['a', 'string', 2],
    [{}, 'object', 3],
    [new DBRef('c', new ObjectId()), 'object', 3],
    [{ _bsontype: 'Long' }, 'object', 3],
    [Object.create(null), 'object', 3],
    [[], 'array', 4],
    [new Binary(Buffer.from('a')), 'binData', 5],
    [new UUID(), 'binData', 5],
    [undefined, 'undefined', 6],
    [new ObjectId(), 'objectId', 7],
    [true, 'bool', 8],
    [new Date(), 'date', 9],
    [null, 'null', 10],
    [new BSONRegExp('a'), 'regex', 11],
    [/a/, 'regex', 11],
    [new Code('f'), 'javascript', 13],
    [new BSONSymbol('a'), 'symbol', 14],
    [new Code('f', { a: 1 }), 'javascriptWithScope', 15],
    [new Int32(1), 'int', 16],
    [7, 'int', 16],
    [new Timestamp({ t: 1, i: 1 }), 'timestamp', 17],
    [Long.fromInt(1), 'long', 18],
    [5n, 'long', 18],
    [decimal('1'), 'decimal', 19],
    [new MinKey(), 'minKey', -1],
    [new MaxKey(), 'maxKey', 127],
  ])('%p is %s (%i)', (value, name, number) => {
    expect(typeName(value)).toBe(name);
    expect(typeNumber(value)).toBe(number);
  });
});

describe('compareValues', () => {
  const ascending: unknown[] = [
    new MinKey(),
    undefined,
    null,
    new Double(Number.NaN),
    new Double(-Infinity),
    decimal('-9E+6000'),
    new Double(-Number.MAX_VALUE),
    Long.MIN_VALUE,
    new Int32(-1),
    decimal('-1E-6000'),
    new Int32(0),
    decimal('1E-6000'),
    new Double(Number.MIN_VALUE),
    decimal('0.1'),
    new Double(0.1),
    new Int32(1),
    decimal('1.000000000000000000000000000000001'),
    Long.fromBigInt(2n ** 53n),
    Long.fromBigInt(2n ** 53n + 1n),
    decimal('9007199254740993.5'),
    Long.MAX_VALUE,
    new Double(2 ** 63),
    decimal('9E+6000'),
    new Double(Infinity),
    '',
    'A',
    'a',
    'a\0',
    'ab',
    'é',
    '\uff5a',
    '\u{1f600}',
    {},
    { a: 1 },
    { a: 1, b: 1 },
    { a: 2 },
    { b: 1 },
    { a: 'x' },
    [],
    [1],
    [1, 2],
    [2],
    ['a'],
    new Binary(Buffer.from('b'), 0),
    new Binary(Buffer.from('a'), 5),
    new Binary(Buffer.from('aa'), 0),
    new ObjectId('000000000000000000000001'),
    new ObjectId('f00000000000000000000000'),
    false,
    true,
    new Date(-5),
    new Date(0),
    new Date(5),
    new Timestamp({ t: 1, i: 2 }),
    new Timestamp({ t: 2, i: 1 }),
    new Timestamp({ t: 4_000_000_000, i: 1 }),
    new BSONRegExp('a'),
    new BSONRegExp('a', 'i'),
    new BSONRegExp('b'),
    new Code('f'),
    new Code('f', { a: 1 }),
    new MaxKey(),
  ];

  it('orders values of all types as documented', () => {
    ascending.forEach((left, i) => {
      ascending.forEach((right, j) => {
        expect([i, j, compareValues(left, right)]).toEqual([i, j, Math.sign(i - j) + 0]);
      });
    });
  });

  it.each<[string, unknown, unknown]>([
    ['int and double', new Int32(1), new Double(1)],
    ['int and long', new Int32(1), Long.fromInt(1)],
    ['int and decimal', new Int32(1), decimal('1.00')],
    ['long and decimal beyond doubles', Long.fromBigInt(2n ** 53n + 1n), decimal('9007199254740993')],
    ['double and decimal', new Double(0.5), decimal('0.5')],
    ['zeros', new Double(-0), decimal('-0E+10')],
    ['NaN', new Double(Number.NaN), decimal('NaN')],
    ['infinities', new Double(Infinity), decimal('Infinity')],
    ['string and symbol', 'a', new BSONSymbol('a')],
    ['nested numbers', { a: [new Int32(1)] }, { a: [Long.fromInt(1)] }],
    [
      'UUID and binary',
      new UUID('00112233445566778899aabbccddeeff'),
      new Binary(Buffer.from('00112233445566778899aabbccddeeff', 'hex'), 4),
    ],
    [
      'reference and document',
      new DBRef('c', new ObjectId('000000000000000000000001')),
      { $ref: 'c', $id: new ObjectId('000000000000000000000001') },
    ],
  ])('finds %s equal', (_name, a, b) => {
    expect(valuesEqual(a, b)).toBe(true);
  });

  it.each<[string, unknown, unknown]>([
    ['field order', { a: 1, b: 2 }, { b: 2, a: 1 }],
    ['0.1 as double and decimal', new Double(0.1), decimal('0.1')],
    ['2^53 + 1 as long and 2^53 as double', Long.fromBigInt(2n ** 53n + 1n), new Double(2 ** 53)],
    ['number and string', new Int32(1), '1'],
    ['number and bool', new Int32(1), true],
    ['null and undefined', null, undefined],
  ])('tells apart %s', (_name, a, b) => {
    expect(valuesEqual(a, b)).toBe(false);
  });

  it.each<
    [
      string,
      string,
      string,
      {
        locale: string;
        strength?: number;
        caseLevel?: boolean;
        numericOrdering?: boolean;
        caseFirst?: string;
      },
      number,
    ]
  >([
    ['case at strength 2', 'ping', 'PING', { locale: 'en', strength: 2 }, 0],
    ['case at strength 3', 'ping', 'PING', { locale: 'en' }, -1],
    ['upper case first', 'ping', 'PING', { locale: 'en', caseFirst: 'upper' }, 1],
    ['accents at strength 1', 'résumé', 'Resume', { locale: 'fr', strength: 1 }, 0],
    ['accents at strength 2', 'résumé', 'resume', { locale: 'fr', strength: 2 }, 1],
    ['case level at strength 1', 'é', 'E', { locale: 'fr', strength: 1, caseLevel: true }, -1],
    ['letters before case', 'a', 'B', { locale: 'en' }, -1],
    ['numbers in text', 'item2', 'item10', { locale: 'en', numericOrdering: true }, -1],
    ['digits in text', 'item2', 'item10', { locale: 'en' }, 1],
    ['sharp s', 'straße', 'STRASSE', { locale: 'de', strength: 1 }, 0],
    ['Swedish letters', 'ö', 'z', { locale: 'sv' }, 1],
    ['German letters', 'ö', 'z', { locale: 'de' }, -1],
    ['simple', 'a', 'B', { locale: 'simple' }, 1],
  ])('collation: %s', (_name, a, b, collation, expected) => {
    expect(compareValues(a, b, collation)).toBe(expected);
    expect(compareValues({ x: [a] }, { x: [b] }, collation)).toBe(expected);
  });

  it('collates long texts and refuses unknown locales', () => {
    const long = 'x'.repeat(300_000);
    expect(compareValues(`${long}a`, `${long}A`, { locale: 'en', strength: 2 })).toBe(0);
    expect(compareValues('ö', 'oe', { locale: 'de@collation=phonebook', strength: 1 })).not.toBe(-1);
    expect(compareValues('a', 'B', { locale: 'en_US' })).toBe(-1);
    for (const locale of ['xx_nothing', 'no such locale']) {
      expect(() => compareValues('a', 'b', { locale })).toThrow(expect.objectContaining({ code: 2 }));
    }
  });

  it('is antisymmetric and reflexive', () => {
    fc.assert(
      fc.property(anyValue, anyValue, (a, b) => {
        expect(compareValues(a, b)).toBe(-compareValues(b, a) + 0);
        expect(compareValues(a, a)).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('is transitive', () => {
    fc.assert(
      fc.property(fc.tuple(anyValue, anyValue, anyValue), (triple) => {
        const boxed = triple.map((value) => ({ value }));
        const [a, b, c] = boxed.sort((x, y) => compareValues(x.value, y.value)).map(({ value }) => value);
        expect(compareValues(a, b)).toBeLessThanOrEqual(0);
        expect(compareValues(b, c)).toBeLessThanOrEqual(0);
        expect(compareValues(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('is transitive among numbers of different types', () => {
    fc.assert(
      fc.property(fc.tuple(anyNumber, anyNumber, anyNumber), (triple) => {
        const [a, b, c] = [...triple].sort((x, y) => compareValues(x, y));
        expect(compareValues(a, c)).toBeLessThanOrEqual(0);
        if (compareValues(a, b) === 0 && compareValues(b, c) === 0) {
          expect(compareValues(a, c)).toBe(0);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('numbers', () => {
  it.each<[unknown, number | undefined, number | undefined, bigint | undefined]>([
    [new Int32(5), 5, 5, 5n],
    [new Double(2.5), 2.5, undefined, undefined],
    [new Double(3), 3, 3, 3n],
    [Long.MAX_VALUE, 2 ** 63, undefined, 2n ** 63n - 1n],
    [decimal('12.00'), 12, 12, 12n],
    [decimal('12.5'), 12.5, undefined, undefined],
    [decimal('1E+30'), 1e30, undefined, undefined],
    [new Double(Number.NaN), Number.NaN, undefined, undefined],
    [new Double(2 ** 63), 2 ** 63, undefined, undefined],
    ['5', undefined, undefined, undefined],
    [null, undefined, undefined, undefined],
    [new Timestamp({ t: 1, i: 1 }), undefined, undefined, undefined],
  ])('converts %p', (value, number, safe, int64) => {
    expect(toNumber(value)).toBe(number);
    expect(toSafeInteger(value)).toBe(safe);
    expect(toInt64(value)).toBe(int64);
    expect(isNumeric(value)).toBe(number !== undefined);
  });

  it('drops fractions towards zero when asked to', () => {
    expect(toInt64(decimal('-12.9'), true)).toBe(-12n);
    expect(toInt64(new Double(12.9), true)).toBe(12n);
    expect(toInt64(decimal('1E-100'), true)).toBe(0n);
  });

  it.each<[unknown, boolean]>([
    [new Int32(0), false],
    [new Double(-0), false],
    [decimal('0.00'), false],
    [Long.ZERO, false],
    [null, false],
    [undefined, false],
    [false, false],
    [new Double(Number.NaN), true],
    ['', true],
    [[], true],
    [new Int32(2), true],
  ])('truth of %p is %p', (value, expected) => {
    expect(isTruthy(value)).toBe(expected);
  });
});

describe('documents', () => {
  it('keeps __proto__ and constructor as plain names', () => {
    const document = createDocument();
    setField(document, '__proto__', { polluted: 1 });
    setField(document, 'constructor', 'x');
    expect(Object.keys(document)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(document)).toBe(Object.prototype);
    expect(getField(document, '__proto__')).toEqual({ polluted: 1 });
    expect(getField({}, 'constructor')).toBeUndefined();
    expect(getField({}, '__proto__')).toBeUndefined();
    const copy = cloneValue(document);
    expect(Object.keys(copy)).toEqual(['__proto__', 'constructor']);
    expect(getField(copy, '__proto__')).not.toBe(getField(document, '__proto__'));
  });

  it('spells out references', () => {
    const id = new ObjectId();
    expect(documentOf(new DBRef('c', id, 'd', { extra: 1 }))).toEqual({
      $ref: 'c',
      $id: id,
      $db: 'd',
      extra: 1,
    });
    expect(isDocument(new DBRef('c', id))).toBe(false);
    expect(documentOf([])).toBeUndefined();
    expect(documentOf(new Date())).toBeUndefined();
  });
});
