import { BSONRegExp, MinKey } from 'bson';
import { describe, expect, it } from '@jest/globals';
import { anchoredPrefix, conjunctionOf, coversNull } from './predicates.ts';
import type { BsonDocument } from './semantics/types.ts';

const shown = (filter: BsonDocument): string[] =>
  conjunctionOf(filter).predicates.map((one) => `${one.path} ${one.operator} ${JSON.stringify(one.value)}`);

describe('anchoredPrefix', () => {
  it.each([
    ['^abc', '', 'abc'],
    ['^abc.*', '', 'abc'],
    ['^abc*', '', 'ab'],
    ['^ab?c', '', 'a'],
    ['^a{2}', '', ''],
    ['^a|b', '', ''],
    ['^abc', 'i', ''],
    ['abc', '', ''],
    ['^a\\.b', '', 'a'],
    ['^', '', ''],
    ['^ä€😀x+', '', 'ä€😀x'],
    ['^a😀*', '', 'a'],
    ['^😀😀?', '', '😀'],
  ])('of %s with options %j is %j', (pattern, options, prefix) => {
    expect(anchoredPrefix(pattern, options)).toBe(prefix);
  });
});

describe('conjunctionOf', () => {
  it.each<[BsonDocument, string[]]>([
    [{ a: 1, b: 'x' }, ['a eq 1', 'b eq "x"']],
    [{ a: { $gt: 1, $lte: 5 } }, ['a gt 1', 'a lte 5']],
    [{ $and: [{ a: 1 }, { $and: [{ b: 2 }] }] }, ['a eq 1', 'b eq 2']],
    [{ $or: [{ a: 1 }] }, ['a eq 1']],
    [{ a: { $in: [1, 2] } }, ['a in [1,2]']],
    [{ a: { $in: [new BSONRegExp('x')] } }, []],
    [{ a: { $elemMatch: { b: 1, c: { $gt: 2 } } } }, ['a.b eq 1', 'a.c gt 2']],
    [{ a: { $elemMatch: { $gt: 1 } } }, []],
    [{ a: { $all: [1, 2] } }, ['a eq 1']],
    [{ a: { $gte: null } }, ['a eq null']],
    [{ 'a.0': 1, 'a.1.b': { $in: [1, 2] } }, ['a.0 eq 1', 'a.1.b in [1,2]']],
    [{ 'a.0': null, 'a.1.b': { $in: [1, null] } }, []],
    [{ a: { $gt: NaN } }, []],
    [{ a: new MinKey() }, []],
    [{ a: { $exists: true } }, ['a exists true']],
    [{ a: { $exists: false } }, []],
    [{ a: { $ne: 1 } }, []],
    [{ a: { $not: { $gt: 1 } } }, []],
    [{ $nor: [{ a: 1 }] }, []],
    [{ $expr: { $eq: ['$a', 1] } }, []],
    [{ a: { $regex: '^ab' } }, ['a prefix "ab"']],
    [{ a: { $regex: '^ab', $options: 'i' } }, []],
  ])('of %j', (filter, expected) => {
    expect(shown(filter)).toEqual(expected);
  });

  it.each<[BsonDocument, boolean]>([
    [{ a: 1, b: { $gt: 2 } }, true],
    [{ a: { $in: ['x', 'y'] }, $comment: 'c' }, true],
    [{ a: null }, false],
    [{ a: { $ne: 1 } }, false],
    [{ a: [1] }, false],
    [{ a: { $regex: '^a' } }, false],
    [{ $or: [{ a: 1 }, { b: 1 }] }, false],
    [{ a: 1, $expr: true }, false],
  ])('of %j is complete: %p', (filter, complete) => {
    expect(conjunctionOf(filter).complete).toBe(complete);
  });

  it('keeps the branches of $or', () => {
    expect(conjunctionOf({ $or: [{ a: 1 }, { b: 2 }] }).alternatives).toEqual([[{ a: 1 }, { b: 2 }]]);
  });

  it('tells which conditions documents without the field may satisfy', () => {
    const [nothing, some, list] = conjunctionOf({ a: null, b: 1, c: { $in: [1, null] } }).predicates;
    expect([nothing, some, list].map((one) => one !== undefined && coversNull(one))).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe('a prefix', () => {
  it('leaves out an optional character beyond the basic plane as a whole', () => {
    expect(anchoredPrefix('^a\u{1F600}*', '')).toBe('a');
    expect(anchoredPrefix('^\u{1F600}?', '')).toBe('');
    expect(anchoredPrefix('^a\u{1F600}+', '')).toBe('a\u{1F600}');
  });
});
