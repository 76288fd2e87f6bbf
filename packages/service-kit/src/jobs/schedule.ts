import { randomUUID } from 'node:crypto';
import type { ServiceName } from '@orrery/contracts';
import { acquireLease, isDuplicateKey, type Lease } from '@orrery/mongo';
import type { Connection } from 'mongoose';
import { schedule as scheduleCron, validate as isCron, type ScheduledTask } from 'node-cron';
import type { Logger } from 'pino';
import { serviceIdentity } from '../auth/identity.ts';
import type { Job } from '../define-service.ts';
import { AppError } from '../errors/app-error.ts';
import { toAppError } from '../errors/to-app-error.ts';
import { watchJobs } from '../observability/job-metrics.ts';
import type { ServiceMetrics } from '../observability/metrics.ts';
import { currentContext, runWithContext } from '../observability/request-context.ts';
import type { Tracing } from '../observability/tracing.ts';
import type { JobDesk, JobRun, JobState, ScheduledJob } from './job-desk.ts';

const COLLECTION = 'jobs';
const KEEP_FINISHED_S = 30 * 24 * 60 * 60;
const DEFAULT_LIST = 50;
const MAX_LIST = 500;
const INTERRUPTED = { code: 'job-interrupted', message: 'The process that ran it stopped. Run it again.' };

interface JobRow {
  _id: string;
  name: string;
  state: JobState;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  result: unknown;
  error: { code: string; message: string } | null;
  /** Last sign of life of the process that runs it. */
  aliveAt: Date;
}

interface JobEnvironment {
  service: ServiceName;
  connection: Connection;
  logger: Logger;
  metrics: ServiceMetrics;
  tracing: Tracing;
  /** Pause between signs of life in milliseconds; a run without one for three pauses counts as dead. Default 10 s. */
  heartbeatMs?: number;
}

/** The jobs of one service in this process. */
export interface JobRunner {
  desk: JobDesk;
  /**
   * Makes the jobs known and starts their schedules.
   * @throws Error for a wrong cron expression or a name given twice
   */
  start(jobs: readonly Job[]): Promise<void>;
  /** Stops the schedules, waits for runs at work, and aborts those that are not done in time. */
  stop(timeoutMs: number): Promise<void>;
}

const runOf = (row: JobRow): JobRun => ({
  id: row._id,
  name: row.name,
  state: row.state,
  createdAt: row.createdAt.toISOString(),
  startedAt: row.startedAt?.toISOString() ?? null,
  finishedAt: row.finishedAt?.toISOString() ?? null,
  result: row.result ?? null,
  error: row.error,
});

// The same for every replica, so that the unique `_id` lets one of them have the tick.
const tickId = (name: string, at: Date): string =>
  `${name}_${at.toISOString().slice(0, 16).replaceAll(/[-:]/g, '')}Z`;

const errorOf = (thrown: unknown): { code: string; message: string } => {
  const error = toAppError(thrown);
  return { code: error.code, message: error.detail ?? error.title };
};

/**
 * Runs the jobs of a service. Each run has a row in `jobs`; a job that runs one at a time holds a lease meanwhile, so
 * replicas do not run it together, and a run whose process died is marked failed and may be started again.
 * @param environment the service's database, logger, metrics and traces
 */
