import { describe, expect, it } from '@jest/globals';
import iconv from 'iconv-lite';
import type { ImportMapping } from './import-options.ts';
import { readImport } from './read-import.ts';

interface Told {
  encoding?: string;
  mapping?: ImportMapping;
  currency?: string;
}

const read = (
  text: string | readonly string[],
  { encoding = 'utf-8', mapping = {}, currency }: Told = {},
) => {
  const bytes = iconv.encode(typeof text === 'string' ? text : text.join('\r\n'), encoding);
  const result = readImport(bytes, { mapping, currency, defaultCurrency: 'EUR', today: '2026-11-20' });
  const all = [...result.rows];
  return {
    detected: result.detected,
    rows: all.filter((row) => row.kind === 'row'),
    rejected: all.filter((row) => row.kind === 'rejected'),
  };
};

const brief = (rows: ReturnType<typeof read>['rows']) =>
  rows.map((row) => [row.postedOn, row.description, row.amountMinor, row.currency]);

describe('files that banks export', () => {
  it('reads a French account: Latin-1, preamble, semicolons, decimal commas, debit and credit, a total below', () => {
    const { detected, rows, rejected } = read(
      [
        'Compte courant n° 0001;;;',
        'Solde au 30/09/2025;1 234,56 €;;',
        '',
        'Date;Libellé;Débit euros;Crédit euros',
        '29/09/2025;CARTE 28/09 ÉPICERIE DU MARCHÉ;12,50;',
        '28/09/2025;VIREMENT REÇU SALAIRE;;2 150,00',
        ';Total;12,50;2 150,00',
      ],
      { encoding: 'latin1' },
    );

    expect(brief(rows)).toEqual([
      ['2025-09-29', 'CARTE 28/09 ÉPICERIE DU MARCHÉ', -1250, 'EUR'],
      ['2025-09-28', 'VIREMENT REÇU SALAIRE', 215_000, 'EUR'],
    ]);
    expect(rejected).toEqual([]);
    expect(detected).toMatchObject({
      encoding: 'windows-1252',
      delimiter: ';',
      header: true,
      headerLine: 4,
      dateFormat: 'DD/MM/YYYY',
      decimal: ',',
      sign: 'debit-credit',
      columns: { date: 'Date', description: 'Libellé', debit: 'Débit euros', credit: 'Crédit euros' },
    });
  });

  it('reads a Korean card in CP949, with syllables outside EUC-KR, as spending in won', () => {
    const { detected, rows } = read(
      [
        '거래일시,가맹점명,이용금액',
        '2025.09.29 14:03,펭귄분식 강남점,"5,500원"',
        '2025.09.28 09:12,뷁카페,"12,000원"',
      ],
      { encoding: 'cp949' },
    );

    expect(brief(rows)).toEqual([
      ['2025-09-29', '펭귄분식 강남점', -5500, 'KRW'],
      ['2025-09-28', '뷁카페', -12_000, 'KRW'],
    ]);
    expect(rows[0]).toMatchObject({
      merchantName: '펭귄분식 강남점',
      occurredAt: '2025-09-29T05:03:00.000Z',
    });
    expect(detected).toMatchObject({ encoding: 'cp949', sign: 'positive-is-out', currency: 'KRW' });
  });

  it('reads a Korean account with withdrawals, deposits and a balance', () => {
    const { rows, detected } = read([
      '거래일자,적요,출금액,입금액,잔액',
      '20250929,동네마트,"35,000",0,"100,000"',
      '20250928,9월 급여,0,"3,000,000","135,000"',
    ]);

    expect(brief(rows)).toEqual([
      ['2025-09-29', '동네마트', -35_000, 'KRW'],
      ['2025-09-28', '9월 급여', 3_000_000, 'KRW'],
    ]);
    expect(detected.columns).not.toHaveProperty('balance');
  });

  it('reads instants with their offsets and a currency per row', () => {
    const { rows } = read([
      'transacted_at,merchant_name,amount,currency',
      '2025-09-29T23:30:00+09:00,편의점,-4500,KRW',
      '2025-09-29T23:30:00Z,Corner Shop,-4.5,USD',
    ]);

    expect(
      rows.map(({ postedOn, occurredAt, amountMinor }) => ({ postedOn, occurredAt, amountMinor })),
    ).toEqual([
      { postedOn: '2025-09-29', occurredAt: '2025-09-29T14:30:00.000Z', amountMinor: -4500 },
      { postedOn: '2025-09-29', occurredAt: '2025-09-29T23:30:00.000Z', amountMinor: -450 },
    ]);
  });

  it.each([[{}], [{ mapping: { dateFormat: 'YYYY-MM-DD' } }]])(
    'rejects days of years that no bank writes, by their line, with %j',
    (options) => {
      const { rows, rejected } = read(
        [
          'date,description,amount',
          '9999-12-31,Far,-1',
          '2025-09-29,Near,-2',
          '0001-01-01,Old,-3',
          '2999-12-31,Last,-4',
        ],
        options,
      );

      expect(rows.map(({ description }) => description)).toEqual(['Near', 'Last']);
      expect(rejected.map(({ line }) => line)).toEqual([2, 4]);
    },
  );

  it('reads an American account with quotes, month first and a UTF-8 mark', () => {
    const { rows, detected } = read([
      '\uFEFF"Date","Description","Amount"',
      '"09/29/2025","SHOP ""THE CORNER""","-$1,012.50"',
      '"09/03/2025","PAY","$2,000.00"',
    ]);

    expect(brief(rows)).toEqual([
      ['2025-09-29', 'SHOP "THE CORNER"', -101_250, 'EUR'],
      ['2025-09-03', 'PAY', 200_000, 'EUR'],
    ]);
    expect(detected).toMatchObject({ encoding: 'utf-8', dateFormat: 'MM/DD/YYYY', decimal: '.' });
  });

  it('reads an Excel export: UTF-16, a sep= line, tabs of trailing delimiters, French month names', () => {
    const { rows, detected } = read(
      '\uFEFFsep=;\nDate;Libellé;Montant;;\n1er mars 2025;Pain;-1,5;;\n2 août 2025;Thé;-2;;\n;;;;\n',
      { encoding: 'utf-16le' },
    );

    expect(brief(rows)).toEqual([
      ['2025-03-01', 'Pain', -150, 'EUR'],
      ['2025-08-02', 'Thé', -200, 'EUR'],
    ]);
    expect(rows.map((row) => row.line)).toEqual([3, 4]);
    expect(detected).toMatchObject({ encoding: 'utf-16le', delimiter: ';' });
  });

  it.each([
    [
      'CR and DR beside the number',
      ['Date|Details|Amount', '29 Sep 2025|A|12.00 DR', '30 Sep 2025|B|1,000.00CR'],
    ],
    ['parentheses', ['Date\tDetails\tAmount', '2025-09-29\tA\t(12.00)', '2025-09-30\tB\t1,000.00']],
    ['a minus behind', ['Datum;Text;Betrag', '29.09.2025;A;12,00-', '30.09.2025;B;1.000,00']],
    ['a typographic minus', ['Date,Name,Amount', '2025-09-29,A,−12.00', '2025-09-30,B,"1,000.00"']],
    [
      'a column of its own',
      ['Date,Text,Amount,Type', '2025-09-29,A,12.00,debit', '2025-09-30,B,1000.00,credit'],
    ],
    ['negative debits', ['Date;Opération;Débit;Crédit', '29/09/2025;A;-12,00;', '30/09/2025;B;;1000,00']],
  ])('tells money out from money in by %s', (_kind, lines) => {
    expect(read(lines).rows.map((row) => row.amountMinor)).toEqual([-1200, 100_000]);
  });

  it('takes the headings of the rows, not those of the preamble', () => {
    const { rows, detected } = read([
      'Compte;Solde;Date',
      'Courant;1 234,56;30/09/2025',
      '',
      'Date;Libellé;Montant',
      '29/09/2025;Pain;-1,20',
    ]);

    expect(detected.headerLine).toBe(4);
    expect(brief(rows)).toEqual([['2025-09-29', 'Pain', -120, 'EUR']]);
  });

  it('takes positive-only amounts as spending unless flipSign says otherwise', () => {
    const file = ['Date,Description,Amount', '2025-01-02,Rent,800.00', '2025-01-03,Bread,3.00'];

    expect(read(file).rows.map((row) => row.amountMinor)).toEqual([-80_000, -300]);
    expect(read(file, { mapping: { flipSign: false } }).rows.map((row) => row.amountMinor)).toEqual([
      80_000, 300,
    ]);
  });

  it('turns signs round when flipSign asks for it', () => {
    const file = ['Date,Description,Amount', '2025-01-02,Shoes,80.00', '2025-01-03,Refund,-80.00'];

    const flipped = read(file, { mapping: { flipSign: true } });

    expect(read(file).rows.map((row) => row.amountMinor)).toEqual([8000, -8000]);
    expect(flipped.rows.map((row) => row.amountMinor)).toEqual([-8000, 8000]);
    expect(flipped.detected.sign).toBe('positive-is-out');
  });
});

