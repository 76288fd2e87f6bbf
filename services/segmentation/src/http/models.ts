import { defineRoute, Instant, SegmentModelName } from '@orrery/contracts';
import { chooseLanguage, AppError, handle } from '@orrery/service-kit';
import type { JobDesk, MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { CHARTS } from '../charts/draw-charts.ts';
import type { ChartName } from '../charts/draw-charts.ts';
import type { PngRenderer } from '../charts/render-png.ts';
import { MODEL_NAMES } from '../domain/segment-model.ts';
import { PLACE_USERS_JOB } from '../jobs/spending-jobs.ts';
import { trainJobName } from '../jobs/train-jobs.ts';
import type { ModelStore } from '../store/model-store.ts';
import type { AskModels } from '../use-cases/ask-models.ts';
import type { KeepTables } from '../use-cases/keep-tables.ts';
import type { TrainModels } from '../use-cases/train-models.ts';
import type { WatchDrift } from '../use-cases/watch-drift.ts';
import { modelParams, PersonaShape, shownPersonas, shownVersion, VersionShape } from './model-shape.ts';
import { MAX_TABLE_BYTES, readTableUpload } from './read-table-upload.ts';

const LISTED = 50;
const CHART_NAMES = Object.keys(CHARTS) as [ChartName, ...ChartName[]];
const tag = 'Segment models';

const ListModels = defineRoute({
  method: 'get',
  path: '/v1/models',
  operationId: 'listSegmentModels',
  summary: 'The segment models and the version of each that serves',
  tag,
  audience: 'user',
  responses: {
    200: z.object({
      data: z.array(z.object({ name: SegmentModelName, serving: VersionShape.nullable() })),
    }),
  },
});

const ReadModel = defineRoute({
  method: 'get',
  path: '/v1/models/{name}',
  operationId: 'readSegmentModel',
  summary: 'The version of a model that serves, with its personas',
  tag,
  audience: 'user',
  params: modelParams,
  responses: {
    200: z.object({
      name: SegmentModelName,
      serving: VersionShape,
      personas: z.array(PersonaShape),
      /** Each number of segments that was tried. */
      curve: z.array(
        z.object({
          k: z.int(),
          inertia: z.number(),
          silhouette: z.number(),
          stability: z.number(),
          smallestShare: z.number(),
        }),
      ),
    }),
  },
  problems: ['model-not-trained'],
});

const ListVersions = defineRoute({
  method: 'get',
  path: '/v1/models/{name}/versions',
  operationId: 'listSegmentModelVersions',
  summary: 'Trained versions of a model, newest first',
  tag,
  audience: 'analyst',
  params: modelParams,
  responses: { 200: z.object({ data: z.array(VersionShape), servingVersion: z.int().nullable() }) },
});

const TrainModel = defineRoute({
  method: 'post',
  path: '/v1/models/{name}/train',
  operationId: 'trainSegmentModel',
  summary:
    'Train a model in the background; a CSV (multipart field `file`) replaces the rows that it learns from',
  tag,
  audience: 'admin',
  params: modelParams,
  query: z.object({
    /** Lets the new version serve even if it is worse than the one before. */
    force: z.enum(['true', 'false']).default('false'),
  }),
  bodyKind: 'raw',
  bodyLimitBytes: MAX_TABLE_BYTES,
  responses: {
    202: z.object({
      /** Of the run; `GET /admin/jobs/{id}` tells how it goes. */
      id: z.string(),
      jobId: z.string(),
      name: z.string(),
      state: z.enum(['queued', 'running', 'succeeded', 'failed']),
    }),
  },
  problems: ['job-already-running', 'body-too-large'],
});

const RollBack = defineRoute({
  method: 'post',
  path: '/v1/models/{name}/rollback',
  operationId: 'rollBackSegmentModel',
  summary: 'Let an earlier version serve again; without a number, the fit one before',
  tag,
  audience: 'admin',
  params: modelParams,
  body: z.object({ version: z.int().min(1).optional() }).default({}),
  responses: { 200: VersionShape },
  problems: ['model-not-trained', 'no-earlier-version', 'not-found'],
});

const ReadDrift = defineRoute({
  method: 'get',
  path: '/v1/models/{name}/drift',
  operationId: 'readSegmentModelDrift',
  summary: 'Whether the rows of the last days still look like the training rows',
  tag,
  audience: 'analyst',
  params: modelParams,
  query: z.object({ days: z.coerce.number().int().min(1).max(90).default(30) }),
  responses: {
    200: z.object({
      version: z.int(),
      since: z.string(),
      asOf: Instant,
      rows: z.int(),
      state: z.enum(['not-enough-data', 'stable', 'watch', 'retrain']),
      features: z.array(
        z.object({
          feature: z.string(),
          /** Population stability index. */
          psi: z.number(),
          state: z.enum(['not-enough-data', 'stable', 'watch', 'retrain']),
        }),
      ),
      personas: z.array(
        z.object({ id: z.string(), trainedShare: z.number(), recentShare: z.number().nullable() }),
      ),
    }),
  },
  problems: ['model-not-trained'],
});

const DrawChart = defineRoute({
  method: 'get',
  path: '/v1/models/{name}/charts/{chart}',
  operationId: 'drawSegmentModelChart',
  summary: 'A picture of a model as SVG or PNG',
  tag,
  audience: 'user',
  params: modelParams.extend({ chart: z.enum(CHART_NAMES) }),
  query: z.object({ format: z.enum(['svg', 'png']).default('svg') }),
  responses: { 200: { contentType: 'image/svg+xml', description: 'The picture' } },
  problems: ['model-not-trained'],
});

/**
 * `/v1/models` and what is below it.
 * @param parts stores, use cases and jobs
 */
export const modelRoutes = (parts: {
  ask: AskModels;
  models: ModelStore;
  trainModels: TrainModels;
  keepTables: KeepTables;
  watchDrift: WatchDrift;
  jobs: JobDesk;
  png: PngRenderer;
}): MountedRoute[] => {
  const { ask, models, trainModels, keepTables, watchDrift, jobs } = parts;
  return [
    handle(ListModels, async () => ({
      status: 200,
      body: {
        data: await Promise.all(
          MODEL_NAMES.map(async (name) => {
            const serving = await models.current(name);
            return { name, serving: serving === undefined ? null : shownVersion(serving) };
          }),
        ),
      },
    })),

    handle(ReadModel, async ({ params: { name }, request }) => {
      const serving = await ask.requireModel(name);
      const language = chooseLanguage(request.headers['accept-language'], 'en');
      return {
        status: 200,
        body: {
          name,
          serving: shownVersion(serving),
          personas: shownPersonas(serving.model, language),
          curve: [...serving.model.curve],
        },
      };
    }),

    handle(ListVersions, async ({ params: { name } }) => {
      const [versions, serving] = await Promise.all([models.list(name, LISTED), models.current(name)]);
      return {
        status: 200,
        body: { data: versions.map(shownVersion), servingVersion: serving?.version ?? null },
      };
    }),

    handle(TrainModel, async ({ params: { name }, query, stream, request }) => {
      const table = await readTableUpload(stream, request.headers['content-type']);
      if (table !== undefined) {
        if (name === 'spending') {
          throw new AppError('validation-failed', {
            fields: [
              { field: 'file', message: 'the spending model learns from what users spend, not from a file' },
            ],
          });
        }
        await keepTables.replace(name, table);
      }
      const job = trainJobName(name);
      const id = await jobs.run(job, { force: query.force === 'true' });
      return { status: 202, body: { id, jobId: id, name: job, state: 'queued' as const } };
    }),

    handle(RollBack, async ({ params: { name }, body }) => {
      const version = await trainModels.rollBack(name, body.version);
      if (name === 'spending') {
        await jobs.run(PLACE_USERS_JOB);
      }
      return { status: 200, body: shownVersion(version) };
    }),

    handle(ReadDrift, async ({ params: { name }, query }) => ({
      status: 200,
      body: await watchDrift.report(name, query.days),
    })),

    handle(DrawChart, async ({ params: { name, chart }, query, request }) => {
      const { model } = await ask.requireModel(name);
      const svg = CHARTS[chart](model, chooseLanguage(request.headers['accept-language'], 'en'));
      return query.format === 'svg'
        ? { status: 200, body: svg, headers: { 'Content-Type': 'image/svg+xml; charset=utf-8' } }
        : { status: 200, body: await parts.png.render(svg), headers: { 'Content-Type': 'image/png' } };
    }),
  ];
};
