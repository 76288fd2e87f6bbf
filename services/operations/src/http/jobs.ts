import { JobRunReply, SERVICE_NAMES, defineRoute } from '@orrery/contracts';
import { type MountedRoute, handle } from '@orrery/service-kit';
import { z } from 'zod';
import type { Constellation } from '../constellation.ts';

const route = { tag: 'Operations', audience: 'admin' } as const;
const Service = z.enum(SERVICE_NAMES);
const ServiceJobRun = JobRunReply.extend({ service: Service });
/** Services that did not answer; what they know is missing from `data`. */
const unavailable = z.array(Service);

const listJobs = defineRoute({
  ...route,
  method: 'get',
  path: '/admin/jobs',
  operationId: 'listJobs',
  summary: 'Latest runs of the jobs of all services, newest first',
  query: z.object({
    name: z.string().min(1).max(64).optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  responses: { 200: z.object({ data: z.array(ServiceJobRun), unavailable }) },
});

const readJob = defineRoute({
  ...route,
  method: 'get',
  path: '/admin/jobs/{jobId}',
  operationId: 'readJob',
  summary: 'One run of a job',
  params: z.object({ jobId: z.string().min(1).max(128) }),
  responses: { 200: ServiceJobRun },
  problems: ['not-found', 'upstream-unavailable'],
});

const readSchedule = defineRoute({
  ...route,
  method: 'get',
  path: '/admin/schedule',
  operationId: 'readSchedule',
  summary: 'Scheduled jobs of all services with their last and next run',
  responses: {
    200: z.object({
      data: z.array(
        z.object({
          service: Service,
          name: z.string(),
          cron: z.string(),
          timeZone: z.string(),
          lastRun: z.iso.datetime().nullable(),
          nextRun: z.iso.datetime().nullable(),
        }),
      ),
      unavailable,
    }),
  },
});

const runJob = defineRoute({
  ...route,
  method: 'post',
  path: '/admin/jobs/{name}/run',
  operationId: 'runJob',
  summary: 'Starts a job now',
  params: z.object({ name: z.string().min(1).max(64) }),
  responses: { 202: ServiceJobRun },
  problems: ['not-found', 'job-already-running', 'upstream-unavailable'],
});

/**
 * Jobs of all services in one place.
 * @param constellation the services
 */
export const jobRoutes = (constellation: Constellation): MountedRoute[] => [
  handle(listJobs, async ({ query }) => ({ status: 200, body: await constellation.runs(query) })),
  handle(readJob, async ({ params }) => ({ status: 200, body: await constellation.run(params.jobId) })),
  handle(runJob, async ({ params }) => ({ status: 202, body: await constellation.start(params.name) })),
  handle(readSchedule, async () => {
    const states = await constellation.states();
    const data = states.flatMap(({ service, state }) =>
      (state?.jobs ?? []).flatMap(({ name, cron, timeZone, nextRun, lastRun }) =>
        cron === null || timeZone === null
          ? []
          : [{ service, name, cron, timeZone, nextRun, lastRun: lastRun?.createdAt ?? null }],
      ),
    );
    return {
      status: 200,
      body: {
        data,
        unavailable: states.filter(({ state }) => state === undefined).map(({ service }) => service),
      },
    };
  }),
];
