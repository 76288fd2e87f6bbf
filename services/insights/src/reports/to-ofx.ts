import { formatDecimal } from '@orrery/money';

/** A transaction as a statement shows it. */
export interface StatementRow {
  id: string;
  accountId: string;
  date: string;
  /** Signed minor units; negative is money out. */
  amountMinor: number;
  currency: string;
  name: string;
  memo: string;
}

/** Longest NAME that the format allows. */
const MAX_NAME = 32;

const MAX_MEMO = 255;

const escaped = (text: string): string =>
  text
    // XML 1.0 has no way to write control characters.
    .replaceAll(/[^\P{Cc}\t]/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');

const cut = (text: string, length: number): string => [...text].slice(0, length).join('');

const day = (date: string): string => date.replaceAll('-', '');

const STATUS = '<STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>';

const transaction = ({ id, date, amountMinor, currency, name, memo }: StatementRow): string =>
  [
    '<STMTTRN>',
    `<TRNTYPE>${amountMinor < 0 ? 'DEBIT' : 'CREDIT'}</TRNTYPE>`,
    `<DTPOSTED>${day(date)}</DTPOSTED>`,
    `<TRNAMT>${formatDecimal(amountMinor, currency)}</TRNAMT>`,
    `<FITID>${escaped(id)}</FITID>`,
    `<NAME>${escaped(cut(name, MAX_NAME))}</NAME>`,
    `<MEMO>${escaped(cut(memo, MAX_MEMO))}</MEMO>`,
    '</STMTTRN>',
  ].join('');

const statement = (rows: readonly StatementRow[], asOf: string): string => {
  const [first] = rows;
  if (first === undefined) {
    return '';
  }
  const dates = rows.map(({ date }) => date).sort();
  const sum = rows.reduce((total, { amountMinor }) => total + amountMinor, 0);
  return [
    `<STMTTRNRS><TRNUID>0</TRNUID>${STATUS}<STMTRS><CURDEF>${first.currency}</CURDEF>`,
    `<BANKACCTFROM><BANKID>ORRERY</BANKID><ACCTID>${escaped(cut(first.accountId, 22))}</ACCTID>`,
    '<ACCTTYPE>CHECKING</ACCTTYPE></BANKACCTFROM>',
    `<BANKTRANLIST><DTSTART>${day(dates[0] ?? asOf)}</DTSTART><DTEND>${day(dates.at(-1) ?? asOf)}</DTEND>`,
    ...rows.map(transaction),
    '</BANKTRANLIST>',
    `<LEDGERBAL><BALAMT>${formatDecimal(sum, first.currency)}</BALAMT><DTASOF>${day(asOf)}</DTASOF></LEDGERBAL>`,
    '</STMTRS></STMTTRNRS>',
  ].join('\n');
};

/**
 * Transactions as OFX 2.2, one statement per account and currency. The format demands a balance; since the ledger
 * knows none, it is the sum of the listed transactions.
 * @param rows transactions in any order
 * @param asOf day of the file
 */
export const toOfx = (rows: readonly StatementRow[], asOf: string): string => {
  const groups = Map.groupBy(rows, ({ accountId, currency }) => `${accountId}\n${currency}`);
  return [
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
    '<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>',
    `<OFX><SIGNONMSGSRSV1><SONRS>${STATUS}<DTSERVER>${day(asOf)}</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1>`,
    '<BANKMSGSRSV1>',
    ...[...groups.values()].map((group) => statement(group, asOf)),
    '</BANKMSGSRSV1></OFX>',
    '',
  ].join('\n');
};
