import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { forecast } from './forecast.ts';
import { deseasonalise, isSeasonal, reseasonalise } from './seasonality.ts';

/** Deterministic noise in [0, 1) (Park and Miller's generator). */
const noise = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
};

const monthly = (years: number, seed: number): number[] => {
  const next = noise(seed);
  return Array.from(
    { length: years * 12 },
    (_unused, t) => (1000 + 5 * t) * (1 + 0.4 * Math.sin((2 * Math.PI * t) / 12)) + 60 * (next() - 0.5),
  );
};

const meanAbsoluteError = (actual: readonly number[], projected: readonly number[]): number =>
  actual.reduce((sum, value, index) => sum + Math.abs(value - (projected[index] ?? 0)), 0) / actual.length;

describe('forecast', () => {
  it('follows a season and a trend where carrying the last value on does not', () => {
    const series = monthly(7, 11);
    const [train, test] = [series.slice(0, 72), series.slice(72)];

    const { mean, method } = forecast(train, { period: 12, horizon: 12 });

    expect(method).toContain('season');
    expect(meanAbsoluteError(test, mean)).toBeLessThan(
      0.25 *
        meanAbsoluteError(
          test,
          test.map(() => train.at(-1) ?? 0),
        ),
    );
  });

  it('beats "the same as last month" on a year of spending with a known weekly season', () => {
    const next = noise(5);
    const series = Array.from({ length: 400 }, (_unused, t) => (t % 7 === 5 ? 90 : 30) + 20 * next());
    const [train, test] = [series.slice(0, 370), series.slice(370)];

    const { mean } = forecast(train, { period: 7, horizon: 30 });

    expect(meanAbsoluteError(test, mean)).toBeLessThan(0.8 * meanAbsoluteError(test, train.slice(-30)));
  });

  it('holds about the share of futures in its interval that was asked for', () => {
    let inside = 0;
    for (let seed = 1; seed <= 60; seed += 1) {
      const series = monthly(6, seed * 97);
      const { lower, upper } = forecast(series.slice(0, 60), { period: 12, horizon: 12 });
      inside += series
        .slice(60)
        .filter((value, index) => value >= (lower[index] ?? 0) && value <= (upper[index] ?? 0)).length;
    }

    expect(inside / (60 * 12)).toBeGreaterThan(0.7);
    expect(inside / (60 * 12)).toBeLessThan(0.97);
  });

  it('gives finite numbers in order, wider for a higher level, and never negative ones for spending', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 80 }),
        fc.constantFrom(1, 4, 7, 12),
        fc.integer({ min: 1, max: 20 }),
        (values, period, horizon) => {
          const narrow = forecast(values, { period, horizon, level: 0.5 });
          const wide = forecast(values, { period, horizon, level: 0.95 });

          expect(narrow.mean).toHaveLength(horizon);
          narrow.mean.forEach((mean, step) => {
            const [low, high] = [narrow.lower[step] ?? NaN, narrow.upper[step] ?? NaN];
            expect(Number.isFinite(mean) && low >= 0 && low <= mean && mean <= high).toBe(true);
            expect((wide.lower[step] ?? NaN) <= low && (wide.upper[step] ?? NaN) >= high).toBe(true);
          });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('gives the same answer for the same series', () => {
    const series = monthly(4, 3);

    expect(forecast(series, { period: 12, horizon: 6 })).toEqual(
      forecast(series, { period: 12, horizon: 6 }),
    );
  });

  it('refuses a series without values and options that make no sense', () => {
    expect(() => forecast([], { period: 12, horizon: 1 })).toThrow(RangeError);
    expect(() => forecast([1, NaN], { period: 12, horizon: 1 })).toThrow(RangeError);
    expect(() => forecast([1], { period: 0, horizon: 1 })).toThrow(RangeError);
    expect(() => forecast([1], { period: 1, horizon: 1, level: 1 })).toThrow(RangeError);
  });
});

describe('seasonality', () => {
  it('is found where it is and not in noise or in less than three periods', () => {
    const next = noise(17);

    expect(isSeasonal(monthly(4, 1), 12)).toBe(true);
    expect(isSeasonal(monthly(2, 1), 12)).toBe(false);
    expect(
      isSeasonal(
        Array.from({ length: 120 }, () => next()),
        12,
      ),
    ).toBe(false);
  });

  it('can be taken out and put back without changing the series', () => {
    for (const series of [monthly(5, 2), monthly(5, 2).map((value) => value - 900)]) {
      const season = deseasonalise(series, 12);

      season.adjusted.forEach((value, t) => {
        expect(reseasonalise(value, t, season)).toBeCloseTo(series[t] ?? NaN, 6);
      });
    }
  });
});
