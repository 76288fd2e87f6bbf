import { afterAll, describe, expect, it } from '@jest/globals';
import { forecast } from '../domain/forecast/forecast.ts';
import { createCompute } from './compute.ts';

const compute = createCompute();

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

  it('are refused when too many wait', async () => {
    const answers = await Promise.allSettled(
      Array.from({ length: 80 }, () => compute.run('forecast', series, options)),
    );
    const refused = answers.filter(({ status }) => status === 'rejected');

    expect(refused).toHaveLength(16);
    expect(refused[0]).toMatchObject({ reason: { code: 'unavailable', status: 503 } });
  });

  it('start again after a stop, and tell waiting callers', async () => {
    const interrupted = compute.run('forecast', series, { period: 12, horizon: 4 });
    const failed = expect(interrupted).rejects.toMatchObject({ code: 'unavailable' });
    await compute.stop();
    await failed;

    expect(await compute.run('forecast', series, options)).toEqual(forecast(series, options));
  });
});
