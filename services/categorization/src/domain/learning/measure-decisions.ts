import { PFC_PRIMARIES } from '@orrery/contracts';
import { primaryIndex } from '../combine.ts';
import { decideFromText } from '../decide-from-text.ts';
import type { Artifacts } from '../decide-from-text.ts';
import { readMerchantName } from '../merchant-name.ts';
import { DEFAULT_THRESHOLDS } from '../thresholds.ts';
import { score } from './score-outcomes.ts';
import type { Outcome, Scores } from './score-outcomes.ts';

/** A row that can be measured. */
export interface LabelledRow {
  description: string;
  amountMinor: number;
  currency: string;
  country: string;
  /** One of PFC_PRIMARIES. */
  primary: string;
}

/**
 * Decides a labelled row and compares.
 * @param row labelled row
 * @param artifacts artifacts to decide with
 */
export const outcomeOf = (row: LabelledRow, artifacts: Artifacts): Outcome => {
  const decision = decideFromText(row, readMerchantName(row.description), artifacts);
  return {
    expected: row.primary,
    predicted: PFC_PRIMARIES[primaryIndex(decision.category)] ?? '',
    confidence: decision.confidence,
  };
};

/**
 * Measures rows at the level of the sixteen primaries.
 * @param rows labelled rows
 * @param artifactsOf artifacts to use for a row; cross-validation gives each row those that never saw it
 */
export const measure = <Row extends LabelledRow>(
  rows: readonly Row[],
  artifactsOf: (row: Row) => Artifacts,
): Scores =>
  score(
    rows.map((row) => outcomeOf(row, artifactsOf(row))),
    DEFAULT_THRESHOLDS.auto,
  );

/**
 * Golden rows in the form in which they ship: `set primary amount currency country description`, apart by tabs.
 * @param sets rows by name of the set
 */
export const formatGolden = (sets: ReadonlyMap<string, readonly LabelledRow[]>): string =>
  [...sets]
    .flatMap(([name, rows]) =>
      rows.map(({ primary, amountMinor, currency, country, description }) =>
        [name, primary, amountMinor, currency, country, description].join('\t'),
      ),
    )
    .join('\n');

/**
 * Reads what `formatGolden` wrote.
 * @param file its content
 */
export const parseGolden = (file: string): Map<string, LabelledRow[]> => {
  const sets = new Map<string, LabelledRow[]>();
  for (const line of file.split('\n')) {
    const [name, primary, amount, currency, country, description] = line.split('\t');
    if (
      name !== undefined &&
      primary !== undefined &&
      currency !== undefined &&
      country !== undefined &&
      description !== undefined
    ) {
      const rows = sets.get(name) ?? [];
      rows.push({ description, amountMinor: Number(amount), currency, country, primary });
      sets.set(name, rows);
    }
  }
  return sets;
};
