import { describe, expect, it } from '@jest/globals';
import { compileTextSearch, textOperand } from './text.ts';

const weights = new Map([
  ['title', 3],
  ['tags', 1],
]);
const score = (search: string, document: Record<string, unknown>, options = {}): number =>
  compileTextSearch({ $search: search, ...options }, weights)(document);

describe('compileTextSearch', () => {
  it.each([
    ['coffee', { title: 'Black Coffee' }, true],
    ['coffee tea', { title: 'green tea' }, true],
    ['coff', { title: 'coffee' }, false],
    ['"black coffee"', { title: 'a black coffee' }, true],
    ['"black coffee"', { title: 'coffee, black' }, false],
    ['coffee -black', { title: 'black coffee' }, false],
    ['coffee -black', { title: 'white coffee' }, true],
    ['cafe', { title: 'Café' }, true],
    ['tea', { tags: ['coffee', 'tea'] }, true],
    ['tea', { other: 'tea' }, false],
    ['', { title: 'tea' }, false],
  ])('of %j in %j matches: %p', (search, document, matches) => {
    expect(score(search, document) > 0).toBe(matches);
  });

  it('heeds case and marks when asked to', () => {
    expect(score('coffee', { title: 'Coffee' }, { $caseSensitive: true })).toBe(0);
    expect(score('cafe', { title: 'café' }, { $diacriticSensitive: true })).toBe(0);
  });

  it('weighs the fields, and a field of that one word most', () => {
    expect(score('tea', { title: 'tea' })).toBeCloseTo(3.3);
    expect(score('tea', { tags: ['tea'] })).toBeCloseTo(1.1);
    expect(score('tea', { title: 'green tea' })).toBeCloseTo(2.25);
  });

  it('looks at all strings for a wildcard index', () => {
    const all = compileTextSearch({ $search: 'deep' }, new Map([['$**', 1]]));
    expect(all({ a: [{ b: 'deep' }], n: 1 })).toBeGreaterThan(0);
  });

  it('refuses malformed operands', () => {
    expect(() => compileTextSearch('x', weights)).toThrow(expect.objectContaining({ code: 9 }));
    expect(() => compileTextSearch({ $search: 1 }, weights)).toThrow(expect.objectContaining({ code: 14 }));
    expect(() => compileTextSearch({ $search: 'x', $foo: 1 }, weights)).toThrow(
      expect.objectContaining({ code: 9 }),
    );
  });
});

describe('textOperand', () => {
  it('is found at the top and in $and', () => {
    expect(textOperand({ $text: 1 })).toBe(1);
    expect(textOperand({ $and: [{ a: 1 }, { $text: 2 }] })).toBe(2);
    expect(textOperand({ a: { $text: 2 } })).toBeUndefined();
  });
});
