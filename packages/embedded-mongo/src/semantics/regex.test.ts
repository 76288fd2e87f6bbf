import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { MongoServerError } from './errors.ts';
import { compilePattern, NESTED_REPEAT_TEXT_LIMIT } from './regex.ts';

describe('compilePattern', () => {
  it.each<[string, string, string[], string[]]>([
    ['^abc$', '', ['abc', 'abc\n'], ['abcd', 'xabc', 'abc\n\n']],
    ['^abc$', 'm', ['x\nabc\ny'], ['x abc']],
    ['a$|b', '', ['a\n', 'xb'], ['ac']],
    ['a.c', '', ['abc', 'a\rc', 'a\u2028c'], ['a\nc']],
    ['a.c', 's', ['a\nc'], ['ac']],
    ['ABC', 'i', ['xabc'], ['ab']],
    ['(?i)abc', '', ['ABC'], ['ab']],
    ['(?si)a.c', '', ['A\nC'], ['ac']],
    ['a b # comment\n c', 'x', ['abc'], ['a b c']],
    ['a\\ b[ #]c', 'x', ['a b#c'], ['abc']],
    ['\\Aabc\\z', 'm', ['abc'], ['x\nabc', 'abc\n']],
    ['abc\\Z', '', ['abc\n', 'abc'], ['abcd']],
    ['[[:alpha:]]+[[:digit:]]', '', ['ab1'], ['1']],
    ['[^[:space:]x]', '', ['a'], [' ', 'x']],
    ['[]a]', '', [']', 'a'], ['b']],
    ['[a-c\\]\\-]', '', ['-', ']', 'b'], ['d']],
    ['[\\d.]+$', '', ['1.5'], ['a']],
    ['\\Qa.b*\\E+', '', ['a.b**'], ['axb']],
    ['(?P<year>\\d{4})-(?P=year)', '', ['2024-2024'], ['2024-2025']],
    ['(a)\\1', '', ['aa'], ['ab']],
    ['(a)\\g{1}', '', ['aa'], ['ab']],
    ['a{2}', '', ['aa'], ['a']],
    ['a{,2}', '', ['a{,2}'], ['aa']],
    ['a{x', '', ['a{x'], ['a']],
    ['}]', '', ['}]'], ['}']],
    ['\\s', '', [' ', '\t'], ['\u00a0']],
    ['\\x41\\x{1f600}', '', ['A\u{1f600}'], ['A']],
    ['^.$', '', ['a'], ['ab']],
    ['\u{1f600}{2}', '', ['\u{1f600}\u{1f600}'], ['\u{1f600}']],
    ['\\p{Lu}', '', ['É'], ['é']],
    ['a(?#note)b', '', ['ab'], ['a']],
    ['(?:a|b)c', '', ['bc'], ['c']],
    ['(?<=a)b(?!c)', '', ['abd'], ['abc', 'b']],
    ['a/b\\/c', '', ['a/b/c'], ['abc']],
    ['\\@\\#\\ ', '', ['@# '], ['@#']],
    ['\\R', '', ['\r\n'], ['a']],
    ['', '', ['', 'x'], []],
  ])('/%s/%s', (pattern, options, matching, failing) => {
    const compiled = compilePattern(pattern, options);
    expect(matching.map((text) => compiled.test(text))).toEqual(matching.map(() => true));
    expect(failing.map((text) => compiled.test(text))).toEqual(failing.map(() => false));
  });

  it.each([
    '(',
    ')',
    '[a',
    'a**',
    '+',
    'a++',
    '(?>a)',
    '(?R)',
    '\\K',
    'a\\',
    '(a',
    '[z-a]',
    '\\i',
    '(?(1)a|b)',
    '[[:foo:]]',
    '(|+)',
  ])('refuses %s with code 51091', (pattern) => {
    expect(() => compilePattern(pattern, '')).toThrow(MongoServerError);
    expect(() => compilePattern(pattern, '')).toThrow(expect.objectContaining({ code: 51091 }));
  });

  it('refuses unknown options and huge patterns', () => {
    expect(() => compilePattern('a', 'g')).toThrow(expect.objectContaining({ code: 51108 }));
    expect(() => compilePattern('a'.repeat(40_000), '')).toThrow(expect.objectContaining({ code: 51091 }));
  });

  it('gives up on long texts when repetitions are nested', () => {
    const long = 'b'.repeat(NESTED_REPEAT_TEXT_LIMIT + 1);
    expect(() => compilePattern('(a+)+$', '').test(long)).toThrow(expect.objectContaining({ code: 51156 }));
    expect(compilePattern('(a+)b', '').test(long)).toBe(false);
    expect(compilePattern('(a+)+$', '').test('aaa')).toBe(true);
  });

  it('finds any text quoted character by character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 12 }), (text) => {
        fc.pre(!text.includes('\n'));
        const quoted = text.replaceAll(/[^A-Za-z0-9\s\u0080-\u{10ffff}]/gu, '\\$&');
        expect(compilePattern(`^${quoted}$`, '').test(text)).toBe(true);
      }),
    );
  });
});
