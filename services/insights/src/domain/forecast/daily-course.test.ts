import { describe, expect, it } from '@jest/globals';
import { dailyCourse } from './daily-course.ts';
import { forecast } from './forecast.ts';

/** Deterministic noise in [0, 1) (Park and Miller's generator). */
const noise = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
};

/** Days with a strong Friday and Saturday around a level that `of` gives per day. */
const days = (count: number, of: (day: number) => number, seed = 7): number[] => {
  const next = noise(seed);
  return Array.from(
    { length: count },
    (_unused, t) => of(t) * (t % 7 >= 5 ? 1.8 : 0.7) * (0.9 + 0.2 * next()),
  );
};

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const meanAhead = (values: readonly number[], horizon = 28): number =>
  mean(forecast(values, { period: 7, horizon }).mean);

describe('the course of daily amounts', () => {
  it('keeps the weekdays and is not moved by a strange week at the end', () => {
    const usual = days(200, () => 100);
    const strange = usual.map((value, t) => (t >= 193 ? 6 * value : value));

    expect(meanAhead(usual) / mean(usual)).toBeCloseTo(1, 1);
    expect(meanAhead(strange) / meanAhead(usual)).toBeLessThan(1.15);
    const { mean: week } = forecast(usual, { period: 7, horizon: 7 });
    expect(Math.max(...week) / Math.min(...week)).toBeGreaterThan(2);
  });

  it('follows habits of the week that changed', () => {
    const moved = Array.from({ length: 364 }, (_unused, t) => (t % 7 === (t < 182 ? 1 : 4) ? 90 : 30));

    const { mean: week } = forecast(moved, { period: 7, horizon: 7 });

    expect(week.indexOf(Math.max(...week))).toBe(4);
  });

  it('leans towards what the same days of last year did', () => {
    const withSummer = days(728, (t) => (t % 364 >= 28 && t % 364 < 84 ? 160 : 100));
    const { mean: ahead } = forecast(withSummer, { period: 7, horizon: 63 });

    expect(mean(ahead.slice(35, 63)) / mean(ahead.slice(0, 14))).toBeGreaterThan(1.2);
  });

  it('knows the days after pay day', () => {
    const inMonth = (t: number): number => (t % 30.4375 < 4 ? 220 : 90);
    const series = days(360, inMonth);
    const { mean: ahead } = forecast(series, { period: 7, horizon: 30 });
    const leveled = ahead.map((value, step) => value / ((360 + step) % 7 >= 5 ? 1.8 : 0.7));

    const afterPay = leveled.filter((_value, step) => (360 + step) % 30.4375 < 4);
    const before = leveled.filter((_value, step) => (360 + step) % 30.4375 >= 10);
    expect(mean(afterPay)).toBeGreaterThan(1.3 * mean(before));
  });

  it('leaves series with many empty days, with negative ones, of few weeks or without a week to other methods', () => {
    const usual = days(200, () => 100);

    expect(dailyCourse(usual, 7)).toBeDefined();
    expect(dailyCourse(usual.slice(0, 50), 7)).toBeUndefined();
    expect(
      dailyCourse(
        usual.map((value, t) => (t === 3 ? -value : value)),
        7,
      ),
    ).toBeUndefined();
    expect(
      dailyCourse(
        usual.map((value, t) => (t % 7 < 2 ? 0 : value)),
        7,
      ),
    ).toBeUndefined();
    const next = noise(3);
    expect(
      dailyCourse(
        Array.from({ length: 200 }, () => next()),
        7,
      ),
    ).toBeUndefined();
  });

  it('forecasts the sum of a sparse series by its mean, not by a middle value of zero', () => {
    const sparse = Array.from({ length: 350 }, (_unused, t) => (t % 7 === 6 ? 70 : 0));

    expect(meanAhead(sparse)).toBeCloseTo(10, 0);
  });
});

describe('a near random walk', () => {
  it('is not carried on by the line through its whole past, nor by one jump', () => {
    const next = noise(23);
    let level = 1000;
    const walk = Array.from({ length: 400 }, (_unused, t) => {
      level += t < 300 ? 10 * next() : 10 * (next() - 0.5);
      return level;
    });
    const last = walk.at(-1) ?? 0;
    const { mean: ahead, method } = forecast(walk, { period: 1, horizon: 14 });
    expect(method).not.toContain('mean of theta');
    expect(Math.abs((ahead[13] ?? 0) - last)).toBeLessThan(25);

    const jumped = [...walk.slice(0, 398).map((value) => value / 10), last * 2, last * 2];
    const after = forecast(jumped, { period: 1, horizon: 14 }).mean;
    expect(Math.abs((after[13] ?? 0) / (last * 2) - 1)).toBeLessThan(0.15);
  });
});
