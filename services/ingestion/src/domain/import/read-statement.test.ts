import { describe, expect, it } from '@jest/globals';
import type { ImportMapping } from './import-options.ts';
import { ImportRefusedError } from './import-refused.ts';
import { readImport } from './read-import.ts';

const read = (text: string, mapping: ImportMapping = {}, currency?: string) => {
  const { detected, rows } = readImport(Buffer.from(text), {
    mapping,
    currency,
    defaultCurrency: 'EUR',
    today: '2026-03-16',
  });
  return { detected, rows: [...rows] };
};

const OFX_1 = `OFXHEADER:100
DATA:OFXSGML
VERSION:102

<OFX>
<BANKMSGSRSV1><STMTTRNRS><STMTRS>
<CURDEF>USD
<BANKACCTFROM><BANKID>011000015<ACCTID>9876543210<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260301<DTEND>20260331
<STMTTRN>
<TRNTYPE>DEBIT
<DTPOSTED>20260310120000[-5:EST]
<TRNAMT>-12.34
<FITID>F-1
<NAME>CORNER BAKERY &amp; CO
<MEMO>CARD 1234
</STMTTRN>
<STMTTRN>
<TRNTYPE>CREDIT
<DTPOSTED>20260311083000.000[-5:EST]
<TRNAMT>1,500.00
<FITID>F-2
<NAME>WAGES
</STMTTRN>
<STMTTRN>
<TRNTYPE>DEBIT
<DTPOSTED>never
<TRNAMT>-1.00
<FITID>F-3
<NAME>BROKEN
</STMTTRN>
</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>`;

describe('an OFX file', () => {
  it('of version 1 is read without end tags, with exact amounts and the line of each rejection', () => {
    const { detected, rows } = read(OFX_1);

    expect(detected).toMatchObject({ format: 'ofx', currency: 'USD', sign: 'negative-is-out' });
    expect(rows).toMatchObject([
      {
        kind: 'row',
        line: 10,
        postedOn: '2026-03-10',
        description: 'CORNER BAKERY & CO CARD 1234',
        amountMinor: -1234,
        currency: 'USD',
        account: '9876543210',
      },
      { kind: 'row', line: 18, occurredAt: '2026-03-11T13:30:00.000Z', amountMinor: 150_000 },
      { kind: 'rejected', line: 25, reason: 'the date of posting cannot be read' },
    ]);
    expect(rows[0]).not.toHaveProperty('occurredAt');
  });

  it.each(['soon', '99991231', '00010101'])(
    'rejects a row of the day %s, which no ledger can hold',
    (day) => {
      const { rows } = read(OFX_1.replace('20260310120000[-5:EST]', day));

      expect(rows[0]).toMatchObject({ kind: 'rejected', reason: 'the date of posting cannot be read' });
      expect(rows[1]).toMatchObject({ kind: 'row' });
    },
  );

  it('of version 2 is read as XML on one line, with several accounts and currencies', () => {
    const transaction = (id: string, amount: string, more = '') =>
      `<STMTTRN><TRNTYPE>POS</TRNTYPE><DTPOSTED>20260305</DTPOSTED><TRNAMT>${amount}</TRNAMT><FITID>${id}</FITID><NAME>SHOP</NAME>${more}</STMTTRN>`;
    const { rows } = read(
      `<?xml version="1.0" encoding="UTF-8"?><?OFX OFXHEADER="200" VERSION="211"?><OFX><BANKMSGSRSV1><STMTRS><CURDEF>EUR</CURDEF><BANKACCTFROM><ACCTID>A1</ACCTID></BANKACCTFROM><BANKTRANLIST>${transaction('1', '-3,50')}</BANKTRANLIST></STMTRS></BANKMSGSRSV1><CREDITCARDMSGSRSV1><CCSTMTRS><CURDEF>GBP</CURDEF><CCACCTFROM><ACCTID>C2</ACCTID></CCACCTFROM><BANKTRANLIST>${transaction('2', '-7.00', '<ORIGCURRENCY><CURRATE>1.2</CURRATE><CURSYM>USD</CURSYM></ORIGCURRENCY>')}${transaction('3', '-900', '<CURRENCY><CURRATE>150</CURRATE><CURSYM>JPY</CURSYM></CURRENCY>')}</BANKTRANLIST></CCSTMTRS></CREDITCARDMSGSRSV1></OFX>`,
    );

    expect(rows).toMatchObject([
      { account: 'A1', amountMinor: -350, currency: 'EUR' },
      { account: 'C2', amountMinor: -700, currency: 'GBP' },
      { account: 'C2', amountMinor: -900, currency: 'JPY' },
    ]);
  });

  it("is known again by the bank's own numbers, and without them by its day", () => {
    const { rows } = read(OFX_1.replace('<FITID>F-2\n', ''));

    expect(rows).toMatchObject([{ moment: 'fitid:F-1' }, { moment: '2026-03-11T13:30:00.000Z' }, {}]);
  });

  it('without transactions is refused in plain words', () => {
    expect(() => read('OFXHEADER:100\n\n<OFX><SIGNONMSGSRSV1></SIGNONMSGSRSV1></OFX>')).toThrow(
      ImportRefusedError,
    );
  });
});

const QIF = `!Option:AutoSwitch
!Account
NCurrent account
TBank
^
!Type:Bank
D25/12'25
T-1,234.56
PRENT
LHousing
^
D 3/ 1/2026
T45.00
PREFUND
MBACK FROM SHOP
SHobbies
$20.00
SOther
$25.00
^
Dnonsense
T-1.00
PBROKEN
^
!Type:Cat
NHousing
E
^`;

describe('a QIF file', () => {
  it('is read with its dates, amounts, account and the line of each rejection', () => {
    const { detected, rows } = read(QIF, {}, 'GBP');

    expect(detected).toMatchObject({ format: 'qif', currency: 'GBP', sign: 'negative-is-out' });
    expect(rows).toMatchObject([
      {
        kind: 'row',
        line: 7,
        postedOn: '2025-12-25',
        description: 'RENT',
        amountMinor: -123_456,
        account: 'Current account',
      },
      { kind: 'row', line: 12, postedOn: '2026-01-03', description: 'REFUND', amountMinor: 4500 },
      { kind: 'rejected', line: 21 },
    ]);
  });

  it('takes a positive amount for money in, also when no amount is negative', () => {
    const { rows } = read('!Type:CCard\nD2026-03-01\nT10.00\nPREFUND\n^\nD2026-03-02\nT11.00\nPREFUND\n^\n');

    expect(rows).toMatchObject([{ amountMinor: 1000 }, { amountMinor: 1100 }]);
  });

  it('reads a comma as the decimal mark where the file shows it', () => {
    const { rows } = read('!Type:Bank\nD13/03/2026\nT-1.234,56\nPLOYER\n^\nD14/03/2026\nT-2,50\nPPAIN\n^\n');

    expect(rows).toMatchObject([{ amountMinor: -123_456 }, { amountMinor: -250 }]);
  });
});
