import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { ImportRefusedError } from './import-refused.ts';

export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'cp949' | 'windows-1252';

/** Names people use for the encodings that an upload may ask for. */
const ENCODING_NAMES: ReadonlyMap<string, string> = new Map([
  ['utf8', 'utf-8'],
  ['utf16', 'utf-16le'],
  ['utf16le', 'utf-16le'],
  ['utf16be', 'utf-16be'],
  ['cp949', 'cp949'],
  ['ms949', 'cp949'],
  ['uhc', 'cp949'],
  ['euckr', 'cp949'],
  ['ksc56011987', 'cp949'],
  ['windows949', 'cp949'],
  ['windows1252', 'windows-1252'],
  ['cp1252', 'windows-1252'],
  ['latin1', 'windows-1252'],
  ['iso88591', 'windows-1252'],
  ['ascii', 'windows-1252'],
  ['iso885915', 'iso-8859-15'],
  ['latin9', 'iso-8859-15'],
  ['windows1250', 'windows-1250'],
  ['windows1251', 'windows-1251'],
  ['shiftjis', 'shift_jis'],
  ['sjis', 'shift_jis'],
  ['gb18030', 'gb18030'],
  ['gbk', 'gb18030'],
  ['macroman', 'macroman'],
]);

const startsWith = (bytes: Buffer, ...prefix: number[]): boolean =>
  prefix.every((byte, index) => bytes[index] === byte);

/** UTF-16 without a mark: every other byte of Latin text is zero. */
const guessUtf16 = (bytes: Buffer): 'utf-16le' | 'utf-16be' | undefined => {
  const sample = bytes.subarray(0, 4096);
  let even = 0;
  let odd = 0;
  for (let index = 0; index + 1 < sample.length; index += 2) {
    even += sample[index] === 0 ? 1 : 0;
    odd += sample[index + 1] === 0 ? 1 : 0;
  }
  const pairs = Math.floor(sample.length / 2);
  if (pairs < 4) {
    return undefined;
  }
  // A Korean UTF-16 table still has a zero beside each digit, separator and line end: about a third of the pairs. Some
  // syllables end in a zero byte themselves, so the other side need not be free of zeros.
  if (odd > pairs * 0.3 && even * 5 < odd) {
    return 'utf-16le';
  }
  return even > pairs * 0.3 && odd * 5 < even ? 'utf-16be' : undefined;
};

/** Share of multi-byte sequences that are valid UTF-8, for a file cut in the middle of a letter. */
const isMostlyUtf8 = (bytes: Buffer): boolean => {
  const text = bytes.subarray(0, 1 << 20).toString('utf8');
  let valid = 0;
  let broken = 0;
  for (const letter of text) {
    if (letter === '\uFFFD') {
      broken += 1;
    } else if (letter > '\u007F') {
      valid += 1;
    }
  }
  return valid >= 8 && broken * 20 < valid;
};

const isCp949Trail = (byte: number): boolean =>
  (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x81 && byte <= 0xfe);

/**
 * Whether bytes that are no UTF-8 read like Korean rather than a Western language. In Western text a high byte mostly
 * stands alone between ASCII letters, which as CP949 is an impossible pair or a rare syllable; in Korean text
 * high bytes come in pairs, most of them in the block of the 2,350 common syllables (lead B0 to C8) or in the
 * symbols before it.
 */
const readsLikeKorean = (bytes: Buffer): boolean => {
  let common = 0;
  let rare = 0;
  let impossible = 0;
  const end = Math.min(bytes.length, 1 << 20);
  for (let index = 0; index < end; index += 1) {
    const lead = bytes[index] ?? 0;
    if (lead < 0x80) {
      continue;
    }
    const trail = bytes[index + 1] ?? 0;
    const isExtended = trail < 0xa1 || lead < 0xa1;
    if (lead === 0x80 || lead === 0xff || !isCp949Trail(trail) || (isExtended && lead > 0xc6)) {
      impossible += 1;
      continue;
    }
    if (!isExtended && lead <= 0xc8) {
      common += 1;
    } else {
      rare += 1;
    }
    index += 1;
  }
  return common > rare && common > impossible * 20;
};

/**
 * Text of an uploaded file and the encoding it was read with: a byte order mark wins, then strict UTF-8, then CP949 or
 * Windows-1252 by which of them the bytes resemble.
 * @param bytes the file
 * @param override name of an encoding that the user knows the file to have
 * @throws ImportRefusedError `unknown-encoding` for an override that we cannot read
 */
export const decodeText = (bytes: Buffer, override?: string): { text: string; encoding: string } => {
  if (override !== undefined) {
    const encoding = ENCODING_NAMES.get(override.toLowerCase().replace(/[^a-z0-9]/g, ''));
    if (encoding === undefined) {
      throw new ImportRefusedError(
        'unknown-encoding',
        'mapping.encoding is not an encoding that can be read',
      );
    }
    return { text: iconv.decode(bytes, encoding), encoding };
  }
  if (startsWith(bytes, 0xef, 0xbb, 0xbf)) {
    return { text: bytes.toString('utf8', 3), encoding: 'utf-8' };
  }
  if (startsWith(bytes, 0xff, 0xfe)) {
    return { text: iconv.decode(bytes, 'utf-16le'), encoding: 'utf-16le' };
  }
  if (startsWith(bytes, 0xfe, 0xff)) {
    return { text: iconv.decode(bytes, 'utf-16be'), encoding: 'utf-16be' };
  }
  const utf16 = guessUtf16(bytes);
  if (utf16 !== undefined) {
    return { text: iconv.decode(bytes, utf16), encoding: utf16 };
  }
  if (isUtf8(bytes) || isMostlyUtf8(bytes)) {
    return { text: bytes.toString('utf8'), encoding: 'utf-8' };
  }
  const encoding: TextEncoding = readsLikeKorean(bytes) ? 'cp949' : 'windows-1252';
  return { text: iconv.decode(bytes, encoding), encoding };
};
