import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SERVICES_WITH_USER_DATA } from '@orrery/contracts';
import { eventually } from '@orrery/testing';
import { HOLDINGS_BY_SERVICE } from '../../scripts/data-map.ts';
import { type Constellation, startConstellation } from './constellation.ts';

let orrery: Constellation;
const lines: string[] = [];

beforeAll(async () => {
  orrery = await startConstellation(
    { LOG_LEVEL: 'debug', ADMIN_PASSWORD: 'the-first-administrators-password' },
    (line) => {
      lines.push(line);
    },
  );
}, 90_000);

afterAll(async () => {
  await orrery.stop();
});

interface Person {
  id: string;
  name: string;
  email: string;
  headers: { authorization: string };
}

async function register(): Promise<Person> {
  const name = `erasable${randomUUID().slice(0, 8)}`;
  const email = `${name}@example.test`;
  const password = 'a-long-password';
  await fetch(`${orrery.url}/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: name, email, password }),
  });
  const login = await fetch(`${orrery.url}/auth/login`, {
    method: 'POST',
    body: new URLSearchParams({ username: name, password }),
  });
  const reply = (await login.json()) as { access_token: string; user: { id: string } };
  return { id: reply.user.id, name, email, headers: { authorization: `Bearer ${reply.access_token}` } };
}

const get = (path: string, headers: Record<string, string>) => fetch(`${orrery.url}${path}`, { headers });

async function importSomething({ headers }: Person, description: string): Promise<void> {
  const form = new FormData();
  form.set(
    'file',
    new File(
      [`Date,Description,Amount\n2026-03-02,${description},-12.30\n2026-03-03,TESCO STORES,-5.00\n`],
      'x.csv',
    ),
  );
  form.set('currency', 'GBP');
  const imported = await fetch(`${orrery.url}/v1/imports`, { method: 'POST', headers, body: form });
  expect(imported.status).toBe(201);
  await eventually(async () => {
    const page = (await (await get('/v1/transactions', headers)).json()) as { data: unknown[] };
    return page.data.length === 2;
  });
}

/** Where any of these texts stand in any database of the constellation. */
async function placesOf(texts: readonly string[]): Promise<string[]> {
  const { databases } = await orrery.client.db().admin().listDatabases({ nameOnly: true });
  const places: string[] = [];
  for (const { name } of databases.filter(({ name }) => name.startsWith(`${orrery.namespace}_`))) {
    const database = orrery.client.db(name);
    for (const { name: collection } of await database.listCollections({}, { nameOnly: true }).toArray()) {
      for (const row of await database.collection(collection).find({}).toArray()) {
        if (texts.some((text) => JSON.stringify(row).includes(text))) {
          places.push(`${name.slice(orrery.namespace.length + 1)}.${collection}`);
        }
      }
    }
  }
  return [...new Set(places)].sort();
}

interface ErasureReply {
  id: string;
  state: string;
  services: { service: string; removed: Record<string, number>; confirmed: boolean }[];
}

describe('a user leaves', () => {
  it('with everything in hand and nothing left behind', async () => {
    const person = await register();
    const other = await register();
    const description = `SHOP ${randomUUID().slice(0, 8).toUpperCase()}`;
    await importSomething(person, description);
    await importSomething(other, 'A SHOP OF SOMEBODY ELSE');
    const traces = [person.id, person.email, person.name, description];
    expect(await placesOf(traces)).toEqual(
      expect.arrayContaining(['identity.accounts', 'ingestion.raw_transactions', 'insights.ledger']),
    );

    const archive = await get('/v1/privacy/export', person.headers);
    const exported = (await archive.json()) as {
      services: Record<string, Record<string, unknown[]>>;
    };
    expect(archive.headers.get('content-disposition')).toContain('attachment');
    expect(exported.services['identity']?.['accounts']).toHaveLength(1);
    expect(exported.services['ingestion']?.['raw_transactions']).toHaveLength(2);
    expect(exported.services['insights']?.['ledger']).toHaveLength(2);
    expect(JSON.stringify(exported)).not.toMatch(/argon2|SOMEBODY ELSE/);

    const asked = await fetch(`${orrery.url}/v1/privacy/erase`, { method: 'POST', headers: person.headers });
    expect(asked.status).toBe(202);
    const { id } = (await asked.json()) as ErasureReply;
    const done = await eventually(
      async () => (await (await get(`/v1/privacy/erasures/${id}`, {})).json()) as ErasureReply,
      ({ state }) => state === 'done',
      { timeoutMs: 30_000 },
    );

    expect(done.services.map(({ service }) => service)).toEqual([...SERVICES_WITH_USER_DATA].sort());
    const removedBy = (service: string) => done.services.find((each) => each.service === service)?.removed;
    expect(removedBy('ingestion')).toMatchObject({ raw_transactions: 2, imports: 1 });
    expect(removedBy('insights')).toMatchObject({ ledger: 2 });
    expect(removedBy('categorization')).toMatchObject({ decisions: 2 });
    await eventually(
      () => placesOf(traces),
      ({ length }) => length === 0,
      { timeoutMs: 30_000, intervalMs: 250 },
    );
    expect(lines.filter((line) => traces.some((text) => line.includes(text)))).toEqual([]);
    expect(lines.length).toBeGreaterThan(0);

    const theirs = (await (await get('/v1/transactions', other.headers)).json()) as { data: unknown[] };
    expect(theirs.data).toHaveLength(2);
  }, 90_000);

  it('and their token opens nothing from then on', async () => {
    const person = await register();
    expect((await get('/auth/me', person.headers)).status).toBe(200);

    await fetch(`${orrery.url}/users/me`, { method: 'DELETE', headers: person.headers });

    const refused = await eventually(
      async () => (await get('/v1/transactions', person.headers)).status,
      (status) => status === 401,
      { timeoutMs: 30_000, intervalMs: 250 },
    );
    expect(refused).toBe(401);
  }, 60_000);

  it('and the data map names every field of every row that was held', async () => {
    const person = await register();
    await importSomething(person, 'A SHOP');
    const missing: string[] = [];

    for (const [service, holdings] of Object.entries(HOLDINGS_BY_SERVICE)) {
      for (const { collection, owner, fields } of holdings) {
        const rows = await orrery.client
          .db(`${orrery.namespace}_${service}`)
          .collection<Record<string, unknown>>(collection)
          .find({ [owner]: person.id })
          .toArray();
        for (const name of rows.flatMap((row) => Object.keys(row))) {
          if (!Object.hasOwn(fields.shape, name)) {
            missing.push(`${service}.${collection}.${name}`);
          }
        }
      }
    }

    expect([...new Set(missing)]).toEqual([]);
    const known = Object.entries(HOLDINGS_BY_SERVICE).flatMap(([service, holdings]) =>
      holdings.map(({ collection }) => `${service}.${collection}`),
    );
    // Messages on their way hold the user until they are worked.
    await eventually(
      async () => (await placesOf([person.id])).filter((place) => !known.includes(place)),
      ({ length }) => length === 0,
      { timeoutMs: 30_000, intervalMs: 250 },
    );
  }, 60_000);
});
