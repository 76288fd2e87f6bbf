import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SERVICES_WITH_USER_DATA, UserErasureRequested } from '@orrery/contracts';
import { HOLDINGS_BY_SERVICE, dataMap } from '../../scripts/data-map.ts';
import { root } from '../setup/servers.ts';

describe('the data map', () => {
  it('is the one that the services declare (npm run docs writes it)', () => {
    expect(readFileSync(join(root, 'docs/data-map.md'), 'utf8')).toBe(dataMap());
  });

  it('has purpose, retention and a meaning for every field of every service with user data', () => {
    expect(Object.keys(HOLDINGS_BY_SERVICE).sort()).toEqual([...SERVICES_WITH_USER_DATA].sort());
    for (const { purpose, retention, fields } of Object.values(HOLDINGS_BY_SERVICE).flat()) {
      expect(purpose).not.toBe('');
      expect(retention).not.toBe('');
      for (const field of Object.values(fields.shape)) {
        expect(field).toHaveProperty('description', expect.stringMatching(/\w/));
      }
    }
  });

  it('leaves no service out', () => {
    const keepsNothing = ['operations'];

    expect(
      readdirSync(join(root, 'services'))
        .filter((name) => !keepsNothing.includes(name))
        .sort(),
    ).toEqual([...SERVICES_WITH_USER_DATA].sort());
  });

  it('covers every service that is asked for erasure', () => {
    expect([...UserErasureRequested.consumers].sort()).toEqual(Object.keys(HOLDINGS_BY_SERVICE).sort());
  });
});
