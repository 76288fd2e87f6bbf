import { describe, expect, it } from '@jest/globals';
import { AppError } from '@orrery/service-kit';
import type { DriftState } from '../domain/drift.ts';
import type { DriftReport } from '../use-cases/watch-drift.ts';
import { watchDriftJob } from './watch-drift-job.ts';

/** A night on which spending looks as given, one state for each look, and trainings start as given. */
function aNight(states: readonly DriftState[], starts: readonly ('started' | 'running' | 'broken')[]) {
  const looks = [...states];
  const tries = [...starts];
  const started: string[] = [];
  const job = watchDriftJob({
    watchDrift: {
      report: (name) =>
        Promise.resolve({
          state: name === 'spending' ? (looks.length > 1 ? looks.shift() : looks[0]) : 'stable',
        } as DriftReport),
    },
    jobs: {
      run: (name) => {
        const outcome = tries.shift();
        if (outcome === 'running') {
          return Promise.reject(new AppError('job-already-running'));
        }
        if (outcome === 'broken') {
          return Promise.reject(new AppError('database-unavailable'));
        }
        started.push(name);
        return Promise.resolve('run-1');
      },
    },
    logger: { warn: () => undefined },
    timeZone: 'UTC',
    retryMs: 1,
  });
  const run = (signal = new AbortController().signal): Promise<unknown> =>
    job.run({ signal, input: undefined, jobId: 'night' });
  return { run, started };
}

describe('the nightly look for drift', () => {
  it('trains spending again when recent rows look different, and only then', async () => {
    const drifted = aNight(['retrain'], ['started']);
    const stable = aNight(['stable'], []);

    expect(await drifted.run()).toMatchObject({ spending: 'retrain', startedJob: 'run-1' });
    expect(drifted.started).toEqual(['train-spending']);
    expect(await stable.run()).toMatchObject({ spending: 'stable', startedJob: null });
  });

  it('waits for a training that runs, and trains after it when that did not help', async () => {
    const night = aNight(['retrain'], ['running', 'running', 'started']);

    expect(await night.run()).toMatchObject({ startedJob: 'run-1' });
    expect(night.started).toEqual(['train-spending']);
  });

  it('leaves it at the training that ran when its model fits the recent rows', async () => {
    const night = aNight(['retrain', 'stable'], ['running']);

    expect(await night.run()).toMatchObject({ startedJob: null });
    expect(night.started).toEqual([]);
  });

  it('stops waiting when the process stops, and hides no other failure', async () => {
    await expect(aNight(['retrain'], ['running']).run(AbortSignal.abort())).rejects.toThrow(/abort/i);
    await expect(aNight(['retrain'], ['broken']).run()).rejects.toMatchObject({
      code: 'database-unavailable',
    });
  });
});
