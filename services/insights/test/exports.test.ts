import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsCategorized } from '@orrery/contracts';
import { aCategorizedTransaction, aDecision, aUser, eventually, startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import readExcelFile from 'read-excel-file/node';
import { z } from 'zod';
import { insights } from '../src/index.ts';

let service: TestService;
const user = aUser();

const ROWS = [
  aCategorizedTransaction({ postedOn: '2026-03-02', amountMinor: -1234 }),
  aCategorizedTransaction({
    postedOn: '2026-03-03',
    amountMinor: -5000,
    currency: 'KRW',
    decision: aDecision({ category: 'coffee', merchant: '=cmd&<b>' }),
  }),
  aCategorizedTransaction({
    postedOn: '2026-03-04',
    amountMinor: 250_000,
    source: 'manual',
    decision: aDecision({ category: 'salary', merchant: 'Société Générale' }),
  }),
  aCategorizedTransaction({ postedOn: '2025-03-04', amountMinor: -100 }),
];

/** Ingestion, as it answers for a bank link that the caller does not have. */
const ingestion = createServer((_request, response) => {
  response.writeHead(404, { 'content-type': 'application/problem+json' });
  response.end(
    JSON.stringify({
      type: 'about:blank',
      title: 'Not found',
      status: 404,
      code: 'not-found',
      requestId: 'r',
    }),
  );
});

beforeAll(async () => {
  await new Promise<void>((resolve) => ingestion.listen(0, '127.0.0.1', resolve));
  const { port } = ingestion.address() as AddressInfo;
  service = await startTestService(insights, {
    addresses: { ingestion: `http://127.0.0.1:${String(port)}` },
  });
  await service.publish(TransactionsCategorized, user.userId, { userId: user.userId, transactions: ROWS });
  await eventually(
    () => service.mongo.collection('ledger').countDocuments({ userId: user.userId }),
    (count) => count === ROWS.length,
  );
});

afterAll(async () => {
  await service.stop();
  ingestion.close();
});

const text = async (format: string, as = user) =>
  (await service.call(`/v1/exports?format=${format}`, { as })).text;

describe('GET /v1/exports', () => {
  it('holds the same rows as CSV, Excel and JSON, with the digits of each currency and no formula', async () => {
    const csv = (await text('csv')).replace('\uFEFF', '').trimEnd().split('\r\n');
    const xlsx = await service.fetch('/v1/exports?format=xlsx', { as: user });
    const [sheet] = await readExcelFile(Buffer.from(await xlsx.arrayBuffer()));
    const cells = (sheet?.data ?? []).map((row) =>
      row.map((cell) => (cell instanceof Date ? cell.toISOString().slice(0, 10) : String(cell ?? ''))),
    );
    const Rows = z.object({ transactions: z.array(z.looseObject({ id: z.string() })) });
    const { transactions } = Rows.parse(JSON.parse(await text('json')));

    expect(csv).toHaveLength(5);
    expect(cells.map((row) => [row[0], row[1], Number(row[4])])).toEqual(
      csv.map((line) => line.split(',')).map((row) => [row[0], row[1], Number(row[4])]),
    );
    expect(csv[1]).toContain('Société Générale');
    expect(csv[1]).toContain(',2500.00,EUR,salary,');
    expect(csv[2]).toContain(",'=cmd&<b>,");
    expect(csv[2]).toContain(',-5000,KRW,coffee,');
    expect(transactions.map(({ id }) => id)).toEqual(csv.slice(1).map((line) => line.split(',')[0]));
    expect(transactions[0]).toMatchObject({ amount: { amount: '2500.00', currency: 'EUR' } });
  });

  it('is well-formed OFX with a statement per account and currency', async () => {
    const ofx = await text('ofx');

    expect(ofx.startsWith('<?xml version="1.0"')).toBe(true);
    expect(ofx.match(/<STMTTRN>/g)).toHaveLength(4);
    expect(ofx.match(/<CURDEF>(EUR|KRW)<\/CURDEF>/g)).toEqual([
      '<CURDEF>EUR</CURDEF>',
      '<CURDEF>KRW</CURDEF>',
    ]);
    expect(ofx).toContain('<NAME>=cmd&amp;&lt;b&gt;</NAME>');
    expect(ofx).toContain('<TRNAMT>-12.34</TRNAMT>');
    const opened = [...ofx.matchAll(/<([A-Z0-9]+)>/g)].map(([, name]) => name).sort();
    const closed = [...ofx.matchAll(/<\/([A-Z0-9]+)>/g)].map(([, name]) => name).sort();
    expect(closed).toEqual(opened);
  });

  it('holds nothing of somebody else', async () => {
    expect((await text('csv', aUser())).trimEnd().split('\r\n')).toHaveLength(1);
    expect(await text('json', aUser())).toBe('{"transactions":[]}');
    expect((await service.call('/v1/exports?format=pdf', { as: user })).status).toBe(422);
  });
});

describe('GET /v1/transactions/totals', () => {
  it('adds up the rows of a filter per currency', async () => {
    const totals = async (query: string) =>
      (await service.call(`/v1/transactions/totals?${query}`, { as: user })).json;

    expect(await totals('from=2026-01-01')).toEqual({
      totals: [
        {
          currency: 'EUR',
          count: 2,
          moneyIn: { amount: '2500.00', currency: 'EUR' },
          moneyOut: { amount: '-12.34', currency: 'EUR' },
          net: { amount: '2487.66', currency: 'EUR' },
        },
        {
          currency: 'KRW',
          count: 1,
          moneyIn: { amount: '0', currency: 'KRW' },
          moneyOut: { amount: '-5000', currency: 'KRW' },
          net: { amount: '-5000', currency: 'KRW' },
        },
      ],
      complete: true,
    });
    expect(await totals('')).toMatchObject({
      totals: [
        { currency: 'EUR', count: 3, moneyIn: { amount: '2500.00' }, moneyOut: { amount: '-13.34' } },
        { currency: 'KRW', count: 1, net: { amount: '-5000' } },
      ],
    });
    expect(await totals('q=cmd')).toMatchObject({ totals: [{ currency: 'KRW', count: 1 }] });
    expect(await totals('category=salary')).toMatchObject({ totals: [{ count: 1 }] });
    expect((await service.call('/v1/transactions/totals', { as: aUser() })).json).toMatchObject({
      totals: [],
    });
  });
});

describe('POST /api/get_transactions', () => {
  const ask = (json: unknown, as = user) =>
    service.call('/api/get_transactions', { method: 'POST', as, json });

  it('lists the last days of the caller, newest first, positive for money out', async () => {
    expect((await ask({ user_id: user.userId, days: 30 })).json).toMatchObject({
      transactions: [
        { date: '2026-03-04', amount: -2500, is_manual: true, payment_channel: 'manual' },
        { date: '2026-03-03', amount: 5000, currency: 'KRW' },
        {
          date: '2026-03-02',
          amount: 12.34,
          merchant_name: 'Carrefour',
          category: { id: 'foodAndDrink', subcategory: { id: 'groceries' } },
          is_test_data: false,
        },
      ],
    });
    expect((await ask({ days: 700 })).json).toMatchObject({ transactions: { length: 4 } });
  });

  it('shows an administrator the rows of the user who is named, and of nobody else', async () => {
    const admin = aUser({ role: 'admin' });

    expect((await ask({ user_id: user.userId, days: 700 }, admin)).json).toMatchObject({
      transactions: { length: 4 },
    });
    expect((await ask({}, admin)).json).toEqual({ transactions: [] });
  });

  it("shows nobody else's rows, by id or by token", async () => {
    const stranger = aUser();
    expect(await ask({ user_id: user.userId }, stranger)).toMatchObject({
      status: 404,
      json: { error: 'User not found' },
    });
    expect((await ask({ access_token: 'somebody-else' }, stranger)).status).toBe(404);
    expect((await ask({}, stranger)).json).toEqual({ transactions: [] });
    expect((await ask({ days: 'many' })).status).toBe(400);
  });
});
