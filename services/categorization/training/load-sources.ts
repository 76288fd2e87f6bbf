import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { categoryByPfc, categoryBySlug } from '@orrery/contracts';
import type { PfcPrimary } from '@orrery/contracts';

const SOURCES = new URL('./sources/', import.meta.url);

/** One brand or operator of the merchant tables. */
export interface MerchantRow {
  name: string;
  alternatives: string[];
  countries: string[];
  tag: string;
  category: string;
}

/** One common word of the trade. */
export interface WordRow {
  word: string;
  language: string;
  category: string;
}

/** One labelled statement line that may train what ships. */
export interface StatementRow {
  source: string;
  description: string;
  amountMinor: number;
  currency: string;
  country: string;
  primary: string;
}

/**
 * Reads a CSV text with a header into records.
 * @param text UTF-8 CSV
 */
export const readCsv = (text: string): Record<string, string>[] =>
  parse<Record<string, string>>(text, {
    columns: true,
    bom: true,
    skip_empty_lines: true,
    relax_column_count: true,
  });

const readSource = (name: string): string => {
  const url = new URL(name, SOURCES);
  return name.endsWith('.br')
    ? brotliDecompressSync(readFileSync(url)).toString('utf8')
    : readFileSync(url, 'utf8');
};

const split = (text: string | undefined): string[] => (text ?? '').split('|').filter((part) => part !== '');

const CINEMA =
  /cinema|cine |movie|theat|cgv|odeon|vue|megabox|pathe|ugc|kinepolis|gaumont|메가박스|시네마|씨네|영화/i;

/** The leaf for a PFC code, narrowed by the kind of place where our taxonomy is finer than Plaid's. */
const leafOf = (detailed: string, tag: string, name: string): string => {
  const kind = tag.split(':')[1] ?? '';
  if (detailed === 'ENTERTAINMENT_TV_AND_MOVIES') {
    return kind !== '' || CINEMA.test(name) ? 'tv-and-movies' : 'streaming';
  }
  if (kind === 'amenity/pub' || kind === 'amenity/bar') {
    return 'bars';
  }
  if (kind === 'route/train' || kind === 'route/railway') {
    return 'train-tickets';
  }
  if (kind === 'route/subway') {
    return 'metro';
  }
  return categoryByPfc(detailed)?.slug ?? '';
};

/** Reads the brand tables: the name-suggestion index and our own additions. Rows without a category (banks) are left out. */
export const loadMerchants = (): MerchantRow[] => {
  const rows: MerchantRow[] = [];
  for (const file of ['merchants_extra.csv', 'merchants_nsi.csv.br']) {
    for (const record of readCsv(readSource(file))) {
      const name = record['name'] ?? '';
      const category = leafOf(record['pfc_detailed'] ?? '', record['osm_tag'] ?? '', name);
      if (name !== '' && category !== '') {
        const places = split(record['countries']);
        rows.push({
          name,
          alternatives: split(record['names_alt']),
          countries: places.filter((place) => /^[A-Z]{2}$/.test(place)),
          tag: record['osm_tag'] ?? '',
          category,
        });
      }
    }
  }
  return rows;
};

/** Reads the table of common words. */
export const loadWords = (): WordRow[] =>
  readCsv(readSource('keywords.csv')).flatMap((record) => {
    const category = categoryByPfc(record['pfc_detailed'] ?? '')?.slug;
    return category === undefined
      ? []
      : [{ word: record['keyword'] ?? '', language: record['lang'] ?? '', category }];
  });

/** Reads merchant category codes with their descriptions. */
export const loadMcc = (): { mcc: string; description: string; category: string }[] =>
  readCsv(readSource('mcc.csv')).flatMap((record) => {
    const category = categoryByPfc(record['pfc_detailed'] ?? '')?.slug;
    return category === undefined
      ? []
      : [{ mcc: (record['mcc'] ?? '').padStart(4, '0'), description: record['description'] ?? '', category }];
  });

/**
 * Reads our own notes: `brand|word <slug> <countries or *>: name; name = alias; …`, one line each.
 * @throws Error when a line names an unknown category, so that a slip cannot ship
 */
export const loadNotes = (): {
  kind: 'brand' | 'word';
  category: string;
  countries: string[];
  names: string[][];
}[] => {
  const notes: { kind: 'brand' | 'word'; category: string; countries: string[]; names: string[][] }[] = [];
  const files = readdirSync(SOURCES).filter((file) => file.startsWith('notes-'));
  for (const file of files.sort()) {
    for (const line of readSource(file).split('\n')) {
      const match = /^(brand|word) ([a-z-]+) (\S+): (.+)$/.exec(line);
      if (match === null) {
        continue;
      }
      const [, kind, category = '', places = '*', names = ''] = match;
      if (categoryBySlug(category)?.parent === undefined || categoryBySlug(category)?.parent === null) {
        throw new Error(`${file}: unknown category ${category}`);
      }
      notes.push({
        kind: kind === 'brand' ? 'brand' : 'word',
        category,
        countries: places === '*' ? [] : places.split(','),
        names: names.split(';').map((name) =>
          name
            .split('=')
            .map((form) => form.trim())
            .filter((form) => form !== ''),
        ),
      });
    }
  }
  return notes;
};

const toStatement = (source: string, record: Record<string, string>): StatementRow => {
  const currency = record['currency'] ?? 'USD';
  const scale = currency === 'KRW' ? 1 : 100;
  return {
    source,
    description: record['description'] ?? '',
    amountMinor: Math.round(Number(record['amount'] ?? '0') * scale),
    currency,
    country: record['country'] ?? '',
    primary: record['label_pfc_primary'] ?? '',
  };
};

/** Reads the labelled statement lines that are licensed for training. */
export const loadTrainingStatements = (): StatementRow[] =>
  ['uk_bham', 'za_statement'].flatMap((name) =>
    readCsv(readSource(`${name}.csv`)).map((record) => toStatement(name, record)),
  );

/**
 * Reads labelled sets for measuring only, from a folder outside the repository.
 * @param folder folder with `<set>_dev.csv` files
 * @returns rows by set; empty when the folder does not exist
 */
export const loadEvaluationSets = (folder: string): Map<string, StatementRow[]> => {
  const sets = new Map<string, StatementRow[]>();
  if (!existsSync(folder)) {
    return sets;
  }
  for (const file of readdirSync(folder).sort()) {
    const name = /^(.+)_dev\.csv$/.exec(file)?.[1];
    if (name !== undefined) {
      const rows = readCsv(readFileSync(`${folder}/${file}`, 'utf8')).map((record) =>
        toStatement(name, record),
      );
      sets.set(name, rows);
    }
  }
  return sets;
};

/** A row of the golden set. */
export interface GoldenRow {
  description: string;
  amountMinor: number;
  currency: string;
  country: string;
  category: string;
  primary: PfcPrimary;
}

/**
 * Reads the golden set of one language.
 * @param language `en`, `fr` or `ko`
 */
export const loadGolden = (language: string): GoldenRow[] =>
  readCsv(readFileSync(new URL(`../test/golden/${language}.csv`, import.meta.url), 'utf8')).flatMap(
    (record) => {
      const category = categoryBySlug(record['category'] ?? '');
      const currency = record['currency'] ?? 'USD';
      return category === undefined
        ? []
        : [
            {
              description: record['description'] ?? '',
              amountMinor: Math.round(Number(record['amount'] ?? '0') * (currency === 'KRW' ? 1 : 100)),
              currency,
              country: record['country'] ?? '',
              category: category.slug,
              primary: category.pfcPrimary,
            },
          ];
    },
  );