describe('dates', () => {
  it.each([
    ['a day beyond twelve', ['01/02/2025', '13/02/2025'], 'DD/MM/YYYY', ['2025-02-01', '2025-02-13'], false],
    [
      'a second number beyond twelve',
      ['02/01/2025', '02/13/2025'],
      'MM/DD/YYYY',
      ['2025-02-01', '2025-02-13'],
      false,
    ],
    [
      'the order of the rows',
      ['01/12/2024', '02/12/2024', '01/01/2025', '02/01/2025'],
      'DD/MM/YYYY',
      ['2024-12-01', '2024-12-02', '2025-01-01', '2025-01-02'],
      false,
    ],
    [
      'a far shorter span',
      ['03/01/2025', '03/02/2025', '03/05/2025'],
      'MM/DD/YYYY',
      ['2025-03-01', '2025-03-02', '2025-03-05'],
      false,
    ],
    [
      'dates that are not in the future',
      ['25.09.28', '25.09.29'],
      'YY.MM.DD',
      ['2025-09-28', '2025-09-29'],
      false,
    ],
    ['custom when nothing else tells', ['03/04/2025'], 'DD/MM/YYYY', ['2025-04-03'], true],
  ])('tells the order of the numbers by %s', (_kind, dates, format, days, isAmbiguous) => {
    const { rows, detected } = read(['Date,Text,Amount', ...dates.map((date) => `${date},x,-1.00`)]);

    expect(rows.map((row) => row.postedOn)).toEqual(days);
    expect(detected).toMatchObject({ dateFormat: format, dateAmbiguous: isAmbiguous });
  });

  it('takes a month first by custom in a file in US dollars', () => {
    expect(read(['Date,Text,Amount', '03/04/2025,x,-1.00'], { currency: 'USD' }).rows[0]?.postedOn).toBe(
      '2025-03-04',
    );
  });

  it.each([
    ['2025년 9월 29일', '2025-09-29'],
    ['2025. 9. 29.', '2025-09-29'],
    ['2025-09-29 (월)', '2025-09-29'],
    ['29-Sep-25', '2025-09-29'],
    ['Mon, 29 September 2025', '2025-09-29'],
    ['Sept 29, 2025', '2025-09-29'],
    ['29 févr. 2024', '2024-02-29'],
    ['20250929140322', '2025-09-29'],
    ['2025/9/29 오후 2:03', '2025-09-29'],
    ['2025-09-29T14:03:22.123+02:00', '2025-09-29'],
  ])('reads %s', (written, day) => {
    expect(read(`Date;Text;Amount\n${written};x;-1`).rows.map((row) => row.postedOn)).toEqual([day]);
  });

  it('keeps to a given format and refuses dates that do not fit it', () => {
    const { rows, rejected, detected } = read(['Date,Text,Amount', '03/04/2025,x,-1', '2025-04-03,y,-1'], {
      mapping: { dateFormat: 'MM/DD/YYYY' },
    });

    expect(rows.map((row) => row.postedOn)).toEqual(['2025-03-04']);
    expect(rejected).toEqual([
      { kind: 'rejected', line: 3, reason: '"2025-04-03" is not a date written MM/DD/YYYY' },
    ]);
    expect(detected.dateFormat).toBe('MM/DD/YYYY');
  });

  it.each([
    ['dd.MM.yy', '29.09.25'],
    ['dd/mm/yyyy', '29/09/2025'],
    ['D MMM YYYY', '29 sept. 2025'],
    ['YYYY-MM-DD HH:mm', '2025-09-29 14:03'],
    ['YYYYMMDD', '20250929'],
  ])('understands the format %s', (dateFormat, written) => {
    expect(read(`Date;Text;Amount\n${written};x;-1`, { mapping: { dateFormat } }).rows[0]?.postedOn).toBe(
      '2025-09-29',
    );
  });

  it('does not take midnight in every row for an instant', () => {
    const { rows } = read(['거래일시,적요,금액', '2025-09-29 00:00:00,가,1000']);

    expect(rows[0]).not.toHaveProperty('occurredAt');
  });
});

