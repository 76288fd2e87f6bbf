import { Gauge } from 'prom-client';
import type { Job } from '../define-service.ts';
import type { ServiceMetrics } from './metrics.ts';
import { readInTime } from './read-in-time.ts';

/** Instants by name of a job. */
type LastSuccesses = readonly (readonly [job: string, at: Date])[];

/** Several scrapers share one reading. */
const READING_LIVES_MS = 15_000;

/**
 * Shows how runs of jobs end. Both outcomes of every job are there from the start: a counter that is born at 1 does not
 * "increase" for Prometheus, and the first failure would raise no alert. The last success is read from the rows of runs,
 * so that a restart does not forget it and every replica says the same; a job that runs on demand has none, because
 * nobody expects it.
 * @param metrics of the service
 * @param jobs all that it has
 * @param lastSuccess end of the last run of a job that succeeded, undefined when there is none
 */
export function watchJobs(
  metrics: Pick<ServiceMetrics, 'registry' | 'jobRuns'>,
  jobs: readonly Pick<Job, 'name' | 'cron'>[],
  lastSuccess: (job: string) => Promise<Date | undefined>,
): void {
  for (const { name } of jobs) {
    for (const outcome of ['succeeded', 'failed']) {
      metrics.jobRuns.inc({ job: name, outcome }, 0);
    }
  }
  const since = new Date();
  const scheduled = jobs.filter(({ cron }) => cron !== undefined).map(({ name }) => name);
  const read = (): Promise<LastSuccesses> =>
    Promise.all(scheduled.map(async (name) => [name, (await lastSuccess(name)) ?? since] as const));
  let kept: { at: number; reading: Promise<LastSuccesses> } | undefined;
  new Gauge({
    name: 'job_last_success_timestamp_seconds',
    help: 'Unix time of the last success of a scheduled job over all replicas; of the start of the process while there is none',
    labelNames: ['job'],
    registers: [metrics.registry],
    async collect() {
      if (kept === undefined || performance.now() - kept.at > READING_LIVES_MS) {
        // While the database cannot be asked, there are no values: an old time would raise an alert of its own.
        kept = { at: performance.now(), reading: readInTime(read, []) };
      }
      this.reset();
      for (const [job, at] of await kept.reading) {
        this.set({ job }, at.getTime() / 1_000);
      }
    },
  });
}
