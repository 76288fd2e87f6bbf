import {
  type JobRunReply,
  type OperationsReply,
  SERVICE_NAMES,
  type ServiceName,
  listJobRuns,
  readJobRun,
  readOperations,
  replayParkedEvents,
  startJob,
} from '@orrery/contracts';
import { AppError, type Runtime, serviceIdentity } from '@orrery/service-kit';

/** Services that are looked after: all behind the gateway except this one. */
export const WATCHED: readonly ServiceName[] = SERVICE_NAMES.filter(
  (name) => name !== 'gateway' && name !== 'operations',
);

/** A run with the service that ran it. */
export type ServiceJobRun = JobRunReply & { service: ServiceName };

/** What one service answered, or that it did not. */
export type ServiceState =
  { service: ServiceName; state: OperationsReply } | { service: ServiceName; state: undefined };

/** Something asked of all services: what came back, and who did not answer. */
export interface Gathered<Value> {
  data: Value[];
  unavailable: ServiceName[];
}

/** All services as one thing to look at and to steer. */
export interface Constellation {
  states(): Promise<ServiceState[]>;
  /**
   * Latest runs over all services, newest first.
   * @param filter name of a job and most rows
   */
  runs(filter: { name?: string | undefined; limit: number }): Promise<Gathered<ServiceJobRun>>;
  /**
   * One run, wherever it ran.
   * @param id id of the run
   * @throws AppError `not-found` when no service knows it, `upstream-unavailable` when one could not be asked
   */
  run(id: string): Promise<ServiceJobRun>;
  /**
   * Starts a job now.
   * @param name a job; the services' jobs have different names
   * @param service its service when that is known
   * @throws AppError `not-found`, `job-already-running` or `upstream-unavailable`
   */
  start(name: string, service?: ServiceName): Promise<ServiceJobRun>;
  /**
   * Puts parked events back to work.
   * @param service the consumer that parked them
   * @param type routing key of the event
   * @returns how many
   */
  replay(service: ServiceName, type: string): Promise<number>;
}

const TIMEOUT_MS = 4_000;

const isMissing = (error: unknown): boolean => error instanceof AppError && error.code === 'not-found';
const isAway = (error: unknown): boolean =>
  error instanceof AppError && ['upstream-unavailable', 'upstream-failed'].includes(error.code);

/**
 * @param client HTTP client for another service
 * @param watched services to ask; default all
 */
export function createConstellation(
  client: Runtime<unknown>['client'],
  watched: readonly ServiceName[] = WATCHED,
): Constellation {
  const identity = serviceIdentity('operations');
  const options = { identity, timeoutMs: TIMEOUT_MS };

  async function gather<Value>(ask: (service: ServiceName) => Promise<Value[]>): Promise<Gathered<Value>> {
    const unavailable: ServiceName[] = [];
    const answers = await Promise.all(
      watched.map(async (service) => {
        try {
          return await ask(service);
        } catch (error) {
          if (!isAway(error)) {
            throw error;
          }
          unavailable.push(service);
          return [];
        }
      }),
    );
    return { data: answers.flat(), unavailable };
  }

  /** Tries every service until one knows what is asked for. */
  async function firstKnown(
    services: readonly ServiceName[],
    ask: (service: ServiceName) => Promise<JobRunReply>,
  ): Promise<ServiceJobRun> {
    let away: unknown;
    for (const service of services) {
      try {
        return { ...(await ask(service)), service };
      } catch (error) {
        if (isAway(error)) {
          away = error;
        } else if (!isMissing(error)) {
          throw error;
        }
      }
    }
    // A service that did not answer may be the one that knows it.
    throw away ?? new AppError('not-found', { detail: 'No service knows it.' });
  }

  return {
    states: () =>
      Promise.all(
        watched.map(async (service): Promise<ServiceState> => {
          try {
            return { service, state: (await client(service).call(readOperations, {}, options)).body };
          } catch (error) {
            if (!isAway(error)) {
              throw error;
            }
            return { service, state: undefined };
          }
        }),
      ),
    async runs({ name, limit }) {
      const { data, unavailable } = await gather(async (service) => {
        const { body } = await client(service).call(
          listJobRuns,
          { query: { limit, ...(name === undefined ? {} : { name }) } },
          options,
        );
        return body.data.map((run) => ({ ...run, service }));
      });
      const newestFirst = data.sort((a, b) => b.createdAt.localeCompare(a.createdAt));
      return { data: newestFirst.slice(0, limit), unavailable };
    },
    run: (jobId) =>
      firstKnown(
        watched,
        async (service) => (await client(service).call(readJobRun, { params: { jobId } }, options)).body,
      ),
    start: (name, service) =>
      firstKnown(
        service === undefined ? watched : [service],
        async (candidate) => (await client(candidate).call(startJob, { params: { name } }, options)).body,
      ),
    async replay(service, type) {
      const { body } = await client(service).call(
        replayParkedEvents,
        { body: { type } },
        { ...options, timeoutMs: 20_000 },
      );
      return body.replayed;
    },
  };
}
