import { writeFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';
import { lexiconEntries } from './lexicon-entries.ts';
import { loadMcc } from './load-sources.ts';

const clean = (text: string): string => text.replace(/[\t\n]/g, ' ');

/**
 * Lexicon as text: one entry a line, `kind category countries distinct name form`, apart by tabs.
 */
export const lexiconText = (): string => {
  const seen = new Set<string>();
  const lines: string[] = [];
  for (const entry of lexiconEntries()) {
    const form = entry.forms[0] ?? '';
    const key = `${entry.kind} ${entry.category} ${form}`;
    if (!seen.has(key)) {
      seen.add(key);
      const name = entry.name === form ? '' : clean(entry.name);
      lines.push(
        [
          entry.kind === 'brand' ? 'b' : 'w',
          entry.category,
          entry.countries.join(','),
          entry.distinct,
          name,
          form,
        ].join('\t'),
      );
    }
  }
  return `${lines.join('\n')}\n`;
};

/** Merchant category codes as text: `code category`, apart by tabs. */
export const mccText = (): string =>
  `${loadMcc()
    .map((row) => `${row.mcc}\t${row.category}`)
    .join('\n')}\n`;

/**
 * Compresses with the strongest settings; the same text gives the same bytes.
 * @param data bytes to compress
 */
export const compress = (data: Uint8Array): Buffer =>
  brotliCompressSync(data, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 },
  });

if (import.meta.main) {
  const data = new URL('../data/', import.meta.url);
  writeFileSync(new URL('lexicon.tsv.br', data), compress(Buffer.from(lexiconText(), 'utf8')));
  writeFileSync(new URL('mcc.tsv', data), mccText());
}