export const createJobRunner = (environment: JobEnvironment): JobRunner => {
  const { service, connection, logger, metrics, tracing, heartbeatMs = 10_000 } = environment;
  const rows = connection.collection<JobRow>(COLLECTION);
  const jobs = new Map<string, Job>();
  const tasks = new Map<string, ScheduledTask>();
  const atWork = new Map<string, Promise<void>>();
  const shutdown = new AbortController();

  const failDeadRuns = async (): Promise<void> => {
    const now = new Date();
    await rows.updateMany(
      { state: { $in: ['queued', 'running'] }, aliveAt: { $lt: new Date(now.getTime() - 3 * heartbeatMs) } },
      { $set: { state: 'failed', finishedAt: now, error: INTERRUPTED } },
    );
  };

  const execute = async (job: Job, id: string, input: unknown, lease: Lease | undefined): Promise<void> => {
    const lost = new AbortController();
    const signal = AbortSignal.any([shutdown.signal, lost.signal]);
    const beat = async (): Promise<void> => {
      const [row, held] = await Promise.all([
        rows.updateOne({ _id: id, state: 'running' }, { $set: { aliveAt: new Date() } }),
        lease?.renew() ?? true,
      ]);
      if (row.matchedCount === 0 || !held) {
        lost.abort(new AppError('conflict', { detail: 'Another process took this job over.' }));
      }
    };
    const heartbeat = setInterval(() => {
      beat().catch((error: unknown) => {
        logger.warn({ err: error, job: job.name }, 'no sign of life could be written for a job');
      });
    }, heartbeatMs);
    const stopTimer = metrics.jobDuration.startTimer({ job: job.name });
    const finish = async (outcome: 'succeeded' | 'failed', change: Partial<JobRow>): Promise<void> => {
      await rows.updateOne(
        { _id: id, state: 'running' },
        { $set: { state: outcome, finishedAt: new Date(), ...change } },
      );
      metrics.jobRuns.inc({ job: job.name, outcome });
    };
    try {
      await rows.updateOne(
        { _id: id },
        { $set: { state: 'running', startedAt: new Date(), aliveAt: new Date() } },
      );
      const result = await tracing.inSpan(`job ${job.name}`, {}, () => job.run({ signal, input, jobId: id }));
      await finish('succeeded', { result: result ?? null });
      logger.info({ job: job.name }, 'job succeeded');
    } catch (error) {
      logger.error({ err: error, job: job.name }, 'job failed');
      await finish('failed', { error: shutdown.signal.aborted ? INTERRUPTED : errorOf(error) });
    } finally {
      clearInterval(heartbeat);
      stopTimer();
      await lease?.release();
    }
  };

  const launch = (job: Job, id: string, input: unknown, lease: Lease | undefined): void => {
    const requestId = currentContext()?.requestId ?? randomUUID();
    const context = { service, requestId, identity: serviceIdentity(service), workId: id };
    const run = runWithContext(context, () => execute(job, id, input, lease))
      .catch((error: unknown) => {
        logger.error({ err: error, job: job.name }, 'the end of a job could not be written');
      })
      .finally(() => atWork.delete(id));
    atWork.set(id, run);
  };

  const queue = async (job: Job, id: string, input: unknown): Promise<void> => {
    if (shutdown.signal.aborted) {
      throw new AppError('unavailable', { detail: 'The service is stopping.' });
    }
    const oneAtATime = job.oneAtATime !== false;
    const lease = oneAtATime
      ? await acquireLease(connection, `job:${job.name}`, { ttlMs: 3 * heartbeatMs })
      : undefined;
    if (oneAtATime && lease === undefined) {
      throw new AppError('job-already-running');
    }
    const now = new Date();
    try {
      if (oneAtATime) {
        // Whoever holds the lease runs alone, so rows still open belong to a process that died.
        await rows.updateMany(
          { name: job.name, state: { $in: ['queued', 'running'] } },
          { $set: { state: 'failed', finishedAt: now, error: INTERRUPTED } },
        );
      }
      await rows.insertOne({
        _id: id,
        name: job.name,
        state: 'queued',
        createdAt: now,
        startedAt: null,
        finishedAt: null,
        result: null,
        error: null,
        aliveAt: now,
      });
    } catch (error) {
      await lease?.release();
      throw error;
    }
    launch(job, id, input, lease);
  };

  const tick = async (job: Job, at: Date): Promise<void> => {
    const id = tickId(job.name, at);
    try {
      if ((await rows.findOne({ _id: id })) === null) {
        await queue(job, id, undefined);
      }
    } catch (error) {
      const isTaken =
        isDuplicateKey(error) || (error instanceof AppError && error.code === 'job-already-running');
      if (isTaken) {
        logger.debug({ job: job.name }, 'another run has this tick');
        return;
      }
      logger.error({ err: error, job: job.name }, 'a scheduled job could not be started');
    }
  };

  const lastRunOf = async (name: string): Promise<string | null> => {
    const [row] = await rows.find({ name }).sort({ createdAt: -1 }).limit(1).toArray();
    return row?.createdAt.toISOString() ?? null;
  };

  const desk: JobDesk = {
    run: async (name, input) => {
      const job = jobs.get(name);
      if (job === undefined) {
        throw new AppError('not-found', { detail: 'There is no such job.' });
      }
      const id = randomUUID();
      await queue(job, id, input);
      return id;
    },
    find: async (id) => {
      await failDeadRuns();
      const row = await rows.findOne({ _id: id });
      return row === null ? undefined : runOf(row);
    },
    list: async ({ name, limit = DEFAULT_LIST } = {}) => {
      await failDeadRuns();
      const found = rows.find(name === undefined ? {} : { name }).sort({ createdAt: -1 });
      return (await found.limit(Math.min(limit, MAX_LIST)).toArray()).map(runOf);
    },
    jobs: () =>
      [...jobs.values()].map(({ name, cron, timeZone = 'UTC' }) => ({
        name,
        cron: cron ?? null,
        timeZone: cron === undefined ? null : timeZone,
        nextRun: tasks.get(name)?.getNextRun()?.toISOString() ?? null,
      })),
    schedule: async () =>
      Promise.all(
        [...jobs.values()]
          .filter((job) => job.cron !== undefined)
          .map(async ({ name, cron = '', timeZone = 'UTC' }): Promise<ScheduledJob> => ({
            name,
            cron,
            timeZone,
            lastRun: await lastRunOf(name),
            nextRun: tasks.get(name)?.getNextRun()?.toISOString() ?? null,
          })),
      ),
  };

  return {
    desk,
    start: async (declared) => {
      for (const job of declared) {
        if (jobs.has(job.name) || (job.cron !== undefined && !isCron(job.cron))) {
          throw new Error(`Job ${job.name} is declared twice or has a wrong cron expression`);
        }
        jobs.set(job.name, job);
      }
      if (jobs.size === 0) {
        return;
      }
      await rows.createIndexes([
        { key: { name: 1, createdAt: -1 } },
        { key: { name: 1, state: 1, createdAt: -1 } },
        { key: { finishedAt: 1 }, expireAfterSeconds: KEEP_FINISHED_S },
      ]);
      watchJobs(metrics, [...jobs.values()], async (name) => {
        const latest = await rows.findOne({ name, state: 'succeeded' }, { sort: { createdAt: -1 } });
        return latest?.finishedAt ?? undefined;
      });
      for (const job of jobs.values()) {
        if (job.cron !== undefined) {
          const options = { name: job.name, timezone: job.timeZone ?? 'UTC', unref: true };
          tasks.set(
            job.name,
            scheduleCron(job.cron, ({ date }) => tick(job, date), options),
          );
        }
      }
    },
    stop: async (timeoutMs) => {
      await Promise.all([...tasks.values()].map((task) => task.destroy()));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
      });
      await Promise.race([Promise.all(atWork.values()), late]);
      clearTimeout(timer);
      shutdown.abort(new AppError('unavailable', { detail: 'The service is stopping.' }));
      if (atWork.size > 0) {
        await rows.updateMany(
          { _id: { $in: [...atWork.keys()] }, state: { $in: ['queued', 'running'] } },
          { $set: { state: 'failed', finishedAt: new Date(), error: INTERRUPTED } },
        );
      }
    },
  };
};
