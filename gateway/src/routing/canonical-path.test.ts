import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isCanonicalPath, splitTarget } from './canonical-path.ts';

describe('canonical paths', () => {
  it.each([
    '/',
    '/v1/transactions',
    '/v1/transactions/',
    '/ai/missions/42/daily',
    '/v1/x/a%20b',
    "/v1/x/it's",
    '/v1/x/a.b',
    '/v1/x/..a',
  ])('routes %s', (path) => {
    expect(isCanonicalPath(path)).toBe(true);
  });

  it.each([
    ['', 'empty'],
    ['/public/../admin', 'dot-dot segment'],
    ['/public/./admin', 'dot segment'],
    ['/public/%2e%2e/admin', 'escaped dots'],
    ['/public/.%2e/admin', 'half-escaped dots'],
    ['/public/%2E%2E/admin', 'escaped dots in upper case'],
    ['/public/..', 'dot-dot at the end'],
    ['/public/..;/admin', 'dot-dot with a parameter'],
    ['/public//admin', 'empty segment'],
    ['//admin', 'empty first segment'],
    ['/public%2fadmin', 'escaped slash'],
    ['/public\\..\\admin', 'backslash'],
    ['/public/%5c..%5cadmin', 'escaped backslash'],
    ['/public/%252e%252e/admin', 'escape of an escape'],
    ['/public/%00', 'escaped NUL'],
    ['/public/%0d%0aX-User-Id:1', 'escaped line break'],
    ['/public/%7f', 'escaped delete'],
    ['/public/%zz', 'broken escape'],
    ['/public/%e', 'cut escape'],
    ['/pub lic', 'space'],
    ['/públic', 'not ASCII'],
    ['/a?b', 'question mark'],
    ['/a#b', 'fragment'],
    [`/${'a'.repeat(2_048)}`, 'too long'],
  ])('refuses %j (%s)', (path) => {
    expect(isCanonicalPath(path)).toBe(false);
  });

  it('accepts no path that a URL parser would change', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\/[a-z./%2eEfF5cC\\]{0,24}$/), (path) => {
        fc.pre(isCanonicalPath(path));

        expect(new URL(`http://host${path}`).pathname).toBe(path);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('request targets', () => {
  it('keeps the query as it was sent', () => {
    expect(splitTarget('/v1/transactions?q=a%2Fb?')).toEqual({
      path: '/v1/transactions',
      query: '?q=a%2Fb?',
    });
  });

  it.each(['http://evil.test/v1', '*', '//evil.test/v1', ''])('refuses the target %j', (target) => {
    expect(splitTarget(target)).toBeUndefined();
  });
});