describe('amounts', () => {
  it.each([
    [['1.234,50', '12,00'], ',', [123_450, 1200]],
    [['1,234.50', '12.00'], '.', [123_450, 1200]],
    [['1 234,50', '1\u202F234,50'], ',', [123_450, 123_450]],
    [["1'234.50", '1’234.50'], '.', [123_450, 123_450]],
    [['1.234', '2.500'], ',', [123_400, 250_000]],
    [['1.234.567', '5'], ',', [123_456_700, 500]],
    [['1,00,000.00', '5.00'], '.', [10_000_000, 500]],
    [['0.12', '1.5'], '.', [12, 150]],
    [['52.300000000000004', '1.5'], '.', [5230, 150]],
    [['7.049999999999999', '1.5'], '.', [705, 150]],
  ])('reads the column %j with %s as decimal mark', (cells, decimal, minors) => {
    const { rows, detected } = read(['Date|Text|Credit', ...cells.map((cell) => `2025-01-02|x|${cell}`)]);

    expect(rows.map((row) => row.amountMinor)).toEqual(minors);
    expect(detected.decimal).toBe(decimal);
  });

  it('reads 12,000 as twelve thousand won and refuses nothing for .00', () => {
    const { rows } = read(['Date|Text|Amount', '2025-01-02|x|-12,000', '2025-01-02|y|-12000.00'], {
      currency: 'KRW',
    });

    expect(rows.map((row) => row.amountMinor)).toEqual([-12_000, -12_000]);
  });

  it('obeys a given decimal mark', () => {
    const { rows } = read(['Date;Text;Amount', '2025-01-02;x;-1.234'], { mapping: { decimal: ',' } });

    expect(rows.map((row) => row.amountMinor)).toEqual([-123_400]);
  });

  it.each([
    ['-1.2345', 'EUR'],
    ['-1.5', 'JPY'],
    ['-90071992547409.91', 'EUR'],
  ])('refuses the row with %s %s instead of guessing or losing a figure', (amount, currency) => {
    const { rows, rejected } = read(['Date;Text;Amount', `2025-01-02;x;${amount}`, '2025-01-03;y;-2'], {
      currency,
      mapping: { decimal: '.' },
    });

    expect(rows).toHaveLength(1);
    expect(rejected).toMatchObject([{ line: 2 }]);
  });

  it.each([
    ['a symbol beside the amount', ['Date,Text,Amount', '2025-01-02,x,-£1.00'], 'GBP'],
    ['a code in the heading', ['Date,Text,Amount (CHF)', '2025-01-02,x,-1.00'], 'CHF'],
    ['won in the heading', ['일자,내용,금액(원)', '2025-01-02,x,-1000'], 'KRW'],
    ['nothing at all', ['Date,Text,Amount', '2025-01-02,x,-1.00'], 'EUR'],
  ])('tells the currency by %s', (_kind, lines, currency) => {
    expect(read(lines).rows[0]?.currency).toBe(currency);
  });

  it('lets a currency column win over the form, and the form over a symbol', () => {
    const column = ['Date,Text,Amount,Currency', '2025-01-02,x,-1.00,SEK'];
    const symbol = ['Date,Text,Amount', '2025-01-02,x,-£1.00'];

    expect(read(column, { currency: 'USD' }).rows[0]?.currency).toBe('SEK');
    expect(read(symbol, { currency: 'USD' }).rows[0]?.currency).toBe('USD');
  });
});

