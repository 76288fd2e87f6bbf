import { afterAll, describe, expect, it } from '@jest/globals';
import { forecast } from '../domain/forecast/forecast.ts';
import { openCompute } from './compute.ts';

const compute = openCompute();

afterAll(() => compute.stop());

const series = Array.from({ length: 40 }, (_unused, t) => 100 + 10 * Math.sin(t));
const options = { period: 12, horizon: 3 };

describe('calculations in the worker thread', () => {
  it('give the same answers as in this thread, each caller its own', async () => {
    const inputs = [1, 2, 3].map((factor) => series.map((value) => value * factor));

    const answers = await Promise.all(inputs.map((values) => compute.run('forecast', values, options)));

    expect(answers).toEqual(inputs.map((values) => forecast(values, options)));
  });

  it('fail for their caller alone and leave the thread at work', async () => {
    await expect(compute.run('forecast', [], options)).rejects.toMatchObject({ code: 'internal' });

    expect(await compute.run('forecast', series, options)).toEqual(forecast(series, options));
  });
});
