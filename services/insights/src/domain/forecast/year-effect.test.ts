import { describe, expect, it } from '@jest/globals';
import { forecast } from './forecast.ts';
import { stepCorrelation, yearEffect } from './year-effect.ts';

/** Uniform numbers from -1 to 1 that are the same in every run (a linear congruential generator). */
const noise = (count: number, seed: number): number[] => {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 1_073_741_824 - 1;
  });
};

const yearly = (count: number, seed: number): number[] =>
  noise(count, seed).map(
    (each, week) => 500 + 150 * Math.sin((2 * Math.PI * (week + 30)) / 52) ** 3 + 15 * each,
  );

const walk = (count: number, seed: number): number[] => {
  let level = 500;
  return noise(count, seed).map((each) => (level += 5 * each));
};

const missOf = (mean: readonly number[], actual: readonly number[]): number =>
  mean.reduce((sum, value, index) => sum + Math.abs(value - (actual[index] ?? 0)), 0) / mean.length;

describe('yearEffect', () => {
  it('finds a year that repeats, and halves the miss of a forecast without it at least', () => {
    const values = yearly(164, 7);
    const known = values.slice(0, 156);
    const { share, effect } = yearEffect(known, 8);
    expect(share).toBeGreaterThan(0.3);
    const { mean } = forecast(known, { period: 1, horizon: 8 });
    const without = mean.map((value, index) => value - (effect[index] ?? 0));
    expect(missOf(mean, values.slice(156))).toBeLessThan(missOf(without, values.slice(156)) / 2);
  });

  it('finds none in walks without a year but by chance, in short series and in constant ones', () => {
    const found = Array.from({ length: 40 }, (_unused, seed) => yearEffect(walk(400, seed + 1), 4).share);
    expect(found.filter((share) => share > 0).length).toBeLessThanOrEqual(4);
    expect(Math.max(...found)).toBeLessThan(0.2);
    expect(yearEffect(yearly(104, 7), 2).share).toBe(0);
    expect(
      yearEffect(
        Array.from({ length: 200 }, () => 3),
        2,
      ).share,
    ).toBe(0);
    expect(stepCorrelation([1, 2, 3, 4], 1)).toBe(0);
  });
});