describe('bad rows', () => {
  it('are reported by physical line and reason while good rows are kept', () => {
    const { rows, rejected } = read([
      'Date,Description,Amount',
      '2025-01-02,"Two',
      'lines",-1.00',
      '',
      '2025-02-30,Impossible day,-1.00',
      '2025-01-03,No amount,',
      '2025-01-04,Not a number,twelve',
      '2025-01-05,Too, many, columns,-1.00',
      '2025-01-06,,-1.00',
      '2025-01-07,Good,-2.00',
    ]);

    expect(rows.map(({ line, description }) => ({ line, description }))).toEqual([
      { line: 2, description: 'Two lines' },
      { line: 10, description: 'Good' },
    ]);
    expect(rejected).toEqual([
      { kind: 'rejected', line: 5, reason: '"2025-02-30" is not a date written YYYY-MM-DD' },
      { kind: 'rejected', line: 6, reason: 'there is no amount' },
      { kind: 'rejected', line: 7, reason: '"twelve" is not an amount' },
      { kind: 'rejected', line: 8, reason: 'the row has 5 columns instead of 3' },
      { kind: 'rejected', line: 9, reason: 'there is no description' },
    ]);
  });

  it('do not spread when a quote is never closed', () => {
    const { rows } = read([
      'Date,Description,Amount',
      '2025-01-02,"Open,-1.00',
      '2025-01-03,Next,-2.00',
      '2025-01-04,"Fine",-3',
    ]);

    expect(rows.map((row) => row.amountMinor)).toEqual([-100, -200, -300]);
  });

  it('do not swallow memory when a line has no end', () => {
    const { rows, rejected } = read([
      'Date,Description,Amount',
      `2025-01-02,${'x'.repeat(100_000)},-1`,
      '2025-01-03,y,-2',
    ]);

    expect(rows).toHaveLength(1);
    expect(rejected).toEqual([{ kind: 'rejected', line: 2, reason: 'the row is too long' }]);
  });

  it('cannot smuggle control characters or names of object members', () => {
    const { rows, detected } = read([
      'Date,__proto__,Amount,constructor',
      '2025-01-02,a\u0000b\u0007c,-1,toString',
      `2025-01-03,${'y'.repeat(80)},-1,x`,
    ]);

    expect(rows[0]?.description).toBe('a b c');
    expect(Object.keys(detected.columns).sort()).toEqual(['amount', 'date', 'description']);
  });
});

