import { describe, expect, it } from '@jest/globals';
import readExcelFile from 'read-excel-file/node';
import { neutraliseFormula } from './report-table.ts';
import type { ReportTable } from './report-table.ts';
import { toCsv } from './to-csv.ts';
import { toXlsx } from './to-xlsx.ts';

const table: ReportTable = {
  title: 'Dépenses',
  currency: 'EUR',
  columns: [
    { heading: 'Marchand', kind: 'text' },
    { heading: 'Mois', kind: 'month' },
    { heading: 'Montant', kind: 'money' },
    { heading: 'Part', kind: 'percent' },
    { heading: 'Nombre', kind: 'integer' },
  ],
  rows: [
    ['=1+1', '2025-06', 123_456, 99.5, 12],
    ['Crêperie «Chez "Léa", Brest»', '2025-07', -512, 0.5, 1],
  ],
};

describe('report files', () => {
  it('writes CSV with a byte order mark, quoted cells, exact amounts and no formula', () => {
    expect(toCsv(table)).toBe(
      '\uFEFFMarchand,Mois,Montant,Part,Nombre\r\n' +
        "'=1+1,2025-06,1234.56,99.5,12\r\n" +
        '"Crêperie «Chez ""Léa"", Brest»",2025-07,-5.12,0.5,1\r\n',
    );
  });

  it('writes the same rows to Excel, as numbers and dates', async () => {
    const [sheet] = await readExcelFile(await toXlsx(table));

    expect(sheet?.data).toEqual([
      ['Marchand', 'Mois', 'Montant', 'Part', 'Nombre'],
      ["'=1+1", new Date('2025-06-01T00:00:00Z'), 1234.56, 99.5, 12],
      ['Crêperie «Chez "Léa", Brest»', new Date('2025-07-01T00:00:00Z'), -5.12, 0.5, 1],
    ]);
  });

  it('neutralises every beginning that a spreadsheet could run', () => {
    expect(['=1', '+1', '-1', '@a', '\t=1', ' =1', '＝1'].map(neutraliseFormula)).toEqual([
      "'=1",
      "'+1",
      "'-1",
      "'@a",
      "'\t=1",
      "' =1",
      "'＝1",
    ]);
    expect(neutraliseFormula('Café - Bar')).toBe('Café - Bar');
  });
});
