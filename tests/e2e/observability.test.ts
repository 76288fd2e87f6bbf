import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@orrery/testing';
import { type Constellation, startConstellation } from './constellation.ts';

interface ExportedSpan {
  service: string;
  name: string;
  traceId: string;
}

/** A trace collector that keeps what services send it. */
async function startCollector(): Promise<{ server: Server; url: string; spans: ExportedSpan[] }> {
  const spans: ExportedSpan[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as {
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
  return { server, url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, spans };
}

/** Personal data that no log line may hold. */
const CANARY = {
  description: 'CANARY PHARMACY DR QUILL',
  amount: '7391.17',
  file: 'canary-statement.csv',
  search: 'canary-search-words',
  email: 'canary.person@example.org',
  password: 'canary-password-91',
};

describe('what can be seen from outside while a bank file goes through', () => {
  const lines: string[] = [];
  const traceId = randomBytes(16).toString('hex');
  const requestId = `canary-${randomUUID()}`;
  const userId = `canary-user-${randomUUID()}`;
  let collector: Awaited<ReturnType<typeof startCollector>>;
  let orrery: Constellation;

  beforeAll(async () => {
    collector = await startCollector();
    orrery = await startConstellation(
      { LOG_LEVEL: 'trace', OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, IDENTITY_MODE: 'standalone' },
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
    await orrery.stop();
  }, 120_000);

  afterAll(() => {
    collector.server.closeAllConnections();
    collector.server.close();
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

    expect(lines.length).toBeGreaterThan(20);
    for (const secret of [...Object.values(CANARY), userId, token, 'PHARMACY', 'Quill']) {
      expect(text.includes(secret) ? lines.filter((line) => line.includes(secret)).slice(0, 3) : []).toEqual(
        [],
      );
    }
  });
});
