import { describe, expect, it } from '@jest/globals';
import { isCanonicalPath } from './canonical-path.ts';
import { compileRoutes } from './match-route.ts';
import { ROUTES, type RouteRule } from './route-table.ts';

const rule = (path: string, more: Partial<RouteRule> = {}): RouteRule => ({
  path,
  service: 'insights',
  audience: 'user',
  errorShape: 'problem',
  timeoutMs: 1_000,
  rateClass: 'standard',
  bodyLimitBytes: 1_024,
  ...more,
});

describe('route matching', () => {
  it('lets the longest rule win and covers everything below a rule', () => {
    const routeOf = compileRoutes([rule('/v1/items'), rule('/v1/items/{id}/secret', { audience: 'admin' })]);

    expect(routeOf('/v1/items')?.audience).toBe('user');
    expect(routeOf('/v1/items/42')?.audience).toBe('user');
    expect(routeOf('/v1/items/42/secret')?.audience).toBe('admin');
    expect(routeOf('/v1/items/42/secret/deeper')?.audience).toBe('admin');
  });

  it('does not take a rule for a path that merely begins with the same letters', () => {
    expect(compileRoutes([rule('/v1/items')])('/v1/itemsecrets')).toBeUndefined();
  });

  it('keeps an exact rule from covering what is below it', () => {
    const routeOf = compileRoutes([rule('/train', { exact: true })]);

    expect(routeOf('/train')).toBeDefined();
    expect(routeOf('/train/now')).toBeUndefined();
  });

  it('refuses a table with two rules for one path', () => {
    expect(() => compileRoutes([rule('/a'), rule('/a')])).toThrow('/a');
  });

  it('has a canonical path in every row of the table, and compiles it', () => {
    expect(ROUTES.filter(({ path }) => !isCanonicalPath(path.replaceAll(/[{}]/g, '')))).toEqual([]);
    expect(ROUTES.map(({ path }) => compileRoutes()(path)?.path)).toEqual(ROUTES.map(({ path }) => path));
  });
});
