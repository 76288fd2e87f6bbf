import { z } from 'zod';
import { defineRoute } from '../define-route.ts';

const Instant = z.iso.datetime();
const Count = z.int().min(0);

/** One run of a job. */
export const JobRunReply = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(['queued', 'running', 'succeeded', 'failed']),
  createdAt: Instant,
  startedAt: Instant.nullable(),
  finishedAt: Instant.nullable(),
  /** What the job returned, as JSON. */
  result: z.unknown(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type JobRunReply = z.output<typeof JobRunReply>;

/** A job of a service, scheduled or on demand. */
export const JobReply = z.object({
  name: z.string(),
  /** Null for a job that runs on demand only. */
  cron: z.string().nullable(),
  timeZone: z.string().nullable(),
  nextRun: Instant.nullable(),
  lastRun: JobRunReply.nullable(),
});

/** Something that a service wants its operators to see, such as the version of a model. */
export const OperationalFact = z.object({
  /** Facts of one group are shown together over all services. */
  group: z.enum(['banks', 'models', 'spend']),
  name: z.string().max(100),
  value: z.union([z.string().max(200), z.number()]),
  /** `warning` asks for a look. */
  state: z.enum(['ok', 'warning']).default('ok'),
});
export type OperationalFact = z.input<typeof OperationalFact>;

/** What a service says about its own state. */
export const OperationsReply = z.object({
  service: z.string(),
  version: z.string(),
  startedAt: Instant,
  ready: z.boolean(),
  /** One entry per dependency: `ok` or a short reason. */
  checks: z.record(z.string(), z.string()),
  /** Null when its database cannot be asked. */
  outbox: z.object({ pending: Count, oldestAgeSeconds: z.number().min(0) }).nullable(),
  /** Null when the broker cannot be asked. */
  queues: z.array(z.object({ type: z.string(), waiting: Count, parked: Count })).nullable(),
  deadLetters: z
    .array(z.object({ type: z.string(), reason: z.string(), count: Count, oldest: Instant, newest: Instant }))
    .nullable(),
  jobs: z.array(JobReply),
  facts: z.array(OperationalFact),
});
export type OperationsReply = z.output<typeof OperationsReply>;

const internal = { tag: 'Internal', audience: 'service' } as const;

/** Asked by the operations page and its routes. */
export const readOperations = defineRoute({
  ...internal,
  method: 'get',
  path: '/internal/operations',
  operationId: 'readOperations',
  summary: 'State of this service for its operators',
  responses: { 200: OperationsReply },
});

export const listJobRuns = defineRoute({
  ...internal,
  method: 'get',
  path: '/internal/jobs',
  operationId: 'listJobRuns',
  summary: 'Latest runs of the jobs of this service, newest first',
  query: z.object({
    name: z.string().optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  responses: { 200: z.object({ data: z.array(JobRunReply) }) },
});

export const readJobRun = defineRoute({
  ...internal,
  method: 'get',
  path: '/internal/jobs/{jobId}',
  operationId: 'readJobRun',
  summary: 'One run of a job',
  params: z.object({ jobId: z.string().min(1).max(128) }),
  responses: { 200: JobRunReply },
  problems: ['not-found'],
});

export const startJob = defineRoute({
  ...internal,
  method: 'post',
  path: '/internal/jobs/{name}/run',
  operationId: 'startJob',
  summary: 'Starts a job of this service now',
  params: z.object({ name: z.string().min(1).max(64) }),
  responses: { 202: JobRunReply },
  problems: ['not-found', 'job-already-running'],
});

export const replayParkedEvents = defineRoute({
  ...internal,
  method: 'post',
  path: '/internal/dead-letters/replay',
  operationId: 'replayParkedEvents',
  summary: 'Puts parked events of this consumer back into their queues',
  body: z.object({ type: z.string().max(100).optional(), limit: z.int().min(1).max(100_000).optional() }),
  responses: { 200: z.object({ replayed: Count }) },
});
