import { describe, expect, it } from '@jest/globals';
import { primaryIndex } from '../combine.ts';
import type { Scores } from './score-outcomes.ts';
import { mayReplace, toAgreedTexts, trainClassifier } from './train-candidate.ts';
import { formatTrainingTexts, parseTrainingTexts } from './training-set.ts';

const SETTINGS = { balance: 0.6, step: 0.25, penalty: 2e-4, epochs: 4, faint: 2 };
const texts = [
  { text: 'oak bakery', label: primaryIndex('groceries'), weight: 1, source: 'own' },
  { text: 'elm hardware', label: primaryIndex('hardware'), weight: 1, source: 'own' },
];
const scores = (accuracy: number, autoPrecision = 0.99): Scores => ({
  rows: 600,
  accuracy,
  macroF1: accuracy,
  calibrationError: 0.01,
  autoShare: 0.8,
  autoPrecision,
});

describe('training', () => {
  it('gives equal weights for equal texts', () => {
    const [one, two] = [1, 2].map(() => Buffer.from(trainClassifier(texts, SETTINGS, 7, 'x').weights));

    expect(two !== undefined && one?.equals(two)).toBe(true);
    // Two passes over two million weights, in the slower world of a test.
  }, 60_000);

  it('keeps texts as they were through a file', () => {
    expect(parseTrainingTexts(formatTrainingTexts(texts))).toEqual(texts);
  });

  it('lets more users count more, up to a limit', () => {
    const weights = [1, 3, 5, 500].map(
      (users) => toAgreedTexts([{ text: 'oak', category: 'gifts', users }])[0]?.weight ?? 0,
    );

    expect(weights[0]).toBeLessThan(weights[1] ?? 0);
    expect(weights[2]).toBe(weights[3]);
  });

  it('promotes only what is not worse on any set', () => {
    const present = { en: scores(0.96), ko: scores(0.97) };

    expect(mayReplace(present, { en: scores(0.96), ko: scores(0.98) })).toBe(true);
    expect(mayReplace(present, { en: scores(0.95), ko: scores(0.99) })).toBe(false);
    expect(mayReplace(present, { en: scores(0.96) })).toBe(false);
    expect(mayReplace(present, { en: scores(0.96), ko: scores(0.97, 0.9) })).toBe(false);
  });
});
