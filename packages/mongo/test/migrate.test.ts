import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { acquireLease } from '../src/lease.ts';
import { migrate, type Migration } from '../src/migrate.ts';
import { openTestDatabase } from './test-database.ts';

describe('migrations', () => {
  let database: Awaited<ReturnType<typeof openTestDatabase>>;
  let ran: string[];

  const step = (id: string, fail = false): Migration => ({
    id,
    run() {
      ran.push(id);
      return fail ? Promise.reject(new Error('no')) : Promise.resolve();
    },
  });

  beforeEach(async () => {
    database = await openTestDatabase();
    ran = [];
  });

  afterEach(() => database.remove());

  it('run in order, once, and later ones are added', async () => {
    const { connection } = database;

    const first = await migrate(connection, [step('001'), step('002')]);
    const second = await migrate(connection, [step('001'), step('002'), step('003')]);

    expect([first, second]).toEqual([['001', '002'], ['003']]);
    expect(ran).toEqual(['001', '002', '003']);
  });

  it('run once when several processes start at the same moment', async () => {
    const { connection } = database;

    const results = await Promise.all([1, 2, 3].map(() => migrate(connection, [step('001'), step('002')])));

    expect(results.flat().sort()).toEqual(['001', '002']);
    expect(ran).toEqual(['001', '002']);
  });

  it('stop at the first failure and begin there the next time', async () => {
    const { connection } = database;

    await expect(migrate(connection, [step('001'), step('002', true), step('003')])).rejects.toThrow('no');
    const after = await migrate(connection, [step('001'), step('002'), step('003')]);

    expect(after).toEqual(['002', '003']);
  });

  it('refuse ids that are not in ascending order, and a wait without end', async () => {
    const { connection } = database;

    await expect(migrate(connection, [step('002'), step('001')])).rejects.toThrow(TypeError);
    await acquireLease(connection, 'migrate', { ttlMs: 60_000 });
    await expect(migrate(connection, [step('001')], { waitMs: 50 })).rejects.toMatchObject({
      code: 'migration-busy',
    });
  });
});
