import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@orrery/testing';
import iconv from 'iconv-lite';
import { type Constellation, startConstellation } from './constellation.ts';

let orrery: Constellation;

beforeAll(async () => {
  orrery = await startConstellation();
}, 90_000);

afterAll(async () => {
  await orrery.stop();
});

interface Transaction {
  date: string;
  description: string;
  amount: { amount: string; currency: string };
  category: { slug: string; pfcPrimary: string } | null;
}

const newUser = () => orrery.signIn(`user-${randomUUID()}`);

async function importFile(
  headers: Record<string, string>,
  bytes: Buffer,
  fields: Record<string, string> = {},
) {
  const form = new FormData();
  form.set('file', new File([new Uint8Array(bytes)], 'export.csv'));
  for (const [name, value] of Object.entries(fields)) {
    form.set(name, value);
  }
  const response = await fetch(`${orrery.url}/v1/imports`, { method: 'POST', headers, body: form });
  return {
    status: response.status,
    body: (await response.json()) as {
      added: number;
      duplicates: number;
      rows: number;
      rejected: { line: number; reason: string }[];
    },
  };
}

async function ledgerOf(headers: Record<string, string>): Promise<Transaction[]> {
  const response = await fetch(`${orrery.url}/v1/transactions?limit=500`, { headers });
  return ((await response.json()) as { data: Transaction[] }).data;
}

const ledgerOfSize = (headers: Record<string, string>, size: number) =>
  eventually(
    () => ledgerOf(headers),
    (rows) => rows.length === size,
    { timeoutMs: 20_000 },
  );

describe('a user imports a bank file', () => {
  it('finds the transactions categorised in the ledger and in the spending report, to the cent', async () => {
    const user = newUser();
    const file = Buffer.from(
      [
        'Date;Libellé;Débit;Crédit',
        '02/03/2026;FACTURE CARTE DU 010326 CARREFOUR CITY PARIS CARTE 4974;52,30;',
        '03/03/2026;FACTURE CARTE DU 020326 CARREFOUR CITY PARIS CARTE 4974;7,05;',
        '04/03/2026;PRLV SEPA FREE TELECOM;29,99;',
        '05/03/2026;VIR SEPA RECU /DE ATELIERS MARTIN /MOTIF SALAIRE;;2 150,00',
        '06/03/2026;pas un montant;abc;',
      ].join('\r\n'),
      'latin1',
    );

    const imported = await importFile(user, file);

    expect(imported.status).toBe(201);
    expect(imported.body).toMatchObject({ rows: 5, added: 4, duplicates: 0 });
    expect(imported.body.rejected).toEqual([{ line: 6, reason: expect.any(String) }]);
    const ledger = await ledgerOfSize(user, 4);
    expect(ledger.map(({ date, amount }) => [date, amount.amount, amount.currency])).toEqual([
      ['2026-03-05', '2150.00', 'EUR'],
      ['2026-03-04', '-29.99', 'EUR'],
      ['2026-03-03', '-7.05', 'EUR'],
      ['2026-03-02', '-52.30', 'EUR'],
    ]);
    expect(ledger.at(-1)?.category?.slug).toBe('groceries');
    const response = await fetch(`${orrery.url}/api/spending_report?start=2026-03-01&end=2026-03-31`, {
      headers: user,
    });
    const report = (await response.json()) as {
      income: number;
      expenses: number;
      net: number;
      by_category: { amount: number }[];
    };
    expect(report).toMatchObject({ income: 2150, expenses: 89.34, net: 2060.66 });
    expect(Math.round(report.by_category.reduce((sum, { amount }) => sum + amount * 100, 0))).toBe(8934);
  });

  it('reads a Korean card statement in CP949 as spending in whole won', async () => {
    const user = newUser();
    const file = iconv.encode(
      [
        '거래일시,가맹점명,이용금액',
        '2026.03.02 08:12,스타벅스 강남점,"5,400"',
        '2026.03.03 19:40,쿠팡,"32,900"',
      ].join('\n'),
      'cp949',
    );

    const imported = await importFile(user, file);

    expect(imported.body).toMatchObject({ rows: 2, added: 2 });
    const ledger = await ledgerOfSize(user, 2);
    expect(ledger.map(({ amount }) => amount)).toEqual([
      { amount: '-32900', currency: 'KRW' },
      { amount: '-5400', currency: 'KRW' },
    ]);
    expect(ledger.at(-1)).toMatchObject({
      description: '스타벅스 강남점',
      category: { pfcPrimary: 'FOOD_AND_DRINK' },
    });
  });

  it('adds nothing when the same file comes a second time, and keeps a real double purchase', async () => {
    const user = newUser();
    const file = Buffer.from(
      '\ufeffDate,Description,Amount\n2026-03-02,COFFEE,-3.20\n2026-03-02,COFFEE,-3.20\n2026-03-04,RENT,-900.00\n',
    );
    await importFile(user, file, { currency: 'GBP' });

    const again = await importFile(user, file, { currency: 'GBP' });

    expect(again.body).toMatchObject({ rows: 3, added: 0, duplicates: 3 });
    expect(await ledgerOfSize(user, 3)).toHaveLength(3);
  });

  it('shows nothing of it to another user', async () => {
    const owner = newUser();
    await importFile(owner, Buffer.from('Date,Description,Amount\n2026-03-02,SECRET SHOP,-3.20\n'), {
      currency: 'GBP',
    });
    await ledgerOfSize(owner, 1);

    expect(await ledgerOf(newUser())).toEqual([]);
  });

  it('carries one request id from the gateway into the answer', async () => {
    const response = await fetch(`${orrery.url}/v1/transactions`, {
      headers: { ...newUser(), 'x-request-id': 'journey-42' },
    });

    expect(response.headers.get('x-request-id')).toBe('journey-42');
  });

  it('refuses a file that is no table with the field named', async () => {
    const refused = await importFile(newUser(), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3]));

    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: 'import-refused', errors: [{ field: 'file' }] });
  });
});
