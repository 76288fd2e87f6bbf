import {
  type OperationalFact,
  type OperationsReply,
  type ServiceName,
  listJobRuns,
  readJobRun,
  readOperations,
  replayParkedEvents,
  startJob,
} from '@orrery/contracts';
import { type EventBus, type OutboxRelay, groupDeadLetters } from '@orrery/messaging';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { handle, type MountedRoute } from '../define-service.ts';
import { AppError } from '../errors/app-error.ts';
import type { HealthProbe } from '../health/health-routes.ts';
import type { JobDesk, JobRun } from '../jobs/job-desk.ts';

/** Most parked events that are read to be grouped; a queue with more shows the reasons of these. */
const READ_PARKED = 1_000;

/** What the routes of operation need from the service they run in. */
export interface OperationsParts {
  service: ServiceName;
  version: string;
  probe: HealthProbe;
  bus: EventBus;
  relay: Pick<OutboxRelay, 'state'>;
  jobs: JobDesk;
  logger: Logger;
  metrics: Registry;
  /** What the service itself wants to be seen. */
  facts?(): Promise<readonly OperationalFact[]>;
}

const found = (run: JobRun | undefined): JobRun => {
  if (run === undefined) {
    throw new AppError('not-found', { detail: 'There is no such run.' });
  }
  return run;
};

const MODEL_METRICS = [
  { name: 'model_calls_total', words: 'calls since the start', label: 'outcome' },
  { name: 'model_tokens_total', words: 'tokens since the start', label: 'kind' },
] as const;

/** What this process has asked of the language model, from its own metrics; nothing for a service without one. */
async function modelUse(metrics: Registry): Promise<OperationalFact[]> {
  const facts: OperationalFact[] = [];
  for (const { name, words, label } of MODEL_METRICS) {
    const metric = metrics.getSingleMetric(name);
    for (const { labels, value } of metric === undefined ? [] : (await metric.get()).values) {
      facts.push({ group: 'spend', name: `${words}, ${String(labels[label] ?? 'all')}`, value });
    }
  }
  return facts;
}

/**
 * Routes between our services by which operators see and steer a service: its state, its jobs, its parked events. Every
 * service has them; the operations service presents them to people.
 * @param parts what they look at
 */
export const operationsRoutes = (parts: OperationsParts): MountedRoute[] => {
  const { service, version, probe, bus, relay, jobs, logger } = parts;
  const startedAt = new Date().toISOString();

  // A page about troubles has to come up in trouble: what cannot be asked is null, and said in the log.
  const orNull = async <Value>(what: string, read: () => Promise<Value>): Promise<Value | null> => {
    try {
      return await read();
    } catch (error) {
      logger.warn({ err: error }, `operators cannot be shown ${what}`);
      return null;
    }
  };

  const describeJobs = async (): Promise<OperationsReply['jobs']> =>
    Promise.all(
      jobs.jobs().map(async (job) => {
        const [lastRun = null] =
          (await orNull('runs of jobs', () => jobs.list({ name: job.name, limit: 1 }))) ?? [];
        return { ...job, lastRun };
      }),
    );

  const describe = async (): Promise<OperationsReply> => {
    const [{ ready, checks }, outbox, queues, letters, known, facts] = await Promise.all([
      probe.readiness(),
      orNull('the outbox', () => relay.state()),
      orNull('queues', () => bus.queueDepths(service)),
      orNull('parked events', () => bus.listDeadLetters({ consumer: service, limit: READ_PARKED })),
      describeJobs(),
      orNull('facts of the service', async () => (await parts.facts?.()) ?? []),
    ]);
    return {
      service,
      version,
      startedAt,
      ready,
      checks,
      outbox,
      queues,
      deadLetters: letters === null ? null : groupDeadLetters(letters),
      jobs: known,
      facts: [...(facts ?? []), ...(await modelUse(parts.metrics))].map(({ state = 'ok', ...fact }) => ({
        ...fact,
        state,
      })),
    };
  };

  return [
    handle(readOperations, async () => ({ status: 200, body: await describe() })),
    handle(listJobRuns, async ({ query: { name, limit } }) => ({
      status: 200,
      body: { data: await jobs.list({ limit, ...(name === undefined ? {} : { name }) }) },
    })),
    handle(readJobRun, async ({ params }) => ({ status: 200, body: found(await jobs.find(params.jobId)) })),
    handle(startJob, async ({ params }) => {
      const id = await jobs.run(params.name);
      return { status: 202, body: found(await jobs.find(id)) };
    }),
    handle(replayParkedEvents, async ({ body: { type, limit } }) => {
      const replayed = await bus.replayDeadLetters({
        consumer: service,
        ...(type === undefined ? {} : { type }),
        ...(limit === undefined ? {} : { limit }),
      });
      logger.info({ type, replayed }, 'an operator put parked events back to work');
      return { status: 200, body: { replayed } };
    }),
  ];
};
