import { AmountOverflowError, InvalidDecimalError, roundDecimal, safeMinor } from '@orrery/money';
import { cleanText } from '../clean-text.ts';
import type { ImportOptions } from './import-options.ts';
import { ImportRefusedError } from './import-refused.ts';
import type { ImportedRow, RejectedRow } from './map-rows.ts';
import { isLedgerDay } from './parse-date.ts';
import type { Detected } from './plan-import.ts';

const MAX_DESCRIPTION = 512;
const MAX_ACCOUNT = 128;

/** OFX 1 begins with a block of `KEY:value`, OFX 2 with a processing instruction; some banks write neither. */
const BEGINNING = /^\s*(?:OFXHEADER\s*:|<\?xml[^>]*\?>\s*(?:<!--[^]*?-->\s*)?<\?OFX\b|<\?OFX\b|<OFX>)/i;

/**
 * Whether a text is an OFX or QFX file.
 * @param text the decoded file
 */
export const isOfx = (text: string): boolean => BEGINNING.test(text.slice(0, 2000));

interface Tag {
  name: string;
  isEnd: boolean;
  /** What stands behind the tag on its line; elements of OFX 1 have no end tag. */
  value: string;
  at: number;
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

const unescape = (text: string): string =>
  text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) {
        return ENTITIES[name.toLowerCase()] ?? whole;
      }
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : whole;
    },
  );

function* tagsOf(text: string): Generator<Tag> {
  for (const match of text.matchAll(/<(\/?)([A-Za-z][A-Za-z0-9._]{0,63})>([^<\r\n]*)/g)) {
    const [, slash, name = '', value = ''] = match;
    yield { name: name.toUpperCase(), isEnd: slash === '/', value: unescape(value.trim()), at: match.index };
  }
}

interface OfxDate {
  day: string;
  instant?: string;
}

/** `YYYYMMDD`, with time and offset where the bank writes them: `20260310143000.000[-5:EST]`. */
const readDate = (text: string): OfxDate | undefined => {
  const parts =
    /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?(?:\.\d+)?)?\s*(?:\[\s*([+-]?\d{1,2}(?:\.\d+)?)[^\]]*\])?/.exec(
      text,
    );
  if (parts === null) {
    return undefined;
  }
  const [, year = '', month = '', date = '', hour, minute, second = '00', offset] = parts;
  const day = `${year}-${month}-${date}`;
  if (!isLedgerDay(day)) {
    return undefined;
  }
  // Midnight and noon are how a day without a time is written.
  const isTime =
    hour !== undefined &&
    offset !== undefined &&
    `${hour}${minute ?? ''}${second}` !== '000000' &&
    `${hour}${minute ?? ''}${second}` !== '120000';
  const local = isTime ? Date.parse(`${day}T${hour}:${minute ?? '00'}:${second}Z`) : Number.NaN;
  return Number.isNaN(local)
    ? { day }
    : { day, instant: new Date(local - Number(offset) * 3_600_000).toISOString() };
};

/** A comma is a decimal point, unless a point follows it; OFX knows no groups, but banks do. */
const plainAmount = (text: string): string => {
  const compact = text.replace(/[\s+]/g, '');
  const lastComma = compact.lastIndexOf(',');
  const lastPoint = compact.lastIndexOf('.');
  return lastComma > lastPoint
    ? compact
        .replaceAll('.', '')
        .replace(/,(?=[^,]*$)/, '.')
        .replaceAll(',', '')
    : compact.replaceAll(',', '');
};

/** One `STMTTRN` while it is read. */
interface Entry {
  at: number;
  fields: Map<string, string>;
}

const describe = ({ fields }: Entry): string => {
  const name = cleanText(fields.get('NAME') ?? '', MAX_DESCRIPTION);
  const memo = cleanText(fields.get('MEMO') ?? '', MAX_DESCRIPTION);
  if (name === '' || memo.startsWith(name)) {
    return memo;
  }
  return memo === '' || name.includes(memo) ? name : cleanText(`${name} ${memo}`, MAX_DESCRIPTION);
};

