import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsCategorized } from '@orrery/contracts';
import type { CategorizedTransaction } from '@orrery/contracts';
import { aCategorizedTransaction, aDecision, aUser, eventually, startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import readExcelFile from 'read-excel-file/node';
import { z } from 'zod';
import { insights } from '../src/index.ts';

let service: TestService;
const user = aUser();

const spend = (
  category: string | null,
  amountMinor: number,
  fields: Partial<CategorizedTransaction> & { shop?: string } = {},
): CategorizedTransaction => {
  const { shop = 'Carrefour', ...rest } = fields;
  return aCategorizedTransaction({
    postedOn: '2026-02-10',
    amountMinor,
    decision: aDecision({ category, merchant: shop }),
    ...rest,
  });
};

const ROWS = [
  spend('groceries', -5230),
  spend('groceries', -1999, { postedOn: '2026-02-28' }),
  spend('groceries', 500, { postedOn: '2026-02-12' }),
  spend('restaurants', -3310, { shop: 'Crêperie de la Fête' }),
  spend('coffee', -450, { shop: '=1+1' }),
  spend(null, -777, { shop: '<b>Inconnu</b>' }),
  spend('salary', 200_000, { shop: 'Employeur' }),
  spend('own-transfers-out', -50_000, { shop: 'Livret' }),
  spend('coffee', -1200, { currency: 'USD', shop: 'Blue Bottle' }),
  spend('groceries', -4000, { postedOn: '2026-01-15' }),
];

const Report = z.looseObject({
  income: z.number(),
  expenses: z.number(),
  net: z.number(),
  rows: z.array(z.record(z.string(), z.unknown())),
  by_category: z.array(
    z.looseObject({ category: z.string(), amount: z.number(), percent: z.number(), count: z.int() }),
  ),
  by_month: z.array(z.looseObject({ month: z.string(), expenses: z.number() })),
  top_merchants: z.array(z.looseObject({ merchant: z.string(), amount: z.number() })),
});

const FEBRUARY = 'start=2026-02-01&end=2026-02-28';

beforeAll(async () => {
  service = await startTestService(insights);
  await service.publish(TransactionsCategorized, user.userId, { userId: user.userId, transactions: ROWS });
  await eventually(
    () => service.mongo.collection('ledger').countDocuments({ userId: user.userId }),
    (count) => count === ROWS.length,
  );
});

afterAll(async () => {
  await service.stop();
});

const report = async (query: string, headers: Record<string, string> = {}) => {
  const reply = await service.call(`/api/spending_report?${query}`, { as: user, headers });
  return Report.parse(reply.json);
};

const cents = (amounts: readonly number[]): number =>
  amounts.reduce((sum, amount) => sum + Math.round(amount * 100), 0);

describe('GET /api/spending_report', () => {
  it('adds up to the cent, without own transfers, with refunds taken off and currencies apart', async () => {
    const february = await report(FEBRUARY);

    expect(february).toMatchObject({
      period: { start: '2026-02-01', end: '2026-02-28' },
      currency: 'EUR',
      income: 2000,
      expenses: 112.66,
      net: 1887.34,
      change_vs_previous: {
        period: { start: '2026-01-01', end: '2026-01-31' },
        expenses: { previous: 40, change: 72.66, percent: 181.7 },
      },
      by_currency: [
        { currency: 'EUR', expenses: 112.66 },
        { currency: 'USD', expenses: 12, transactions: 1 },
      ],
    });
    expect(cents(february.by_category.map(({ amount }) => amount))).toBe(11_266);
    expect(cents(february.by_month.map(({ expenses }) => expenses))).toBe(11_266);
    expect(cents(february.top_merchants.map(({ amount }) => amount))).toBe(11_266);
    expect(Math.round(february.by_category.reduce((sum, { percent }) => sum + percent, 0) * 10)).toBe(1000);
  });

  it('speaks French by default and the language that is asked for, and names what has no category', async () => {
    expect((await report(FEBRUARY)).by_category).toMatchObject([
      { category: 'foodAndDrink', name: 'Nourriture et Boissons', amount: 104.89, count: 5 },
      { category: 'uncategorised', name: 'Non catégorisé', amount: 7.77, count: 1 },
    ]);
    expect((await report(FEBRUARY, { 'accept-language': 'ko' })).by_category[0]?.['name']).toBe('식비');
  });

  it('answers in the currency that is asked for', async () => {
    expect(await report(`${FEBRUARY}&currency=USD`)).toMatchObject({
      currency: 'USD',
      expenses: 12,
      income: 0,
    });
    expect(await report(`${FEBRUARY}&currency=JPY`)).toMatchObject({
      currency: 'JPY',
      expenses: 0,
      by_category: [],
    });
  });

  it.each(['category', 'merchant', 'month'])(
    'gives the same rows by %s as CSV and as Excel',
    async (groupBy) => {
      const path = `/api/spending_report?${FEBRUARY}&group_by=${groupBy}`;
      const csv = await service.call(`${path}&format=csv`, { as: user });
      const xlsx = await service.fetch(`${path}&format=xlsx`, { as: user });
      const [sheet] = await readExcelFile(Buffer.from(await xlsx.arrayBuffer()));

      const lines = csv.text
        .replace('\uFEFF', '')
        .trimEnd()
        .split('\r\n')
        .map((line) => line.split(','));
      const cells = (sheet?.data ?? []).map((cellsOfRow) =>
        cellsOfRow.map((cell) => (cell instanceof Date ? cell.toISOString().slice(0, 7) : cell)),
      );
      expect(lines).toHaveLength(cells.length);
      lines.forEach((line, index) => {
        expect(line.map((text) => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text))).toEqual(
          cells[index],
        );
      });
      expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
      expect(csv.headers.get('content-disposition')).toBe(
        'attachment; filename="spending-report_2026-02-01_2026-02-28.csv"',
      );
      expect(xlsx.headers.get('content-type')).toContain('spreadsheetml');
    },
  );

  it('keeps French letters and makes no formula of a merchant', async () => {
    const reply = await service.fetch(`/api/spending_report?${FEBRUARY}&group_by=merchant&format=csv`, {
      as: user,
    });
    const bytes = Buffer.from(await reply.arrayBuffer());

    expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    expect(bytes.toString('utf8')).toContain('Crêperie de la Fête,33.10,EUR');
    expect(bytes.toString('utf8')).toContain("'=1+1,4.50,EUR");
  });

  it('is a page to print without scripts, with names escaped', async () => {
    const page = await service.call(`/api/spending_report?${FEBRUARY}&format=html`, { as: user });

    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.text).toContain('<h1>Rapport de dépenses</h1>');
    expect(page.text).toContain('Crêperie de la Fête');
    expect(page.text).toMatch(/Dépenses<\/td><td class="amount">112,66\s€/);
    expect(page.text).toContain('&lt;b&gt;Inconnu&lt;/b&gt;');
    expect(page.text).not.toMatch(/<script|<b>/);
  });

  it('reports the whole present month when no period is asked for, and nothing for a stranger', async () => {
    const empty = await service.call('/api/spending_report', { as: aUser() });

    expect(empty.json).toMatchObject({
      period: { start: '2026-03-01', end: '2026-03-31' },
      change_vs_previous: { period: { start: '2026-02-01', end: '2026-02-16' } },
      currency: 'EUR',
      expenses: 0,
      rows: [],
      by_currency: [],
    });
  });

  it('refuses wrong input with 400 and the legacy error body', async () => {
    const refused = await service.call('/api/spending_report?start=2026-02-30&format=pdf', { as: user });

    expect(refused.status).toBe(400);
    expect(refused.json).toMatchObject({ code: 'validation-failed', error: expect.any(String) });
    expect(
      (await service.call('/api/spending_report?start=2026-02-02&end=2026-02-01', { as: user })).status,
    ).toBe(400);
    expect((await service.call('/api/spending_report', { as: null })).status).toBe(401);
  });
});

