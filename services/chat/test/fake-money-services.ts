import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SERVICE_NAMES, type ServiceName } from '@orrery/contracts';
import { serviceTokenKeys, verifyServiceToken } from '@orrery/service-kit';
import { TEST_SERVICE_TOKEN_SECRET } from '@orrery/testing';

/** A call as a service received it. */
export interface ReceivedCall {
  service: ServiceName;
  userId: string | undefined;
  caller: string;
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
  headers: IncomingMessage['headers'];
}

/** A row of somebody's ledger in pence; negative is money out. */
export interface FakeRow {
  date: string;
  merchant: string;
  category: string;
  minor: number;
}

/** What a service says to a call: a body, or a status. */
interface CannedAnswer {
  status?: number;
  body?: unknown;
}

export interface FakeMoneyServices {
  addresses: Partial<Record<ServiceName, string>>;
  calls: ReceivedCall[];
  /** Ledgers by user. */
  ledgers: Map<string, FakeRow[]>;
  /** Answers of other routes by `METHOD path`; those of one user by `METHOD path userId`. */
  answers: Map<string, CannedAnswer>;
  /** Services that answer 503 to everything. */
  down: Set<ServiceName>;
  stop(): void;
}

export const TODAY = '2026-03-16';
const CURRENCY = 'GBP';
const NO_ROWS = { body: { data: [], page: { nextCursor: null } } };

/**
 * Pence as the services write them.
 * @param minor pence
 */
export const pounds = (minor: number) => {
  const digits = String(Math.abs(minor)).padStart(3, '0');
  return {
    amount: `${minor < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`,
    currency: CURRENCY,
  };
};
const sum = (rows: readonly FakeRow[]): number => rows.reduce((total, { minor }) => total + minor, 0);
const isIncome = ({ category }: FakeRow): boolean => category === 'salary';

const within = (rows: readonly FakeRow[], { from, to, category, q }: Record<string, string>): FakeRow[] =>
  rows.filter(
    (row) =>
      (from === undefined || row.date >= from) &&
      (to === undefined || row.date <= to) &&
      (category === undefined || row.category === category) &&
      (q === undefined || row.merchant.toLowerCase().includes(q.toLowerCase())),
  );

const spendingOf = (rows: readonly FakeRow[], query: Record<string, string>) => {
  const chosen = within(rows, query);
  const spent = chosen.filter((row) => !isIncome(row));
  const shares = (keyOf: (row: FakeRow) => string) =>
    [...Map.groupBy(spent, keyOf)]
      .sort(([, left], [, right]) => sum(left) - sum(right))
      .map(([key, part]) => ({
        slug: key,
        name: key,
        amount: pounds(-sum(part)),
        count: part.length,
        percent: Math.round((sum(part) * 1000) / (sum(spent) || 1)) / 10,
      }));
  const totals = (part: readonly FakeRow[]) => ({
    income: pounds(sum(part.filter(isIncome))),
    expenses: pounds(-sum(part.filter((row) => !isIncome(row)))),
    net: pounds(sum(part)),
  });
  const months = [...Map.groupBy(chosen, ({ date }) => date.slice(0, 7))];
  const report = {
    currency: CURRENCY,
    ...totals(chosen),
    byCategory: shares(({ category }) => category),
    byMerchant: shares(({ merchant }) => merchant),
    byMonth: months.map(([month, part]) => ({ month, ...totals(part) })),
  };
  return {
    from: query['from'] ?? '2026-03-01',
    to: query['to'] ?? TODAY,
    today: TODAY,
    currency: CURRENCY,
    data: chosen.length === 0 ? [] : [report],
  };
};

const ledgerAnswer = (rows: readonly FakeRow[], { path, query }: ReceivedCall): CannedAnswer | undefined => {
  const chosen = within(rows, query);
  if (path === '/v1/spending') {
    return { body: spendingOf(rows, query) };
  }
  if (path === '/v1/transactions/totals') {
    const total = {
      currency: CURRENCY,
      count: chosen.length,
      moneyIn: pounds(sum(chosen.filter(({ minor }) => minor > 0))),
      moneyOut: pounds(sum(chosen.filter(({ minor }) => minor < 0))),
      net: pounds(sum(chosen)),
    };
    return { body: { totals: chosen.length === 0 ? [] : [total], complete: true } };
  }
  if (path === '/v1/transactions') {
    const data = chosen
      .map((row, index) => ({
        id: `t${String(index)}`,
        date: row.date,
        description: row.merchant,
        merchant: row.merchant,
        amount: pounds(row.minor),
        category: { slug: row.category, name: row.category },
      }))
      .sort((left, right) => (left.date < right.date ? 1 : -1));
    return { body: { data: data.slice(0, Number(query['limit'] ?? '50')), page: { nextCursor: null } } };
  }
  return undefined;
};

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(Buffer.from(chunk));
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
};

const problem = (status: number) => ({
  type: 'about:blank',
  title: 'No',
  status,
  code: status === 404 ? 'not-found' : 'unavailable',
});

/** Opens the services that the assistant asks: a ledger per user, and canned answers for the rest. */
export async function openFakeMoneyServices(): Promise<FakeMoneyServices> {
  const keys = serviceTokenKeys(TEST_SERVICE_TOKEN_SECRET);
  const servers: Server[] = [];
  const fake: FakeMoneyServices = {
    addresses: {},
    calls: [],
    ledgers: new Map(),
    answers: new Map<string, CannedAnswer>([
      ['GET /v1/budgets', NO_ROWS],
      ['GET /v1/recurring', NO_ROWS],
      ['GET /v1/accounts', NO_ROWS],
      ['GET /v1/missions', NO_ROWS],
      ['GET /api/cash_flow_forecast', { status: 422, body: { code: 'insufficient-data' } }],
    ]),
    down: new Set(),
    stop: () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
  const answer = async (service: ServiceName, request: IncomingMessage): Promise<CannedAnswer> => {
    const url = new URL(request.url ?? '', 'http://fake');
    const { identity } = verifyServiceToken(keys, String(request.headers['x-service-token']), service);
    const userId = identity.userId ?? '';
    const call: ReceivedCall = {
      service,
      userId,
      caller: identity.caller,
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body: await bodyOf(request),
      headers: request.headers,
    };
    fake.calls.push(call);
    if (fake.down.has(service)) {
      return { status: 503 };
    }
    const name = `${call.method} ${call.path}`;
    const canned = fake.answers.get(`${name} ${userId}`) ?? fake.answers.get(name);
    return canned ?? ledgerAnswer(fake.ledgers.get(userId) ?? [], call) ?? { status: 404 };
  };
  const open = async (service: ServiceName): Promise<void> => {
    const server = createServer((request, response) => {
      answer(service, request).then(
        ({ status = 200, body }) => {
          const isProblem = status >= 400 && body === undefined;
          response.writeHead(status, {
            'content-type': isProblem ? 'application/problem+json' : 'application/json',
          });
          response.end(JSON.stringify(body ?? (isProblem ? problem(status) : {})));
        },
        (error: unknown) => {
          response.writeHead(500).end(String(error));
        },
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    fake.addresses[service] = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  };
  await Promise.all(SERVICE_NAMES.filter((name) => name !== 'gateway' && name !== 'chat').map(open));
  return fake;
}
