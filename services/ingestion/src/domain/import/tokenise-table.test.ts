import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { decodeText } from './decode-text.ts';
import { readImport } from './read-import.ts';
import { transactionIdsOf } from './row-identity.ts';
import { tokeniseTable } from './tokenise-table.ts';

const write = (
  rows: readonly (readonly string[])[],
  dialect: { delimiter: string; lineEnd: string; quotesAll: boolean },
): string =>
  rows
    .map((row) =>
      row
        .map((field) => {
          const needsQuotes =
            dialect.quotesAll || /["\r\n]|^\s|\s$/.test(field) || field.includes(dialect.delimiter);
          return needsQuotes ? `"${field.replaceAll('"', '""')}"` : field;
        })
        .join(dialect.delimiter),
    )
    .join(dialect.lineEnd);

const dialects = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t', '|'),
  lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
  quotesAll: fc.boolean(),
});

const letters = fc.constantFrom(
  'a',
  'Z',
  '9',
  'é',
  '가',
  ' ',
  '"',
  ',',
  ';',
  '|',
  '\t',
  '\n',
  '\r',
  '.',
  '-',
  '€',
);

describe('tokeniseTable', () => {
  it('reads back any table that a writer of any dialect wrote, with the line where each row starts', () => {
    const field = fc.array(letters, { maxLength: 8 }).map((parts) => parts.join(''));
    const tables = fc.array(
      fc
        .tuple(fc.constantFrom('k', 'x y', '1'), fc.array(field, { maxLength: 4 }))
        .map(([key, rest]) => [key, ...rest]),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(tables, dialects, (rows, dialect) => {
        const text = write(rows, dialect);

        const read = [...tokeniseTable(text, dialect.delimiter)];

        expect(read.map((row) => row.fields)).toEqual(rows);
        let line = 1;
        const lines = rows.map((row) => {
          const start = line;
          line += 1 + (row.join('\u0000').match(/\r\n|\r|\n/g)?.length ?? 0);
          return start;
        });
        expect(read.map((row) => row.line)).toEqual(lines);
      }),
      { numRuns: 500 },
    );
  });

  it('never throws and never loses count on any text', () => {
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 200 }), (parts) => {
        const rows = [...tokeniseTable(parts.join(''), ',')];

        expect(rows.every((row, index) => index === 0 || row.line > (rows[index - 1]?.line ?? 0))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('readImport', () => {
  it('reads back exactly the transactions that a generator wrote, in any dialect, date order and decimal mark', () => {
    const transactions = fc.array(
      fc.record({
        day: fc.integer({ min: 0, max: 700 }),
        description: fc.constantFrom(
          'Épicerie "Chez, nous"',
          'Corner; shop | two',
          '동네마트 3호점',
          'plain',
          'A\nB',
        ),
        amountMinor: fc.integer({ min: -10_000_000, max: 10_000_000 }),
      }),
      { minLength: 2, maxLength: 30 },
    );
    const looks = fc.record({
      order: fc.constantFrom('DMY', 'MDY', 'YMD'),
      separator: fc.constantFrom('/', '-', '.'),
      decimal: fc.constantFrom('.', ','),
    });
    fc.assert(
      fc.property(transactions, dialects, looks, (wanted, dialect, look) => {
        const dayOf = (day: number) =>
          new Date(Date.UTC(2023, 0, 1) + day * 86_400_000).toISOString().slice(0, 10);
        const written = wanted.map(({ day, description, amountMinor }) => {
          const [year = '', month = '', date = ''] = dayOf(day).split('-');
          const parts = { DMY: [date, month, year], MDY: [month, date, year], YMD: [year, month, date] }[
            look.order
          ];
          const digits = String(Math.abs(amountMinor)).padStart(3, '0');
          const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, look.decimal === '.' ? ',' : '.');
          const amount = `${amountMinor < 0 ? '-' : ''}${whole}${look.decimal}${digits.slice(-2)}`;
          return [parts.join(look.separator), description, amount];
        });
        // Two fixed rows settle what the random ones may leave open.
        const settled = [
          { DMY: ['31', '12', '2022'], MDY: ['12', '31', '2022'], YMD: ['2022', '12', '31'] }[
            look.order
          ].join(look.separator),
          'opening',
          `-1${look.decimal}50`,
        ];
        const text = write([['Date', 'Description', 'Amount'], settled, ...written], dialect);

        const { rows } = readImport(Buffer.from(text), {
          mapping: {},
          defaultCurrency: 'EUR',
          today: '2026-11-20',
        });

        expect(
          [...rows]
            .slice(1)
            .map((row) => (row.kind === 'row' ? [row.postedOn, row.description, row.amountMinor] : row)),
        ).toEqual(
          wanted.map(({ day, description, amountMinor }) => [
            dayOf(day),
            description.replace('\n', ' '),
            amountMinor,
          ]),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe('decodeText', () => {
  const korean = '거래일시,가맹점명,이용금액\n2025-09-29,㈜동네마트 뷁점,5500\n';
  const french = 'Date;Libellé;Débit;Crédit\n29/09/2025;Café à l’été — Noël, 5 €;12,50;\n';

  it.each([
    [korean, 'utf-8', 'utf-8'],
    [korean, 'cp949', 'cp949'],
    [korean, 'utf-16le', 'utf-16le'],
    [korean, 'utf-16be', 'utf-16be'],
    [french, 'utf-8', 'utf-8'],
    [french, 'windows-1252', 'windows-1252'],
    ['Datum;Text\n29.09.2025;Größe Äpfel Öl ß\n', 'latin1', 'windows-1252'],
    ['Date,Name\n2025-09-29,FÊTE ÉTÉ ÇA ÀÉ\n', 'latin1', 'windows-1252'],
    ['날짜,금액\n', 'cp949', 'cp949'],
  ])('reads %j written in %s', (text, written, encoding) => {
    expect(decodeText(iconv.encode(text, written))).toEqual({ text, encoding });
  });

  it('keeps a UTF-8 file that was cut inside a letter', () => {
    const bytes = Buffer.from(korean.repeat(3));

    expect(decodeText(bytes.subarray(0, bytes.lastIndexOf(',5500') - 1)).encoding).toBe('utf-8');
  });

  it('obeys a given encoding', () => {
    expect(decodeText(iconv.encode(korean, 'cp949'), 'EUC-KR')).toEqual({ text: korean, encoding: 'cp949' });
    expect(decodeText(Buffer.from(french), 'ISO-8859-1').encoding).toBe('windows-1252');
  });
});

describe('transactionIdsOf', () => {
  const row = {
    accountId: 'acc_1',
    moment: '2025-01-02',
    description: 'Coffee',
    amountMinor: -300,
    currency: 'EUR',
  };

  it('keeps a double purchase and gives a second upload the same ids', () => {
    const first = transactionIdsOf('user-1');
    const again = transactionIdsOf('user-1');

    const ids = [first(row), first(row), first({ ...row, amountMinor: -301 })];

    expect(new Set(ids).size).toBe(3);
    expect([again(row), again(row), again({ ...row, amountMinor: -301 })]).toEqual(ids);
  });

  it('gives two users different ids', () => {
    expect(transactionIdsOf('user-1')(row)).not.toBe(transactionIdsOf('user-2')(row));
  });
});
