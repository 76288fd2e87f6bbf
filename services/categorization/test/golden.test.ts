import { describe, expect, it } from '@jest/globals';
import { loadArtifacts } from '../src/artifacts/load-artifacts.ts';
import { decideFromText } from '../src/domain/decide-from-text.ts';
import { readMerchantName } from '../src/domain/merchant-name.ts';
import { measure } from '../src/domain/learning/measure-decisions.ts';
import { loadGolden } from '../training/load-sources.ts';

const artifacts = loadArtifacts();

/** Floors in percent; they may rise, never fall. */
const FLOORS = [
  { language: 'en', rows: 600, accuracy: 94, macroF1: 95 },
  { language: 'fr', rows: 600, accuracy: 94, macroF1: 94 },
  { language: 'ko', rows: 600, accuracy: 95, macroF1: 95 },
] as const;

describe.each(FLOORS)('the golden set in $language', ({ language, rows, accuracy, macroF1 }) => {
  const golden = loadGolden(language);
  const scores = measure(golden, () => artifacts);

  it('is large enough', () => {
    expect(golden.length).toBeGreaterThanOrEqual(rows);
  });

  it('keeps its floors of accuracy and macro-F1', () => {
    expect(100 * scores.accuracy).toBeGreaterThanOrEqual(accuracy);
    expect(100 * scores.macroF1).toBeGreaterThanOrEqual(macroF1);
  });

  it('is calibrated, and what is filed without a mark is right', () => {
    expect(100 * scores.calibrationError).toBeLessThanOrEqual(5);
    expect(100 * scores.autoPrecision).toBeGreaterThanOrEqual(95);
  });

  it('gives the same answer to the same input', () => {
    for (const row of golden.slice(0, 100)) {
      const name = readMerchantName(row.description);
      expect(decideFromText(row, name, artifacts)).toEqual(decideFromText(row, name, artifacts));
    }
  });
});
