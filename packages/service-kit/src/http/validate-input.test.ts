import { describe, expect, it } from '@jest/globals';
import { singleForm, singleQuery } from './validate-input.ts';

describe('fields of a form', () => {
  it('are read in one pass, so that a megabyte of names, which anybody may send, stops nobody else', () => {
    const names = Array.from({ length: 180_000 }, (_unused, index) => `n${index.toString(36)}`);

    expect(Object.keys(singleForm(names.join('&')))).toHaveLength(names.length);
  });

  it.each([
    ['form', () => singleForm('a=1&b=2&a=3'), undefined],
    ['query', () => singleQuery('/path?a=1&b=2&a=3'), 'query'],
  ] as const)('are refused when the %s gives one twice', (_what, read, place) => {
    expect(read).toThrow(
      expect.objectContaining({
        code: 'validation-failed',
        fields: [{ ...(place && { in: place }), field: 'a', message: 'may be given only once' }],
      }),
    );
  });
});
