import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { aUser, fakeClock, startTestService, useTestDatabase, type TestService } from '@orrery/testing';
import { MongoClient, type Db } from 'mongodb';
import { advisor } from '../src/index.ts';
import { newPeople, NOW, writePeople, type People, type Person } from './main-backend-people.ts';

/** A row as insights lists it. */
export interface LedgerRow {
  date: string;
  description: string;
  merchant: string | null;
  amount: { amount: string; currency: string };
  category: { slug: string; name: string } | null;
}

/** Answers like insights with the same rows for everybody, two to a page. */
const startLedger = async () => {
  const rows: LedgerRow[] = [];
  const queries: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://ledger');
    queries.push(searchParams);
    const from = Number(searchParams.get('cursor') ?? 0);
    const isLast = from + 2 >= rows.length;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        data: rows.slice(from, from + 2),
        page: { nextCursor: isLast ? null : String(from + 2) },
      }),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    rows,
    queries,
    url: `http://127.0.0.1:${String(port)}`,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
};

/** The advisor beside a main back end and a ledger of its own. */
export interface TestAdvisor extends TestService {
  people: People;
  /** The main back end's database. */
  main: Db;
  /** What insights answers, and what it was asked. */
  ledger: { rows: LedgerRow[]; queries: URLSearchParams[] };
  /** Calls as one of the people. */
  as(
    person: Person,
    path: string,
    options?: Parameters<TestService['call']>[1],
  ): ReturnType<TestService['call']>;
}

/**
 * Starts it.
 * @param options `env`: further settings; `insights`: its address; `withRows`: false for an empty main back end
 */
export const openAdvisor = async (
  options: {
    env?: Record<string, string>;
    /** Where insights is; default a ledger without rows. */
    insights?: string;
    withRows?: boolean;
    now?: Date;
  } = {},
): Promise<TestAdvisor> => {
  const database = await useTestDatabase();
  const name = `main_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const client = await new MongoClient(database.uri).connect();
  const main = client.db(name);
  const people = newPeople();
  if (options.withRows !== false) {
    await writePeople(main, people);
  }
  const ledger = await startLedger();
  const service = await startTestService(advisor, {
    clock: fakeClock((options.now ?? NOW).toISOString()),
    env: { DATABASE_URL: database.uri, MONGO_DB_NAME: name, ...options.env },
    addresses: { insights: options.insights ?? ledger.url },
  });
  return {
    ...service,
    people,
    main,
    ledger,
    as: (person, path, call) =>
      service.call(path, {
        as: aUser({
          userId: people[person]._id.toHexString(),
          role: person === 'boss' ? 'admin' : 'user',
        }),
        ...call,
      }),
    stop: async () => {
      await service.stop();
      await ledger.stop();
      await main.dropDatabase();
      await client.close();
      await database.release();
    },
  };
};
