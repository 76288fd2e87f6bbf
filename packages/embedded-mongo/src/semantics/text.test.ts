import { describe, expect, it } from '@jest/globals';
import { compileTextSearch, textOperand } from './text.ts';

const weights = {
  weights: new Map([
    ['title', 3],
    ['tags', 1],
  ]),
  language: 'english',
};
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
    ['run', { title: 'running shoes' }, true],
    ['searching', { title: 'text search' }, true],
    ['stories', { title: "a story's end" }, true],
    ['the and of', { title: 'the end of the day' }, false],
    ['coffee -running', { title: 'coffee run' }, false],
    ['coffee -"white milk"', { title: 'coffee, white milk' }, false],
    ['coffee -"white milk"', { title: 'coffee, milk white' }, true],
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
    expect(score('coffee', { tags: ['coffee'] })).toBeCloseTo(1);
    expect(score('coffee', { tags: ['the coffee and the cream'] })).toBeCloseTo(0.75);
    expect(score('tea', { tags: ['tea, more tea'] })).toBeCloseTo(1.5);
  });

  it('looks at all strings for a wildcard index', () => {
    const all = compileTextSearch(
      { $search: 'deep' },
      {
        weights: new Map([['$**', 1]]),
        language: 'none',
      },
    );
    expect(all({ a: [{ b: 'deep' }], n: 1 })).toBeGreaterThan(0);
  });

  it('compares whole words in other languages', () => {
    expect(score('run', { title: 'running' }, { $language: 'none' })).toBe(0);
    expect(score('the', { title: 'the end' }, { $language: 'none' })).toBeGreaterThan(0);
    expect(score('läuft', { title: 'er läuft' }, { $language: 'german' })).toBeGreaterThan(0);
  });

  it('keeps capitals of a stem where they count', () => {
    expect(score('Running', { title: 'Runs' }, { $caseSensitive: true })).toBeGreaterThan(0);
    expect(score('Running', { title: 'runs' }, { $caseSensitive: true })).toBe(0);
  });

  it('refuses malformed operands', () => {
    expect(() => compileTextSearch('x', weights)).toThrow(expect.objectContaining({ code: 9 }));
    expect(() => compileTextSearch({ $search: 1 }, weights)).toThrow(expect.objectContaining({ code: 14 }));
    expect(() => compileTextSearch({ $search: 'x', $foo: 1 }, weights)).toThrow(
      expect.objectContaining({ code: 9 }),
    );
    expect(() => compileTextSearch({ $search: 'x', $language: 'klingon' }, weights)).toThrow(
      expect.objectContaining({ code: 2 }),
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
