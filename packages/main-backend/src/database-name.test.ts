import { describe, expect, it } from '@jest/globals';
import { mainBackendDatabaseName } from './database-name.ts';

describe("the main back end's database", () => {
  it.each([
    [{}, 'finance-management'],
    [{ DATABASE_URL: 'mongodb://db.test' }, 'finance-management'],
    [{ DATABASE_URL: 'mongodb://db.test/?replicaSet=rs0' }, 'finance-management'],
    [{ DATABASE_URL: 'mongodb://one.test,two.test:27018/money?replicaSet=rs0' }, 'money'],
    [{ DATABASE_URL: 'mongodb+srv://user:pass@db.test/my%2Dmoney' }, 'my-money'],
    [{ DATABASE_URL: 'mongodb://db.test/money', MONGO_DB_NAME: 'other' }, 'other'],
  ])('of %j is %s', (settings, name) => {
    expect(mainBackendDatabaseName(settings)).toBe(name);
  });
});
