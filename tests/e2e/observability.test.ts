import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SERVICE_NAMES } from '@orrery/contracts';
import { type FakeModelServer, eventually, startFakeModelServer } from '@orrery/testing';
import { type Constellation, startConstellation } from './constellation.ts';

interface ExportedSpan {
  service: string;
  name: string;
  traceId: string;
}

/** A trace collector that keeps what services send it. */
async function startCollector(): Promise<{
  server: Server;
  url: string;
  spans: ExportedSpan[];
  /** All that was sent, as it came. */
  received: string[];
}> {
  const spans: ExportedSpan[] = [];
  const received: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      received.push(text);
      const { resourceSpans } = JSON.parse(text) as {
        resourceSpans: {
          resource: { attributes: { key: string; value: { stringValue?: string } }[] };
          scopeSpans: { spans: { name: string; traceId: string }[] }[];
        }[];
      };
      for (const { resource, scopeSpans } of resourceSpans) {
        const service =
          resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
        spans.push(
          ...scopeSpans.flatMap((scope) =>
            scope.spans.map(({ name, traceId }) => ({ service, name, traceId })),
          ),
        );
      }
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return { server, url: `http://127.0.0.1:${port}`, spans, received };
}

/** Personal data that no log line may hold. */
const CANARY = {
  description: 'CANARY PHARMACY DR QUILL',
  amount: '7391.17',
  file: 'canary-statement.csv',
  search: 'canary-search-words',
  email: 'canary.person@example.org',
  password: 'canary-password-91',
  question: 'canary question: what did doctor quill cost',
  answer: 'canary answer of a model',
  rule: 'canary rule of a user',
  debt: 'canary debt to an uncle',
  profile: 'canary customer profile',
};

describe('what can be seen from outside while a bank file goes through', () => {
  const lines: string[] = [];
  const traceId = randomBytes(16).toString('hex');
  const requestId = `canary-${randomUUID()}`;
  const userId = `canary-user-${randomUUID()}`;
  let collector: Awaited<ReturnType<typeof startCollector>>;
  let model: FakeModelServer;
  let orrery: Constellation;

  beforeAll(async () => {
    [collector, model] = await Promise.all([startCollector(), startFakeModelServer()]);
    model.answerWith(CANARY.answer);
    orrery = await startConstellation(
      {
        LOG_LEVEL: 'trace',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        IDENTITY_MODE: 'standalone',
        OPENAI_BASE_URL: model.url,
      },
      (line) => lines.push(line),
    );
    const headers = {
      ...orrery.signIn(userId),
      'x-request-id': requestId,
      traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01`,
    };
    const form = new FormData();
    const csv = `Date,Description,Amount\n2026-03-02,${CANARY.description},-${CANARY.amount}\nno day,${CANARY.description},x\n`;
    form.set('file', new File([csv], CANARY.file));
    form.set('currency', 'GBP');
    const imported = await fetch(`${orrery.url}/v1/imports`, { method: 'POST', headers, body: form });
    expect(imported.status).toBeLessThan(300);
    await eventually(
      async () => {
        const ledger = await fetch(
          `${orrery.url}/v1/transactions?q=${encodeURIComponent(CANARY.description)}`,
          { headers },
        );
        return ((await ledger.json()) as { data: unknown[] }).data.length;
      },
      (count) => count === 1,
      { timeoutMs: 30_000, intervalMs: 100 },
    );
    await fetch(`${orrery.url}/v1/transactions?q=${CANARY.search}&limit=nonsense`, { headers });
    await fetch(`${orrery.url}/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: CANARY.email, email: CANARY.email, password: CANARY.password }),
    });
    await fetch(`${orrery.url}/auth/login`, {
      method: 'POST',
      body: new URLSearchParams({ username: CANARY.email, password: `${CANARY.password}-wrong` }),
    });
    const post = async (
      path: string,
      body: object,
      as: { authorization: string } = headers,
    ): Promise<number> => {
      const reply = await fetch(`${orrery.url}${path}`, {
        method: 'POST',
        headers: { ...headers, ...as, 'content-type': 'application/json', accept: 'text/event-stream, */*' },
        body: JSON.stringify(body),
      });
      await reply.arrayBuffer();
      return reply.status;
    };
    const admin = orrery.signIn('canary-operator', 'ADMIN');
    const statuses = {
      chat: await post('/v1/chat/messages', { message: CANARY.question }),
      categorization: await post('/v1/rules', {
        name: CANARY.rule,
        conditions: { text: CANARY.description },
        category: 'health',
      }),
      advisor: await post('/v1/debt-plan', {
        debts: [{ name: CANARY.debt, balance: '1000.00', apr: 9.9, minimum: '30.00' }],
        currency: 'GBP',
      }),
      segmentation: await post('/v1/models/nobody/train', { name: CANARY.profile }, admin),
      missions: (await fetch(`${orrery.url}/v1/missions?cursor=${CANARY.search}`, { headers })).status,
      operations: (await fetch(`${orrery.url}/admin/jobs?name=${CANARY.search}`, { headers: admin })).status,
    };
    expect(Object.entries(statuses).filter(([, status]) => status >= 500)).toEqual([]);
    expect(statuses.chat).toBe(200);
    await orrery.stop();
  }, 120_000);

  afterAll(async () => {
    collector.server.closeAllConnections();
    collector.server.close();
    await model.stop();
  });

  it('follows one trace over HTTP and events through every service on the way', async () => {
    const ours = await eventually(
      () => collector.spans.filter((span) => span.traceId === traceId),
      (spans) => new Set(spans.map(({ service }) => service)).size >= 3,
    );

    expect(ours).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ service: 'ingestion', name: 'POST /v1/imports' }),
        expect.objectContaining({ service: 'categorization', name: 'transactions.ingested.v1 process' }),
        expect.objectContaining({ service: 'insights', name: 'transactions.categorized.v1 process' }),
      ]),
    );
  });

  it('follows it to the language model, with figures and without a word of what was asked or said', () => {
    const asked = collector.spans.filter((span) => span.traceId === traceId && span.service === 'chat');

    expect(asked.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['POST /v1/chat/messages', expect.stringMatching(/^chat \S+$/)]),
    );
    for (const secret of Object.values(CANARY)) {
      expect(collector.received.join('').includes(secret)).toBe(false);
    }
  });

  it('joins the log lines of one request over services and events by its id', () => {
    const ours = lines
      .map((line) => JSON.parse(line) as { service?: string; requestId?: string })
      .filter((line) => line.requestId === requestId);

    expect(new Set(ours.map(({ service }) => service))).toEqual(
      expect.objectContaining(new Set(['gateway', 'ingestion', 'insights'])),
    );
    expect(ours.length).toBeGreaterThan(3);
  });

  it('writes no personal data into any log line, on the finest level', () => {
    const text = lines.join('');
    const token = orrery.signIn(userId).authorization.slice('Bearer '.length).split('.')[1] ?? '';

    const heard = new Set(lines.map((line) => (JSON.parse(line) as { service?: string }).service));
    expect(SERVICE_NAMES.filter((name) => !heard.has(name))).toEqual([]);
    for (const secret of [...Object.values(CANARY), userId, token, 'PHARMACY', 'Quill']) {
      expect(text.includes(secret) ? lines.filter((line) => line.includes(secret)).slice(0, 3) : []).toEqual(
        [],
      );
    }
  });
});