describe('tables without known headings', () => {
  it('are read by content, the balance told from the amount', () => {
    const { rows, detected } = read([
      '03/09/2025,100.00,corner shop,-10.00',
      '04/09/2025,80.00,green grocer,-20.00',
      '15/09/2025,180.00,wages,100.00',
    ]);

    expect(rows.map((row) => [row.line, row.description, row.amountMinor])).toEqual([
      [1, 'corner shop', -1000],
      [2, 'green grocer', -2000],
      [3, 'wages', 10_000],
    ]);
    expect(detected).toMatchObject({
      header: false,
      headerLine: null,
      columns: { date: 0, description: 2, amount: 3 },
    });
  });

  it('are read by column numbers from the mapping', () => {
    const { rows } = read(['x1;01-02-2025;Foo;12,34', 'x2;02-02-2025;Bar;-1.234,56'], {
      mapping: { date: 1, description: '2', amount: 3, dateFormat: 'DD-MM-YYYY' },
    });

    expect(brief(rows)).toEqual([
      ['2025-02-01', 'Foo', 1234, 'EUR'],
      ['2025-02-02', 'Bar', -123_456, 'EUR'],
    ]);
  });

  it('are read with headings in an unknown language', () => {
    const { rows } = read(['Päivä;Saaja;Määrä', '29.09.2025;Kauppa;-12,50']);

    expect(brief(rows)).toEqual([['2025-09-29', 'Kauppa', -1250, 'EUR']]);
  });

  it('take one day for the whole file when the mapping gives it', () => {
    const { rows } = read(['who,paid', 'Baker,12', 'Butcher,13'], {
      mapping: { date: '2025-01-01', description: 'who', amount: 'paid' },
    });

    expect(brief(rows)).toEqual([
      ['2025-01-01', 'Baker', -1200, 'EUR'],
      ['2025-01-01', 'Butcher', -1300, 'EUR'],
    ]);
  });
});

describe('files that cannot be imported', () => {
  it.each([
    ['words', 'just a few words', 'not-a-table'],
    ['an empty file', '', 'not-a-table'],
    ['a workbook', 'PK\u0003\u0004 rest of the archive', 'not-a-table'],
    ['binary data', `\u0001\u0002\u0003,\u0004\n\u0005\u0006,\u0007`, 'not-a-table'],
    ['a letter', 'Dear bank,\nI write, once more,\nabout my card', 'no-date-column'],
    ['a table without dates', 'name,amount\nFoo,12\nBar,13', 'no-date-column'],
    ['a table without amounts', 'date,name\n2025-01-02,Foo\n2025-01-03,Bar', 'no-amount-column'],
  ])('refuses %s', (_kind, text, code) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    [{ amount: 'Total paid' }, 'unknown-column'],
    [{ amount: 17 }, 'unknown-column'],
    [{ dateFormat: 'MM/DD' }, 'invalid-mapping'],
    [{ delimiter: 'ab' }, 'invalid-mapping'],
    [{ encoding: 'klingon' }, 'unknown-encoding'],
  ])('refuses the mapping %j', (mapping, code) => {
    expect(() => read('Date,Text,Amount\n2025-01-02,x,-1', { mapping })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('takes a table of headings alone as an import of no rows', () => {
    expect(read('Date,Description,Amount\n')).toMatchObject({ rows: [], rejected: [] });
  });
});
