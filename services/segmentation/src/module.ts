import { defineService, openTaskThreads, openUserData } from '@orrery/service-kit';
import { createPngRenderer } from './charts/render-png.ts';
import { createSpendingSource } from './clients/spending-source.ts';
import type { TRAINING_TASKS } from './compute/training-tasks.ts';
import { SegmentationConfig } from './config.ts';
import { onDailyMetricsUpdated } from './events/on-daily-metrics-updated.ts';
import { HOLDINGS } from './holdings.ts';
import { modelFacts } from './model-facts.ts';
import { analysisRoutes } from './http/compat/customer-analysis/analyse.ts';
import { rebuildClustersRoute } from './http/compat/pocketc/rebuild-clusters.ts';
import { chartRoutes } from './http/compat/segmentation-api/charts.ts';
import { clusterRoutes } from './http/compat/segmentation-api/clusters.ts';
import { historyRoutes } from './http/compat/segmentation-api/history.ts';
import { predictRoute } from './http/compat/segmentation-api/predict.ts';
import { profileRoutes } from './http/compat/segmentation-api/profiles.ts';
import { trainRoute } from './http/compat/segmentation-api/train.ts';
import { countActivity } from './http/count-activity.ts';
import { modelReadiness } from './http/model-readiness.ts';
import { modelRoutes } from './http/models.ts';
import { mySegment } from './http/my-segment.ts';
import { predictBatch } from './http/predict-batch.ts';
import { spendingJobs } from './jobs/spending-jobs.ts';
import { tableTrainingJobs } from './jobs/train-jobs.ts';
import { watchDriftJob } from './jobs/watch-drift-job.ts';
import { createAssignmentStore } from './store/assignment-store.ts';
import { createCurveStore } from './store/curve-store.ts';
import { createCustomerProfileStore } from './store/customer-profile-store.ts';
import { createInputStore } from './store/input-store.ts';
import { createModelStore } from './store/model-store.ts';
import { createPredictionStore } from './store/prediction-store.ts';
import { createSpendingStore } from './store/spending-store.ts';
import { createTableStore } from './store/table-store.ts';
import { createAskModels } from './use-cases/ask-models.ts';
import { createAssignSegments } from './use-cases/assign-segments.ts';
import { createKeepSpending } from './use-cases/keep-spending.ts';
import { createKeepTables } from './use-cases/keep-tables.ts';
import { createMeasureElbow } from './use-cases/measure-elbow.ts';
import { readSpendingRows } from './use-cases/spending-rows.ts';
import { readTableRows } from './use-cases/table-rows.ts';
import { createTrainModels } from './use-cases/train-models.ts';
import { createWatchDrift } from './use-cases/watch-drift.ts';

/** A training of half a million rows takes minutes on a small machine; a thread that takes longer is stuck. */
const TRAINING_TIMEOUT_MS = 30 * 60_000;

/** Segments: three K-Means models on one engine, their versions, and what users do with them. */
export const segmentation = defineService({
  name: 'segmentation',
  config: SegmentationConfig,
  calls: ['insights'],
  async create({ config, mongo, clock, jobs, logger, client, inTransaction, recordEvents }) {
    const models = createModelStore(mongo);
    const tables = createTableStore(mongo);
    const curves = createCurveStore(mongo);
    const inputs = createInputStore(mongo);
    const predictions = createPredictionStore(mongo);
    const profiles = createCustomerProfileStore(mongo);
    const spending = createSpendingStore(mongo);
    const assignments = createAssignmentStore(mongo);
    await Promise.all(
      [models, tables, inputs, predictions, profiles, spending].map((store) => store.prepare()),
    );

    const userData = await openUserData({ service: 'segmentation', mongo, holdings: HOLDINGS });
    const threads = openTaskThreads<typeof TRAINING_TASKS>({
      file: new URL('./compute/training.worker.ts', import.meta.url),
      timeoutMs: TRAINING_TIMEOUT_MS,
      onDeath: (reason) => logger.error({ err: reason }, 'a training thread died'),
    });
    const png = createPngRenderer();
    const ask = createAskModels({ models, inputs, clock });
    const trainModels = createTrainModels({
      models,
      threads,
      clock,
      inTransaction,
      recordEvents,
      rowsOf: (name, signal) =>
        name === 'spending' ? readSpendingRows(spending, signal) : readTableRows(tables, name),
    });
    const elbow = createMeasureElbow({
      models,
      curves,
      threads,
      rows: () => readTableRows(tables, 'customers'),
    });
    const keepTables = createKeepTables({ tables, threads, inTransaction });
    const assign = createAssignSegments({
      models,
      spending,
      assignments,
      inputs,
      clock,
      inTransaction,
      recordEvents,
    });
    const keepSpending = createKeepSpending({
      spending,
      source: createSpendingSource(client),
      assign,
    });
    const watchDrift = createWatchDrift({ ask, inputs, clock });

    return {
      routes: [
        ...analysisRoutes(ask),
        rebuildClustersRoute(jobs),
        mySegment({ ask, keepSpending }),
        trainRoute(jobs),
        predictRoute({ ask, predictions, clock }),
        ...clusterRoutes({ ask, elbow }),
        ...historyRoutes(predictions),
        ...chartRoutes({ ask, elbow, png }),
        ...profileRoutes(profiles, clock),
        ...modelRoutes({ ask, models, trainModels, keepTables, watchDrift, jobs, png }),
        predictBatch(ask),
        countActivity({ predictions, profiles }),
        modelReadiness(models),
        userData.route,
      ],
      subscriptions: [...userData.guarded([onDailyMetricsUpdated(spending)]), userData.onErasureRequested],
      jobs: [
        ...tableTrainingJobs(trainModels, config.DEFAULT_TIME_ZONE),
        watchDriftJob({ watchDrift, jobs, logger, timeZone: config.DEFAULT_TIME_ZONE }),
        ...spendingJobs({ keepSpending, trainModels, assign, timeZone: config.DEFAULT_TIME_ZONE }),
      ],
      facts: () => modelFacts(models),
      stop: () => threads.stop(),
    };
  },
});
