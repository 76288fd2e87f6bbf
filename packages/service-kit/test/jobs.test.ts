import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openDatabase } from '@orrery/mongo';
import { eventually, useTestDatabase, type TestDatabase } from '@orrery/testing';
import type { Connection } from 'mongoose';
import type { Job } from '../src/define-service.ts';
import { AppError } from '../src/errors/app-error.ts';
import { createJobRunner, type JobRunner } from '../src/jobs/schedule.ts';
import { createLogger } from '../src/observability/logger.ts';
import { type ServiceMetrics, createMetrics } from '../src/observability/metrics.ts';
import { startTracing } from '../src/observability/tracing.ts';

/** Long, so that a stalled machine lets no lease run out and no run count as dead. */
const HEARTBEAT_MS = 20_000;

const gate = (): { open: () => void; passed: Promise<void> } => {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
};

describe('jobs', () => {
  let database: TestDatabase;
  let connection: Connection;
  const runners: JobRunner[] = [];

  const replica = async (
    jobs: readonly Job[],
    metrics: ServiceMetrics = createMetrics('insights'),
  ): Promise<JobRunner> => {
    const runner = createJobRunner({
      service: 'insights',
      connection,
      logger: createLogger('insights', 'silent'),
      metrics,
      tracing: await startTracing('insights'),
      heartbeatMs: HEARTBEAT_MS,
    });
    runners.push(runner);
    await runner.start(jobs);
    return runner;
  };
  const ended = (runner: JobRunner, id: string) =>
    eventually(
      () => runner.desk.find(id),
      (run) => run?.state === 'succeeded' || run?.state === 'failed',
    );

  beforeEach(async () => {
    database = await useTestDatabase();
    connection = await openDatabase(database.uri, `t${randomBytes(6).toString('hex')}_jobs`);
  });
  afterEach(async () => {
    await Promise.all(runners.splice(0).map((runner) => runner.stop(1_000)));
    await connection.dropDatabase();
    await connection.close();
    await database.release();
  });

  it('count both outcomes from nought, so that the first failure is an increase', async () => {
    const metrics = createMetrics('insights');
    await replica([{ name: 'train', run: () => Promise.resolve() }], metrics);

    const text = await metrics.registry.metrics();

    expect(text).toContain('job_runs_total{job="train",outcome="failed",service="insights"} 0');
    expect(text).toContain('job_runs_total{job="train",outcome="succeeded",service="insights"} 0');
  });

  it('show the last success of what is scheduled on every replica, after a restart too', async () => {
    const jobs: Job[] = [
      { name: 'nightly', cron: '5 0 * * *', run: () => Promise.resolve() },
      { name: 'on-demand', run: () => Promise.resolve() },
    ];
    const first = await replica(jobs);
    for (const name of ['nightly', 'on-demand']) {
      await ended(first, await first.desk.run(name));
    }
    const [{ finishedAt } = { finishedAt: null }] = await first.desk.list({ name: 'nightly' });
    const metrics = createMetrics('insights');
    await replica(jobs, metrics);

    const text = await metrics.registry.metrics();

    const [, shown] = /^job_last_success_timestamp_seconds\{job="nightly",.*\} (\S+)$/m.exec(text) ?? [];
    expect(Number(shown)).toBe(Date.parse(finishedAt ?? '') / 1_000);
    expect(text).not.toContain('job_last_success_timestamp_seconds{job="on-demand"');
  });

  it('run on demand with a row that tells their state, result and times', async () => {
    const { open, passed } = gate();
    const { desk } = await replica([
      { name: 'train', run: ({ input }) => passed.then(() => ({ trained: input })) },
    ]);
    const id = await desk.run('train', 'model');

    const running = await eventually(
      () => desk.find(id),
      (run) => run?.state === 'running',
    );
    open();
    const done = await eventually(
      () => desk.find(id),
      (run) => run?.state === 'succeeded',
    );

    expect(running).toMatchObject({ id, name: 'train', finishedAt: null, result: null, error: null });
    expect(done).toMatchObject({ result: { trained: 'model' }, error: null, finishedAt: expect.any(String) });
    expect(await desk.list({ name: 'train' })).toHaveLength(1);
  });

  it('run one at a time across replicas: a second request is 409 until the first has ended', async () => {
    const { open, passed } = gate();
    const job: Job = { name: 'train', run: () => passed };
    const [first, second] = [await replica([job]), await replica([job])];

    const id = await first.desk.run('train');
    const refusals = await Promise.allSettled([first.desk.run('train'), second.desk.run('train')]);
    open();
    await ended(first, id);
    const again = await eventually(() => second.desk.run('train'));

    expect(refusals.map((each) => (each.status === 'rejected' ? each.reason.code : 'accepted'))).toEqual([
      'job-already-running',
      'job-already-running',
    ]);
    expect((await ended(second, again))?.state).toBe('succeeded');
  });

  it('start only once when many ask at the same moment', async () => {
    const { open, passed } = gate();
    const { desk } = await replica([{ name: 'train', run: () => passed }]);

    const results = await Promise.allSettled(Array.from({ length: 10 }, () => desk.run('train')));
    open();

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('keep the code and public sentence of a failure, and nothing of a bug', async () => {
    const { desk } = await replica([
      {
        name: 'refused',
        run: () => Promise.reject(new AppError('conflict', { detail: 'Too little data.' })),
      },
      { name: 'broken', run: () => Promise.reject(new Error('canary at /etc/passwd')) },
    ]);
    const runner = runners[0];

    const refused = runner && (await ended(runner, await desk.run('refused')));
    const broken = runner && (await ended(runner, await desk.run('broken')));

    expect(refused).toMatchObject({
      state: 'failed',
      error: { code: 'conflict', message: 'Too little data.' },
    });
    expect(broken).toMatchObject({ state: 'failed', error: { code: 'internal' } });
    expect(JSON.stringify(broken)).not.toContain('canary');
  });

  it('whose process died are marked failed and may be started again', async () => {
    const { desk } = await replica([{ name: 'train', run: () => Promise.resolve('done') }]);
    const long = new Date(Date.now() - 10 * HEARTBEAT_MS);
    await connection.collection<{ _id: string }>('jobs').insertOne({
      _id: 'dead',
      name: 'train',
      state: 'running',
      createdAt: long,
      startedAt: long,
      finishedAt: null,
      result: null,
      error: null,
      aliveAt: long,
    } as never);

    const dead = await desk.find('dead');
    const id = await desk.run('train');

    expect(dead).toMatchObject({ state: 'failed', error: { code: 'job-interrupted' } });
    expect(
      await eventually(
        () => desk.find(id),
        (run) => run?.state === 'succeeded',
      ),
    ).toMatchObject({ result: 'done' });
  });

  it('at work when the service stops are waited for, then aborted and marked', async () => {
    const runner = await replica([
      {
        name: 'endless',
        run: ({ signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              reject(new Error('aborted'));
            });
          }),
      },
    ]);
    const id = await runner.desk.run('endless');
    await eventually(
      () => runner.desk.find(id),
      (run) => run?.state === 'running',
    );

    await runner.stop(20);

    expect(await runner.desk.find(id)).toMatchObject({ state: 'failed', error: { code: 'job-interrupted' } });
    await expect(runner.desk.run('endless')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('show their schedule with the next run in their own time zone', async () => {
    const { desk } = await replica([
      { name: 'nightly', cron: '30 2 * * *', timeZone: 'Asia/Seoul', run: () => Promise.resolve() },
      { name: 'on-demand', run: () => Promise.resolve() },
    ]);

    const [nightly, ...others] = await desk.schedule();

    expect(others).toEqual([]);
    expect(nightly).toMatchObject({
      name: 'nightly',
      cron: '30 2 * * *',
      timeZone: 'Asia/Seoul',
      lastRun: null,
    });
    // Seoul has no summer time and is nine hours ahead of UTC.
    expect(nightly?.nextRun).toMatch(/T17:30:00\.000Z$/);
  });

  it('with a schedule run once per tick, however many replicas there are', async () => {
    let runs = 0;
    const everySecond: Job = {
      name: 'tick',
      cron: '* * * * * *',
      run: () => {
        runs += 1;
        return Promise.resolve();
      },
    };
    const replicas = await Promise.all([
      replica([everySecond]),
      replica([everySecond]),
      replica([everySecond]),
    ]);

    const rows = await eventually(
      () => replicas[0]?.desk.list({ name: 'tick' }) ?? [],
      (found) => found.some(({ state }) => state === 'succeeded'),
    );

    expect(rows).toHaveLength(1);
    expect(runs).toBe(1);
  });

  it('are refused at start for a wrong cron expression or a name given twice', async () => {
    const job: Job = { name: 'x', run: () => Promise.resolve() };

    await expect(replica([{ ...job, cron: 'every day' }])).rejects.toThrow('cron');
    await expect(replica([job, job])).rejects.toThrow('twice');
  });
});