const readEntry = (
  entry: Entry,
  told: { line: number; account: string | undefined; currency: string; flips: boolean },
): ImportedRow | RejectedRow => {
  const { line, account, flips } = told;
  const reject = (reason: string): RejectedRow => ({ kind: 'rejected', line, reason });
  const posted = readDate(entry.fields.get('DTPOSTED') ?? '');
  if (posted === undefined) {
    return reject('the date of posting cannot be read');
  }
  const currency = /^[A-Z]{3}$/.test(entry.fields.get('CURSYM') ?? '')
    ? (entry.fields.get('CURSYM') ?? '')
    : told.currency;
  const description = describe(entry);
  if (description === '') {
    return reject('there is no description');
  }
  let amountMinor: number;
  try {
    const minor = roundDecimal(plainAmount(entry.fields.get('TRNAMT') ?? ''), currency);
    amountMinor = safeMinor(flips ? -minor : minor);
  } catch (error) {
    if (error instanceof InvalidDecimalError) {
      return reject('the amount cannot be read');
    }
    if (error instanceof AmountOverflowError) {
      return reject('the amount is too large');
    }
    throw error;
  }
  const fitId = cleanText(entry.fields.get('FITID') ?? '', 255);
  const bought = readDate(entry.fields.get('DTUSER') ?? '');
  const instant = bought?.instant ?? posted.instant;
  const mcc = entry.fields.get('SIC') ?? '';
  return {
    kind: 'row',
    line,
    postedOn: posted.day,
    // The bank's own number of the transaction tells it again in a later file.
    moment: fitId === '' ? (instant ?? posted.day) : `fitid:${fitId}`,
    ...(instant === undefined ? {} : { occurredAt: instant }),
    description,
    amountMinor,
    currency,
    ...(account === undefined ? {} : { account }),
    ...(/^\d{4}$/.test(mcc) ? { mcc } : {}),
  };
};

const firstValue = (text: string, name: string): string | undefined => {
  for (const tag of tagsOf(text)) {
    if (tag.name === name && !tag.isEnd && tag.value !== '') {
      return tag.value;
    }
  }
  return undefined;
};

function* rowsOf(text: string, currency: string, flips: boolean): Generator<ImportedRow | RejectedRow> {
  let account: string | undefined;
  let statementCurrency = currency;
  let entry: Entry | undefined;
  /** `CURRENCY` says that the amount is in another currency; `ORIGCURRENCY` only what it was before. */
  let aggregate = '';
  let line = 1;
  let counted = 0;
  const lineAt = (at: number): number => {
    for (; counted < at; counted += 1) {
      const letter = text.charCodeAt(counted);
      line += letter === 10 || (letter === 13 && text.charCodeAt(counted + 1) !== 10) ? 1 : 0;
    }
    return line;
  };
  const finish = (done: Entry): ImportedRow | RejectedRow =>
    readEntry(done, { line: lineAt(done.at), account, currency: statementCurrency, flips });
  for (const tag of tagsOf(text)) {
    const closesEntry = tag.isEnd && (tag.name === 'STMTTRN' || tag.name === 'BANKTRANLIST');
    if (entry !== undefined && (closesEntry || (tag.name === 'STMTTRN' && !tag.isEnd))) {
      yield finish(entry);
      entry = undefined;
    }
    if (tag.name === 'STMTTRN' && !tag.isEnd) {
      entry = { at: tag.at, fields: new Map() };
      continue;
    }
    if (tag.isEnd) {
      aggregate = tag.name === aggregate ? '' : aggregate;
      continue;
    }
    if (tag.value === '') {
      aggregate = tag.name;
      continue;
    }
    if (tag.name === 'CURDEF') {
      statementCurrency = /^[A-Z]{3}$/.test(tag.value) ? tag.value : currency;
    } else if (tag.name === 'ACCTID' && entry === undefined) {
      account = cleanText(tag.value, MAX_ACCOUNT);
    } else if (
      entry !== undefined &&
      !(tag.name === 'CURSYM' && aggregate !== 'CURRENCY') &&
      !entry.fields.has(tag.name)
    ) {
      entry.fields.set(tag.name, tag.value);
    }
  }
  if (entry !== undefined) {
    yield finish(entry);
  }
}

/**
 * Reads an OFX or QFX file: versions 1 (tags without end) and 2 (XML), several accounts in one file.
 * @param text the decoded file
 * @param encoding it was decoded with
 * @param options what the user said about it
 * @throws ImportRefusedError when it holds no list of transactions
 */
export const readOfx = (
  text: string,
  encoding: string,
  options: ImportOptions,
): { detected: Detected; rows: Iterable<ImportedRow | RejectedRow> } => {
  if (!/<(?:BANKTRANLIST|STMTTRN)>/i.test(text)) {
    throw new ImportRefusedError('not-a-table', 'The OFX file holds no list of bank transactions.');
  }
  const told = firstValue(text, 'CURDEF');
  const currency =
    options.currency ?? (told !== undefined && /^[A-Z]{3}$/.test(told) ? told : options.defaultCurrency);
  const flips = options.mapping.flipSign === true;
  return {
    detected: {
      format: 'ofx',
      encoding,
      delimiter: '',
      header: false,
      headerLine: null,
      dateFormat: 'YYYYMMDD',
      dateAmbiguous: false,
      decimal: '.',
      sign: flips ? 'positive-is-out' : 'negative-is-out',
      currency,
      columns: {},
    },
    rows: rowsOf(text, currency, flips),
  };
};
