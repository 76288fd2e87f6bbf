import { describe, expect, it } from '@jest/globals';
import { anchoredPrefix } from './predicates.ts';

describe('anchoredPrefix', () => {
  it.each([
    ['^abc', '', 'abc'],
    ['^abc.*', '', 'abc'],
    ['^abc*', '', 'ab'],
    ['^abc?d', '', 'ab'],
    ['^abc{0,1}', '', 'ab'],
    ['^abc+', '', 'abc'],
    ['^a\\.b', '', 'a'],
    ['^*', '', ''],
    ['abc', '', ''],
    ['^abc', 'i', ''],
    ['^abc|d', '', ''],
  ])('of /%s/%s is %s', (pattern, options, prefix) => {
    expect(anchoredPrefix(pattern, options)).toBe(prefix);
  });

  it('drops an optional character beyond the basic plane as a whole', () => {
    expect(anchoredPrefix('^a\u{1F600}*', '')).toBe('a');
    expect(anchoredPrefix('^\u{1F600}?', '')).toBe('');
    expect(anchoredPrefix('^a\u{1F600}+', '')).toBe('a\u{1F600}');
    expect(anchoredPrefix('^\u{1F600}b.', '')).toBe('\u{1F600}b');
  });
});
