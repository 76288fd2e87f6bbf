import { describe, expect, it } from '@jest/globals';
import {
  Binary,
  BSONRegExp,
  Decimal128,
  Double,
  EJSON,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';
import fc from 'fast-check';
import { asBigInt } from './aggregate-arithmetic.ts';
import { evaluateExpression } from './aggregate.ts';
import { MongoServerError } from './errors.ts';
import type { BsonDocument, Collation } from './types.ts';

const NOW = new Date('2026-03-04T05:06:07.089Z');
const long = (text: string | number): Long => Long.fromString(String(text));
const decimal = (text: string): Decimal128 => Decimal128.fromString(text);
const double = (value: number): Double => new Double(value);
const date = (text: string): Date => new Date(text);
const MISSING = Symbol('missing');
const ID = new ObjectId('65a1b2c30000000000000000');

const DOCUMENT: BsonDocument = {
  _id: 1,
  int: 7,
  double: double(1),
  half: 2.5,
  long: long('9007199254740993'),
  decimal: decimal('1.10'),
  text: 'Hello',
  empty: null,
  list: [3, 1, 2],
  rows: [{ x: 1, y: [10, 11] }, { x: 2 }, 5, { z: 3 }],
  nested: [[{ x: 1 }], { x: 9 }],
  object: { a: 1, b: { c: 'deep' } },
  date: date('2024-01-31T10:20:30.400Z'),
  id: ID,
  flag: false,
};

function evaluate(
  expression: unknown,
  extra: { variables?: BsonDocument; collation?: Collation } = {},
): unknown {
  const result = evaluateExpression(DOCUMENT, expression, { now: NOW, ...extra });
  return result === undefined ? MISSING : result;
}

const exact = (value: unknown): string =>
  value === MISSING ? 'missing' : EJSON.stringify({ value }, { relaxed: false });

function errorCode(expression: unknown): number {
  try {
    evaluate(expression);
  } catch (error) {
    if (error instanceof MongoServerError) {
      return error.code;
    }
    throw error;
  }
  return 0;
}

type Case = [expression: unknown, expected: unknown];

function table(name: string, cases: readonly Case[]): void {
  describe(name, () => {
    it.each(
      cases.map(([expression, expected]) => [JSON.stringify(expression), expression, expected] as const),
    )('%s', (_text, expression, expected) => {
      expect(exact(evaluate(expression))).toBe(exact(expected));
    });
  });
}

table('paths, literals and variables', [
  ['$int', 7],
  ['$missing', MISSING],
  ['$object.b.c', 'deep'],
  ['$rows.x', [1, 2]],
  ['$rows.y', [[10, 11]]],
  ['$rows.0', []],
  ['$nested.x', [9]],
  ['$text.x', MISSING],
  ['$$ROOT.int', 7],
  ['$$CURRENT.int', 7],
  ['$$REMOVE', MISSING],
  ['$$NOW', NOW],
  ['plain', 'plain'],
  [{ a: '$int', b: '$missing' }, { a: 7 }],
  [
    ['$int', '$missing'],
    [7, null],
  ],
  [{}, {}],
  [{ $literal: '$int' }, '$int'],
  [{ $let: { vars: { v: '$int', w: 2 }, in: { $add: ['$$v', '$$w'] } } }, 9],
  [{ $let: { vars: { v: 1 }, in: { $let: { vars: { v: 2 }, in: '$$v' } } } }, 2],
  [{ $let: { vars: { CURRENT: '$object' }, in: '$b.c' } }, 'deep'],
  ['$__proto__', MISSING],
  ['$constructor', MISSING],
  ['$object.constructor.name', MISSING],
]);

table('numbers keep their types', [
  ['$double', double(1)],
  ['$long', long('9007199254740993')],
  [{ $add: [1, 2] }, 3],
  [{ $add: [2147483647, 1] }, long('2147483648')],
  [{ $add: ['$long', 1] }, long('9007199254740994')],
  [{ $add: [long('9223372036854775807'), 1] }, double(2 ** 63)],
  [{ $add: [double(1), 1] }, double(2)],
  [{ $add: ['$decimal', 1] }, decimal('2.10')],
  [{ $add: ['$decimal', 0.1] }, decimal('1.200000000000000')],
  [{ $add: [decimal('0.1'), decimal('0.2')] }, decimal('0.3')],
  [{ $add: ['$int', null] }, null],
  [{ $add: ['$int', '$missing'] }, null],
  [{ $add: ['$date', 1000] }, date('2024-01-31T10:20:31.400Z')],
  [{ $subtract: [5, 7] }, -2],
  [{ $subtract: [-2147483648, 1] }, long('-2147483649')],
  [{ $subtract: ['$date', date('2024-01-31T10:20:30.000Z')] }, long(400)],
  [{ $subtract: ['$date', 400] }, date('2024-01-31T10:20:30.000Z')],
  [{ $multiply: [3, 4] }, 12],
  [{ $multiply: ['$long', 3] }, long('27021597764222979')],
  [{ $multiply: [decimal('1.1'), 2] }, decimal('2.2')],
  [{ $multiply: [100000, 100000] }, long('10000000000')],
  [{ $divide: [4, 2] }, double(2)],
  [{ $divide: [1, 4] }, 0.25],
  [{ $divide: [decimal('1'), 3] }, decimal('0.3333333333333333333333333333333333')],
  [{ $divide: [decimal('6.0'), 2] }, decimal('3.0')],
  [{ $mod: [7, 4] }, 3],
  [{ $mod: [-7, 4] }, -3],
  [{ $mod: [7.5, 2] }, 1.5],
  [{ $mod: [decimal('7.5'), 2] }, decimal('1.5')],
  [{ $abs: -5 }, 5],
  [{ $abs: -2147483648 }, long('2147483648')],
  [{ $abs: decimal('-1.50') }, decimal('1.50')],
  [{ $ceil: 2.1 }, double(3)],
  [{ $ceil: 5 }, 5],
  [{ $floor: -2.1 }, double(-3)],
  [{ $floor: decimal('-2.1') }, decimal('-3')],
  [{ $round: 2.5 }, double(2)],
  [{ $round: 3.5 }, double(4)],
  [{ $round: [2.675, 2] }, 2.67],
  [{ $round: [10.5555, -1] }, double(10)],
  [{ $round: [12345, -2] }, 12300],
  [{ $round: [decimal('2.345'), 2] }, decimal('2.34')],
  [{ $trunc: [-7.89, 1] }, -7.8],
  [{ $trunc: 7.9 }, double(7)],
  [{ $sqrt: 16 }, double(4)],
  [{ $sqrt: decimal('2') }, decimal('1.414213562373095048801688724209698')],
  [{ $pow: [2, 10] }, 1024],
  [{ $pow: [2, 40] }, long('1099511627776')],
  [{ $pow: [2, -1] }, 0.5],
  [{ $pow: [decimal('1.1'), 2] }, decimal('1.21')],
  [{ $exp: 0 }, double(1)],
  [{ $ln: 1 }, double(0)],
  [{ $log10: 1000 }, double(3)],
  [{ $log: [8, 2] }, double(3)],
  [{ $sin: 0 }, double(0)],
  [{ $degreesToRadians: 180 }, Math.PI],
  [{ $bitAnd: [12, 10] }, 8],
  [{ $bitOr: [12, long(3)] }, long(15)],
  [{ $bitXor: [5, 1] }, 4],
  [{ $bitNot: 5 }, -6],
]);

table('accumulators as expressions', [
  [{ $sum: '$list' }, 6],
  [{ $sum: ['$list', 1] }, 1],
  [{ $sum: [1, '$long', decimal('0.5')] }, decimal('9007199254740994.5')],
  [{ $sum: ['x', null] }, 0],
  [{ $sum: [[0.1, 0.2, 0.3]] }, 0.6],
  [{ $avg: '$list' }, double(2)],
  [{ $avg: [1, decimal('2')] }, decimal('1.5')],
  [{ $avg: [] }, null],
  [{ $max: '$list' }, 3],
  [{ $max: ['$long', double(9007199254740992)] }, long('9007199254740993')],
  [{ $min: [decimal('1.0'), 2, null] }, decimal('1.0')],
  [{ $max: [null] }, null],
  [{ $stdDevPop: [1, 3] }, double(1)],
  [{ $stdDevSamp: [1] }, null],
  [{ $median: { input: '$list', method: 'approximate' } }, double(2)],
  [{ $percentile: { input: '$list', p: [0, 1], method: 'approximate' } }, [double(1), double(3)]],
]);

table('comparison and logic', [
  [{ $eq: ['$int', long(7)] }, true],
  [{ $eq: ['$missing', null] }, false],
  [{ $lt: ['$missing', null] }, true],
  [{ $gt: ['x', 5] }, true],
  [{ $cmp: [1, 2] }, -1],
  [{ $cmp: [new MinKey(), new MaxKey()] }, -1],
  [
    {
      $eq: [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    },
    false,
  ],
  [{ $gte: ['$long', double(9007199254740992)] }, true],
  [{ $ne: [decimal('1.0'), 1] }, false],
  [{ $and: [] }, true],
  [{ $or: [] }, false],
  [{ $and: [1, 'x', []] }, true],
  [{ $and: [1, 0] }, false],
  [{ $and: [false, { $divide: [1, 0] }] }, false],
  [{ $or: [null, '$int'] }, true],
  [{ $not: ['$flag'] }, true],
  [{ $not: { $eq: [1, 1] } }, false],
  [{ $cond: ['$flag', 1, 2] }, 2],
  [{ $cond: { if: '$int', then: 'yes', else: { $divide: [1, 0] } } }, 'yes'],
  [{ $ifNull: ['$missing', '$empty', 'x'] }, 'x'],
  [{ $ifNull: ['$missing', null] }, null],
  [
    {
      $switch: {
        branches: [
          { case: false, then: 1 },
          { case: true, then: 2 },
        ],
        default: 3,
      },
    },
    2,
  ],
  [{ $switch: { branches: [{ case: false, then: 1 }], default: 3 } }, 3],
]);

table('arrays and sets', [
  [{ $arrayElemAt: ['$list', 0] }, 3],
  [{ $arrayElemAt: ['$list', -1] }, 2],
  [{ $arrayElemAt: ['$list', 9] }, MISSING],
  [{ $arrayElemAt: ['$missing', 0] }, null],
  [{ $first: '$list' }, 3],
  [{ $last: '$list' }, 2],
  [{ $first: [[]] }, MISSING],
  [{ $size: '$list' }, 3],
  [{ $slice: ['$list', 2] }, [3, 1]],
  [{ $slice: ['$list', -2] }, [1, 2]],
  [{ $slice: ['$list', 1, 5] }, [1, 2]],
  [{ $slice: ['$list', -9, 2] }, [3, 1]],
  [{ $filter: { input: '$list', as: 'n', cond: { $gte: ['$$n', 2] } } }, [3, 2]],
  [{ $filter: { input: '$list', cond: { $gte: ['$$this', 1] }, limit: 1 } }, [3]],
  [{ $filter: { input: null, cond: true } }, null],
  [{ $map: { input: '$list', as: 'n', in: { $multiply: ['$$n', '$int'] } } }, [21, 7, 14]],
  [{ $map: { input: '$rows', in: '$$this.x' } }, [1, 2, null, null]],
  [{ $reduce: { input: '$list', initialValue: 0, in: { $add: ['$$value', '$$this'] } } }, 6],
  [{ $concatArrays: ['$list', [9]] }, [3, 1, 2, 9]],
  [{ $concatArrays: ['$list', null] }, null],
  [{ $in: [2, '$list'] }, true],
  [{ $in: [double(2), '$list'] }, true],
  [{ $indexOfArray: ['$list', 1] }, 1],
  [{ $indexOfArray: ['$list', 3, 1] }, -1],
  [{ $range: [0, 10, 4] }, [0, 4, 8]],
  [{ $range: [3, 0, -1] }, [3, 2, 1]],
  [{ $reverseArray: '$list' }, [2, 1, 3]],
  [{ $sortArray: { input: '$list', sortBy: -1 } }, [3, 2, 1]],
  [{ $sortArray: { input: [{ a: 2 }, { a: 1 }], sortBy: { a: 1 } } }, [{ a: 1 }, { a: 2 }]],
  [{ $zip: { inputs: [[1, 2], ['a']] } }, [[1, 'a']]],
  [
    { $zip: { inputs: [[1, 2], ['a']], useLongestLength: true, defaults: [0, 'z'] } },
    [
      [1, 'a'],
      [2, 'z'],
    ],
  ],
  [{ $isArray: ['$list'] }, true],
  [{ $isArray: '$int' }, false],
  [{ $firstN: { n: 2, input: '$list' } }, [3, 1]],
  [{ $lastN: { n: 2, input: '$list' } }, [1, 2]],
  [{ $maxN: { n: 2, input: '$list' } }, [3, 2]],
  [{ $minN: { n: 5, input: [null, 4] } }, [4]],
  [
    { $objectToArray: '$object' },
    [
      { k: 'a', v: 1 },
      { k: 'b', v: { c: 'deep' } },
    ],
  ],
  [
    {
      $arrayToObject: [
        [
          ['a', 1],
          ['b', 2],
        ],
      ],
    },
    { a: 1, b: 2 },
  ],
  [{ $arrayToObject: { $literal: [{ k: 'a', v: 1 }] } }, { a: 1 }],
  [{ $mergeObjects: ['$object', { a: 9 }, null] }, { a: 9, b: { c: 'deep' } }],
  [
    {
      $setUnion: [
        [1, 2],
        [2, long(1), 3],
      ],
    },
    [1, 2, 3],
  ],
  [
    {
      $setIntersection: [
        [1, 2, 2],
        [2, double(1)],
      ],
    },
    [1, 2],
  ],
  [{ $setDifference: [[1, 2, 2, 3], [3]] }, [1, 2]],
  [
    {
      $setEquals: [
        [1, 2],
        [2, 1, 1],
      ],
    },
    true,
  ],
  [{ $setIsSubset: [[1], [2, 1]] }, true],
  [{ $anyElementTrue: [[0, null, 1]] }, true],
  [{ $allElementsTrue: [[]] }, true],
  [{ $getField: 'int' }, 7],
  [{ $getField: { field: 'a', input: '$object' } }, 1],
  [{ $setField: { field: 'x', input: { a: 1 }, value: 2 } }, { a: 1, x: 2 }],
  [{ $unsetField: { field: 'a', input: '$object' } }, { b: { c: 'deep' } }],
]);

table('strings', [
  [{ $concat: ['$text', '!'] }, 'Hello!'],
  [{ $concat: ['$text', null] }, null],
  [{ $toUpper: 'aßé' }, 'Aßé'],
  [{ $toLower: null }, ''],
  [{ $toLower: double(2.5) }, '2.5'],
  [{ $strcasecmp: ['abc', 'ABD'] }, -1],
  [{ $substrBytes: ['héllo', 0, 1] }, 'h'],
  [{ $substr: ['$text', 1, -1] }, 'ello'],
  [{ $substrCP: ['h\u{1f600}llo', 1, 2] }, '\u{1f600}l'],
  [{ $strLenBytes: 'é' }, 2],
  [{ $strLenCP: '\u{1f600}é' }, 2],
  [{ $split: ['a-b-c', '-'] }, ['a', 'b', 'c']],
  [{ $trim: { input: '  x \n' } }, 'x'],
  [{ $ltrim: { input: 'xxaxx', chars: 'x' } }, 'axx'],
  [{ $rtrim: { input: 'xxaxx', chars: 'x' } }, 'xxa'],
  [{ $indexOfCP: ['h\u{1f600}llo', 'l'] }, 2],
  [{ $indexOfBytes: ['h\u{1f600}llo', 'l'] }, 5],
  [{ $indexOfCP: ['abcabc', 'b', 2] }, 4],
  [{ $replaceOne: { input: 'aaa', find: 'a', replacement: { $literal: '$&' } } }, '$&aa'],
  [{ $replaceAll: { input: 'aaa', find: 'a', replacement: 'b' } }, 'bbb'],
  [{ $regexMatch: { input: '$text', regex: new BSONRegExp('^h', 'i') } }, true],
  [{ $regexMatch: { input: '$text', regex: '^h' } }, false],
  [{ $regexMatch: { input: null, regex: '^h' } }, false],
  [{ $regexFind: { input: 'é1 b22', regex: '(\\d)(\\d)?' } }, { match: '1', idx: 1, captures: ['1', null] }],
  [
    { $regexFindAll: { input: 'a1b2', regex: '[0-9]' } },
    [
      { match: '1', idx: 1, captures: [] },
      { match: '2', idx: 3, captures: [] },
    ],
  ],
  [{ $regexFind: { input: 'x', regex: 'y' } }, null],
]);

table('types and conversion', [
  [{ $type: '$int' }, 'int'],
  [{ $type: '$double' }, 'double'],
  [{ $type: '$long' }, 'long'],
  [{ $type: '$decimal' }, 'decimal'],
  [{ $type: '$missing' }, 'missing'],
  [{ $type: '$id' }, 'objectId'],
  [{ $type: new Timestamp({ t: 1, i: 1 }) }, 'timestamp'],
  [{ $type: [new Binary(Buffer.from('x'))] }, 'binData'],
  [{ $isNumber: '$decimal' }, true],
  [{ $isNumber: 'x' }, false],
  [{ $toInt: '12' }, 12],
  [{ $toInt: 2.9 }, 2],
  [{ $toInt: true }, 1],
  [{ $toLong: '9007199254740993' }, long('9007199254740993')],
  [{ $toLong: '$date' }, long(1706696430400)],
  [{ $toDouble: '1.5' }, 1.5],
  [{ $toDouble: '$long' }, double(9007199254740992)],
  [{ $toDecimal: 2.5 }, decimal('2.50000000000000')],
  [{ $toDecimal: '1.20' }, decimal('1.20')],
  [{ $toDecimal: '$long' }, decimal('9007199254740993')],
  [{ $toDecimal: 0 }, decimal('0')],
  [{ $toString: '$double' }, '1'],
  [{ $toString: 2.5 }, '2.5'],
  [{ $toString: '$id' }, '65a1b2c30000000000000000'],
  [{ $toString: '$date' }, '2024-01-31T10:20:30.400Z'],
  [{ $toString: '$long' }, '9007199254740993'],
  [{ $toString: false }, 'false'],
  [{ $toBool: 'false' }, true],
  [{ $toBool: decimal('0.0') }, false],
  [{ $toDate: '$id' }, date('2024-01-12T21:44:35.000Z')],
  [{ $toDate: long(5) }, new Date(5)],
  [{ $toDate: '2024-02-03' }, date('2024-02-03T00:00:00Z')],
  [{ $toDate: '2024-02-03T04:05:06+02:00' }, date('2024-02-03T02:05:06Z')],
  [{ $toObjectId: '65a1b2c30000000000000000' }, ID],
  [{ $toInt: null }, null],
  [{ $convert: { input: 'x', to: 'int', onError: 'bad' } }, 'bad'],
  [{ $convert: { input: null, to: 'int', onNull: 0 } }, 0],
  [{ $convert: { input: '7', to: 16 } }, 7],
  [{ $bsonSize: { a: 1 } }, 12],
  [{ $binarySize: 'é' }, 2],
]);

table('dates', [
  [{ $year: '$date' }, 2024],
  [{ $month: '$id' }, 1],
  [{ $hour: { date: '$date', timezone: 'America/New_York' } }, 5],
  [{ $dayOfMonth: { date: '$date', timezone: '+14' } }, 1],
  [{ $dayOfWeek: '$date' }, 4],
  [{ $dayOfYear: date('2024-12-31T00:00:00Z') }, 366],
  [{ $week: date('2024-01-07T00:00:00Z') }, 1],
  [{ $isoWeek: date('2021-01-03T00:00:00Z') }, 53],
  [{ $isoWeekYear: date('2021-01-03T00:00:00Z') }, long(2020)],
  [{ $isoDayOfWeek: date('2021-01-03T00:00:00Z') }, 7],
  [{ $year: null }, null],
  [{ $dateAdd: { startDate: '$date', unit: 'month', amount: 1 } }, date('2024-02-29T10:20:30.400Z')],
  [
    { $dateAdd: { startDate: date('2023-01-31T00:00:00Z'), unit: 'month', amount: 1 } },
    date('2023-02-28T00:00:00Z'),
  ],
  [
    { $dateAdd: { startDate: date('2024-02-29T00:00:00Z'), unit: 'year', amount: 1 } },
    date('2025-02-28T00:00:00Z'),
  ],
  [
    { $dateAdd: { startDate: date('2024-11-30T00:00:00Z'), unit: 'quarter', amount: 1 } },
    date('2025-02-28T00:00:00Z'),
  ],
  [
    { $dateSubtract: { startDate: date('2024-03-31T00:00:00Z'), unit: 'month', amount: 1 } },
    date('2024-02-29T00:00:00Z'),
  ],
  [{ $dateAdd: { startDate: '$date', unit: 'week', amount: long(2) } }, date('2024-02-14T10:20:30.400Z')],
  // 2024-03-10: clocks in New York go from 02:00 to 03:00.
  [
    {
      $dateAdd: {
        startDate: date('2024-03-09T17:00:00Z'),
        unit: 'day',
        amount: 1,
        timezone: 'America/New_York',
      },
    },
    date('2024-03-10T16:00:00Z'),
  ],
  [
    {
      $dateAdd: {
        startDate: date('2024-03-09T17:00:00Z'),
        unit: 'hour',
        amount: 24,
        timezone: 'America/New_York',
      },
    },
    date('2024-03-10T17:00:00Z'),
  ],
  [
    {
      $dateAdd: {
        startDate: date('2024-03-09T07:30:00Z'),
        unit: 'day',
        amount: 1,
        timezone: 'America/New_York',
      },
    },
    date('2024-03-10T07:30:00Z'),
  ],
  [{ $dateAdd: { startDate: null, unit: 'day', amount: 1 } }, null],
  [
    {
      $dateDiff: {
        startDate: date('2023-12-31T23:59:59Z'),
        endDate: date('2024-01-01T00:00:00Z'),
        unit: 'year',
      },
    },
    long(1),
  ],
  [
    {
      $dateDiff: {
        startDate: date('2024-01-31T00:00:00Z'),
        endDate: date('2024-03-01T00:00:00Z'),
        unit: 'month',
      },
    },
    long(2),
  ],
  [
    {
      $dateDiff: {
        startDate: date('2024-01-06T00:00:00Z'),
        endDate: date('2024-01-07T00:00:00Z'),
        unit: 'week',
      },
    },
    long(1),
  ],
  [
    {
      $dateDiff: {
        startDate: date('2024-01-07T00:00:00Z'),
        endDate: date('2024-01-08T00:00:00Z'),
        unit: 'week',
        startOfWeek: 'monday',
      },
    },
    long(1),
  ],
  [
    {
      $dateDiff: {
        startDate: date('2024-03-10T05:30:00Z'),
        endDate: date('2024-03-11T03:30:00Z'),
        unit: 'day',
        timezone: 'America/New_York',
      },
    },
    long(0),
  ],
  [
    {
      $dateDiff: {
        startDate: date('2024-03-10T05:00:00Z'),
        endDate: date('2024-03-11T04:00:00Z'),
        unit: 'hour',
        timezone: 'America/New_York',
      },
    },
    long(23),
  ],
  [
    {
      $dateDiff: {
        startDate: date('2024-01-02T00:00:00Z'),
        endDate: date('2024-01-01T00:00:00Z'),
        unit: 'hour',
      },
    },
    long(-24),
  ],
  [
    {
      $dateDiff: {
        startDate: date('2024-01-01T00:00:59Z'),
        endDate: date('2024-01-01T00:01:00Z'),
        unit: 'minute',
      },
    },
    long(1),
  ],
  [{ $dateTrunc: { date: '$date', unit: 'month' } }, date('2024-01-01T00:00:00Z')],
  [{ $dateTrunc: { date: '$date', unit: 'day', timezone: 'Europe/Berlin' } }, date('2024-01-30T23:00:00Z')],
  [{ $dateTrunc: { date: '$date', unit: 'week' } }, date('2024-01-28T00:00:00Z')],
  [{ $dateTrunc: { date: '$date', unit: 'week', startOfWeek: 'Mon' } }, date('2024-01-29T00:00:00Z')],
  [{ $dateTrunc: { date: '$date', unit: 'quarter' } }, date('2024-01-01T00:00:00Z')],
  [
    { $dateTrunc: { date: date('2021-03-20T11:30:05Z'), unit: 'hour', binSize: 2 } },
    date('2021-03-20T10:00:00Z'),
  ],
  [
    { $dateTrunc: { date: date('2021-03-20T11:30:05Z'), unit: 'week', binSize: 2, startOfWeek: 'monday' } },
    date('2021-03-15T00:00:00Z'),
  ],
  [
    { $dateTrunc: { date: date('2021-03-20T11:30:05Z'), unit: 'month', binSize: 6 } },
    date('2021-01-01T00:00:00Z'),
  ],
  [
    { $dateTrunc: { date: date('1999-12-31T23:00:00Z'), unit: 'year', binSize: 10 } },
    date('1990-01-01T00:00:00Z'),
  ],
  [
    { $dateTrunc: { date: date('2024-07-15T12:00:00Z'), unit: 'month', timezone: 'America/New_York' } },
    date('2024-07-01T04:00:00Z'),
  ],
  [{ $dateToString: { date: '$date' } }, '2024-01-31T10:20:30.400Z'],
  [{ $dateToString: { date: '$date', timezone: '+05:30' } }, '2024-01-31T15:50:30.400'],
  [
    { $dateToString: { date: '$date', format: '%Y/%m/%d %H:%M:%S:%L %j %w %u %U %V %G %%' } },
    '2024/01/31 10:20:30:400 031 4 3 04 05 2024 %',
  ],
  [
    { $dateToString: { date: '$date', format: '%z %Z %b %B', timezone: 'America/New_York' } },
    '-0500 -300 Jan January',
  ],
  [{ $dateToString: { date: null, onNull: 'none' } }, 'none'],
  [{ $dateToString: { date: '$missing' } }, null],
  [{ $dateFromString: { dateString: '2017-02-08T12:10:40.787' } }, date('2017-02-08T12:10:40.787Z')],
  [
    { $dateFromString: { dateString: '2017-02-08T12:10:40.787', timezone: 'America/New_York' } },
    date('2017-02-08T17:10:40.787Z'),
  ],
  [{ $dateFromString: { dateString: '06-15-2018', format: '%m-%d-%Y' } }, date('2018-06-15T00:00:00Z')],
  [{ $dateFromString: { dateString: 'Jun 15 2018', format: '%b %d %Y' } }, date('2018-06-15T00:00:00Z')],
  [{ $dateFromString: { dateString: 'nonsense', onError: 'bad' } }, 'bad'],
  [{ $dateFromString: { dateString: null, onNull: 'none' } }, 'none'],
  [
    { $dateToParts: { date: '$date' } },
    { year: 2024, month: 1, day: 31, hour: 10, minute: 20, second: 30, millisecond: 400 },
  ],
  [
    { $dateToParts: { date: '$date', iso8601: true, timezone: 'Asia/Tokyo' } },
    { isoWeekYear: 2024, isoWeek: 5, isoDayOfWeek: 3, hour: 19, minute: 20, second: 30, millisecond: 400 },
  ],
  [{ $dateFromParts: { year: 2024, month: 14, day: 1 } }, date('2025-02-01T00:00:00Z')],
  [{ $dateFromParts: { year: 2024, day: 0 } }, date('2023-12-31T00:00:00Z')],
  [
    { $dateFromParts: { year: 2017, month: 2, day: 8, hour: 12, timezone: 'America/New_York' } },
    date('2017-02-08T17:00:00Z'),
  ],
  [{ $dateFromParts: { isoWeekYear: 2021, isoWeek: 1, isoDayOfWeek: 1 } }, date('2021-01-04T00:00:00Z')],
]);

describe('errors', () => {
  it.each([
    [{ $nope: 1 }, 168],
    [{ $add: 1, $subtract: 2 }, 15983],
    [{ a: 1, $add: [] }, 16410],
    [{ 'a.b': 1 }, 16412],
    ['$$nope', 17276],
    ['$', 16872],
    ['$a.', 40353],
    ['$a..b', 15998],
    ['$a.$b', 16410],
    [{ $divide: [1, 0] }, 2],
    [{ $mod: [1, 0] }, 16610],
    [{ $add: ['x', 1] }, 14],
    [{ $add: [date('2024-01-01'), date('2024-01-01')] }, 16612],
    [{ $subtract: ['x', 1] }, 14],
    [{ $multiply: ['x', 1] }, 14],
    [{ $abs: 'x' }, 28765],
    [{ $sqrt: -1 }, 28714],
    [{ $pow: [0, -1] }, 28764],
    [{ $ln: 0 }, 28766],
    [{ $acos: 2 }, 50989],
    [{ $size: '$missing' }, 17124],
    [{ $size: '$int' }, 17124],
    [{ $arrayElemAt: ['x', 0] }, 28689],
    [{ $in: [1, 2] }, 40081],
    [{ $filter: { input: 1, cond: true } }, 28651],
    [{ $filter: { cond: true } }, 28648],
    [{ $map: { input: 1, in: 1 } }, 16883],
    [{ $concat: ['x', 1] }, 16702],
    [{ $strLenCP: null }, 34471],
    [{ $substrBytes: ['é', 1, 1] }, 28656],
    [{ $split: ['a', ''] }, 40087],
    [{ $toInt: 'x' }, 241],
    [{ $toInt: '1.5' }, 241],
    [{ $toInt: long('2147483648') }, 241],
    [{ $toDate: 5 }, 241],
    [{ $toDate: 'nonsense' }, 241],
    [{ $toObjectId: 'x' }, 241],
    [{ $year: 'x' }, 16006],
    [{ $year: { date: '$date', timezone: 'Nowhere/City' } }, 40485],
    [{ $dateAdd: { startDate: '$date', unit: 'fortnight', amount: 1 } }, 9],
    [{ $dateAdd: { startDate: '$date', unit: 'day', amount: 1.5 } }, 5166405],
    [{ $dateTrunc: { date: '$date', unit: 'day', binSize: 0 } }, 5439018],
    [{ $dateToString: { date: '$date', format: '%q' } }, 18536],
    [{ $dateFromString: { dateString: 'x', format: '%Y' } }, 241],
    [{ $cond: [1, 2] }, 16020],
    [{ $eq: [1] }, 16020],
    [{ $switch: { branches: [{ case: false, then: 1 }] } }, 40066],
    [{ $switch: { branches: [] } }, 40068],
    [{ $arrayToObject: { $literal: [1] } }, 40391],
    [{ $mergeObjects: [1] }, 40400],
    [{ $function: { body: 'x', args: [], lang: 'js' } }, 2],
    [{ $regexMatch: { input: 'x', regex: '(' } }, 51091],
    [{ $let: { vars: { V: 1 }, in: 1 } }, 16867],
    [{ $setUnion: [1] }, 17043],
    [{ $range: [0, 5, 0] }, 34449],
    [{ $convert: { input: 1, to: 'nothing' } }, 2],
  ] as [unknown, number][])('%j gives code %i', (expression, code) => {
    expect(errorCode(expression)).toBe(code);
  });

  it('refuses expressions nested too deeply', () => {
    let expression: unknown = 1;
    for (let depth = 0; depth < 5000; depth += 1) {
      expression = { $abs: expression };
    }
    expect(errorCode(expression)).toBe(15);
  });
});

describe('context', () => {
  it('reads the variables of the command', () => {
    expect(evaluate({ $add: ['$$a.b', 1] }, { variables: { a: { b: 4 } } })).toEqual(new Int32(5));
  });

  it('does not find inherited names among the variables', () => {
    expect(() => evaluate('$$constructor', { variables: {} })).toThrow(/undefined variable/);
  });

  it('compares by the collation', () => {
    const collation = { locale: 'en', strength: 2 };
    expect(evaluate({ $eq: ['a', 'A'] }, { collation })).toBe(true);
    expect(evaluate({ $setUnion: [['a', 'A', 'b']] }, { collation })).toEqual(['a', 'b']);
  });

  it('writes __proto__ as a plain field', () => {
    const result = evaluate({ $arrayToObject: { $literal: [{ k: '__proto__', v: { x: 1 } }] } });
    expect(JSON.stringify(result)).toBe('{"__proto__":{"x":1}}');
    expect(Reflect.get({}, 'x')).toBeUndefined();
  });
});

describe('exact integers', () => {
  it('adds and multiplies int64 as big integers do, as long as they fit', () => {
    const number = fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n });
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [x, y] = [Long.fromBigInt(a), Long.fromBigInt(b)];
        expect(asBigInt(evaluate({ $add: [x, y] }))).toBe(a + b);
        expect(asBigInt(evaluate({ $multiply: [x, y] }))).toBe(a * b);
        expect(asBigInt(evaluate({ $subtract: [x, y] }))).toBe(a - b);
      }),
    );
  });

  it('sums cents as decimals without loss', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }), { minLength: 1 }),
        (cents) => {
          const amounts = cents.map((amount) => {
            const digits = String(Math.abs(amount)).padStart(3, '0');
            return decimal(`${amount < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`);
          });
          const total = evaluate({ $multiply: [{ $sum: [amounts] }, 100] });
          expect(Number(String(total))).toBe(cents.reduce((sum, amount) => sum + amount, 0));
        },
      ),
    );
  });
});