describe('GET /v1/spending', () => {
  const wire = async (query: string, as = user) => service.call(`/v1/spending?${query}`, { as });

  it('says the same as the report, in exact decimals and by the taxonomy', async () => {
    const reply = await wire('from=2026-02-01&to=2026-02-28');

    expect(reply.json).toMatchObject({
      from: '2026-02-01',
      to: '2026-02-28',
      today: '2026-03-16',
      currency: 'EUR',
      data: [
        {
          currency: 'EUR',
          income: { amount: '2000.00', currency: 'EUR' },
          expenses: { amount: '112.66', currency: 'EUR' },
          net: { amount: '1887.34', currency: 'EUR' },
          byCategory: [
            { slug: 'groceries', amount: { amount: '67.29' }, count: 3 },
            { slug: 'restaurants', amount: { amount: '33.10' } },
            { slug: 'uncategorised' },
            { slug: 'coffee' },
          ],
          byMonth: [{ month: '2026-02' }],
        },
        { currency: 'USD', expenses: { amount: '12.00' } },
      ],
    });
  });

  it('is empty for somebody else, and refuses a period that is turned round or endless', async () => {
    expect((await wire('from=2026-02-01&to=2026-02-28', aUser())).json).toMatchObject({ data: [] });
    expect((await wire('from=2026-02-28&to=2026-02-01')).status).toBe(422);
    expect((await wire('from=1990-01-01&to=2026-02-01')).status).toBe(422);
  });
});
