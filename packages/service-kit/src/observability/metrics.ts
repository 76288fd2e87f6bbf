import type { ServiceName } from '@orrery/contracts';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { lostLogLines } from './log-destination.ts';

// Seconds; finer where users feel it, up to the service deadline of 25 s.
const LATENCY_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25];
const JOB_BUCKETS_S = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600];

/** Every metric that the kit itself writes. Names follow Prometheus: base units, `_total` for counters. */
export interface ServiceMetrics {
  registry: Registry;
  httpRequests: Counter<'method' | 'route' | 'status'>;
  httpDuration: Histogram<'method' | 'route' | 'status'>;
  httpInFlight: Gauge;
  clientRequests: Counter<'target' | 'operation' | 'outcome'>;
  clientDuration: Histogram<'target' | 'operation'>;
  idempotentReplays: Counter<'route'>;
  jobRuns: Counter<'job' | 'outcome'>;
  jobDuration: Histogram<'job'>;
  ready: Gauge<'dependency'>;
}

/**
 * A service's metrics in a registry of its own.
 * @param service label on every line
 * @param options `process`: also collect memory, event-loop and GC figures of this process; once per process is enough
 */
export const createMetrics = (
  service: ServiceName,
  options: { process: boolean } = { process: false },
): ServiceMetrics => {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  if (options.process) {
    collectDefaultMetrics({ register: registry });
    new Counter({
      name: 'log_lines_lost_total',
      help: 'Log lines that could not be written, because the disk was full or the reader gone',
      registers: [registry],
      collect() {
        this.reset();
        this.inc(lostLogLines());
      },
    });
  }
  const registers = [registry];
  return {
    registry,
    httpRequests: new Counter({
      name: 'http_requests_total',
      help: 'Requests answered, by route template and status',
      labelNames: ['method', 'route', 'status'],
      registers,
    }),
    httpDuration: new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time from the first byte of a request to the end of its reply',
      labelNames: ['method', 'route', 'status'],
      buckets: LATENCY_BUCKETS_S,
      registers,
    }),
    httpInFlight: new Gauge({
      name: 'http_requests_in_flight',
      help: 'Requests that are being answered now, streams included',
      registers,
    }),
    clientRequests: new Counter({
      name: 'service_client_requests_total',
      help: 'Calls to other services of ours; outcome is ok, refused, failed or unreachable',
      labelNames: ['target', 'operation', 'outcome'],
      registers,
    }),
    clientDuration: new Histogram({
      name: 'service_client_duration_seconds',
      help: 'Time of a call to another service of ours, repeats included',
      labelNames: ['target', 'operation'],
      buckets: LATENCY_BUCKETS_S,
      registers,
    }),
    idempotentReplays: new Counter({
      name: 'http_idempotent_replays_total',
      help: 'Requests answered with the stored reply of their Idempotency-Key',
      labelNames: ['route'],
      registers,
    }),
    jobRuns: new Counter({
      name: 'job_runs_total',
      help: 'Runs of jobs that ended; outcome is succeeded or failed',
      labelNames: ['job', 'outcome'],
      registers,
    }),
    jobDuration: new Histogram({
      name: 'job_duration_seconds',
      help: 'Time a run of a job took',
      labelNames: ['job'],
      buckets: JOB_BUCKETS_S,
      registers,
    }),
    ready: new Gauge({
      name: 'service_dependency_ready',
      help: '1 when a dependency can be used, else 0',
      labelNames: ['dependency'],
      registers,
    }),
  };
};
