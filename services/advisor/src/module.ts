import { createMongoTokenBudget, hasModel, openLanguageModel } from '@orrery/language-model';
import { mainBackendDatabaseName } from '@orrery/main-backend';
import { defineService, openUserData } from '@orrery/service-kit';
import { openFormerAdvice } from './clients/former-advice.ts';
import { ledgerReader } from './clients/ledger.ts';
import { openMainBackend } from './clients/main-backend.ts';
import { openCompute } from './compute/compute.ts';
import { AdvisorConfig } from './config.ts';
import {
  onAnomalyDetected,
  onBudgetThresholdReached,
  onDailyMetricsUpdated,
  onForecastShortfallExpected,
  onRecurringChanged,
} from './events/insights-signals.ts';
import { onUserSegmentAssigned } from './events/on-user-segment-assigned.ts';
import { HOLDINGS } from './holdings.ts';
import { adminAlertRoutes } from './http/admin-alerts.ts';
import { adminRoutes } from './http/compat/reho/admin.ts';
import { calculatorRoutes } from './http/compat/reho/calculator-tips.ts';
import { optimisationReportRoutes } from './http/compat/reho/optimisation-reports.ts';
import { runDailyJobsRoute } from './http/compat/reho/run-daily-jobs.ts';
import { suggestionRoutes } from './http/compat/reho/suggestions.ts';
import { planDebtsRoute } from './http/plan-debts.ts';
import { readSummaryRoute } from './http/read-summary.ts';
import { adviceJobs } from './jobs/daily-advice.ts';
import { createAlertStore } from './store/alert-store.ts';
import { createLedgerUserStore } from './store/ledger-user-store.ts';
import { createPhraseBookStore } from './store/phrase-book-store.ts';
import { createReportStore } from './store/report-store.ts';
import { createRunStore } from './store/run-store.ts';
import { createSignalStore } from './store/signal-store.ts';
import { createSuggestionStore } from './store/suggestion-store.ts';
import { createViewStore } from './store/view-store.ts';
import { createAdviseEveryone } from './use-cases/advise-everyone.ts';
import { createAdviseUsers } from './use-cases/advise-users.ts';
import { createKeepPhraseBook } from './use-cases/keep-phrase-book.ts';
import { createListAlerts } from './use-cases/list-alerts.ts';
import { createMakeReport } from './use-cases/make-report.ts';
import { createReadMonth } from './use-cases/read-month.ts';
import { createWordReport } from './use-cases/word-report.ts';

const NO_CALCULATIONS = { saving: undefined, loan: undefined, inflation: undefined, historical: undefined };

/** Financial summary, suggestions, reports, debt plans, tips and what administrators see of them. */
export const advisor = defineService({
  name: 'advisor',
  config: AdvisorConfig,
  calls: ['insights'],
  async create({
    config,
    mongo,
    clock,
    client,
    logger,
    metrics,
    tracing,
    jobs,
    inTransaction,
    recordEvents,
  }) {
    const suggestions = createSuggestionStore(mongo);
    const reports = createReportStore(mongo);
    const alerts = createAlertStore(mongo);
    const signals = createSignalStore(mongo);
    const views = createViewStore(mongo);
    const runs = createRunStore(mongo);
    const ledgerUsers = createLedgerUserStore(mongo);
    await Promise.all([reports, alerts, signals, views, runs].map((store) => store.prepare()));

    const main =
      config.DATABASE_URL === undefined
        ? undefined
        : openMainBackend({ uri: config.DATABASE_URL, databaseName: mainBackendDatabaseName(config) });
    const former = main === undefined ? undefined : openFormerAdvice(main.db);
    const addIndexes = async (): Promise<void> => {
      if (main === undefined || former === undefined) {
        return;
      }
      await former.addIndexes(logger);
      const refused = config.MAIN_BACKEND_INDEXES === 'on' ? await main.addIndexes() : [];
      if (refused.length > 0) {
        logger.warn({ refused }, "indexes of the main back end's collections were refused");
      }
    };
    // Large collections take their time; advice is right without the indexes, only slower.
    const indexing = addIndexes().catch((error: unknown) => {
      logger.warn({ err: error }, "the main back end's collections could not be indexed");
    });

    const model = hasModel(config)
      ? openLanguageModel({
          settings: config,
          model: config.MODEL_REPORTS,
          budget: await createMongoTokenBudget(mongo, {
            perUser: config.MODEL_TOKENS_PER_USER,
            inAll: config.MODEL_TOKENS_PER_DAY,
          }),
          metrics,
          tracing,
        })
      : undefined;

    const months = createReadMonth({
      records: main?.records,
      ledger: ledgerReader(client('insights')),
      clock,
    });
    const compute = openCompute((reason) => {
      logger.error({ err: reason }, 'the calculation thread died');
    });
    const makeReport = createMakeReport({
      months,
      reports,
      draft: (kind, summary) => compute.run('draftReport', kind, summary),
      word: model === undefined ? undefined : createWordReport({ model, logger }),
      coolDownMs: config.REPORT_COOLDOWN_S * 1_000,
      clock,
      inTransaction,
      recordEvents,
    });
    const everyone = createAdviseEveryone({
      months,
      records: main?.records,
      ledgerUsers,
      advise: createAdviseUsers({
        suggestions,
        alerts,
        signals,
        former,
        clock,
        inTransaction,
        recordEvents,
      }),
      book: createKeepPhraseBook({ books: createPhraseBookStore(mongo), model, logger }),
      runs,
      concurrency: config.NIGHTLY_CONCURRENCY,
      logger,
    });
    const userData = await openUserData({
      service: 'advisor',
      mongo,
      holdings: HOLDINGS,
      alsoErase: (userId) => former?.erase(userId) ?? Promise.resolve({}),
    });

    return {
      routes: [
        readSummaryRoute(months),
        planDebtsRoute(months, compute),
        ...calculatorRoutes({
          months,
          calculations: main?.calculations ?? (() => Promise.resolve(NO_CALCULATIONS)),
        }),
        ...suggestionRoutes({ months, suggestions, former, jobs }),
        ...optimisationReportRoutes(makeReport),
        ...adminRoutes({
          months,
          reports: makeReport,
          listAlerts: createListAlerts({ alerts, former }),
          views,
          runs,
          jobs,
        }),
        ...adminAlertRoutes({ alerts, views, clock }),
        runDailyJobsRoute({ apiKey: config.SCHEDULER_API_KEY, jobs }),
        userData.route,
      ],
      subscriptions: [
        userData.onErasureRequested,
        ...userData.guarded([
          onBudgetThresholdReached(signals),
          onAnomalyDetected(signals),
          onRecurringChanged(signals),
          onForecastShortfallExpected(signals),
          onDailyMetricsUpdated(ledgerUsers),
          onUserSegmentAssigned(signals),
        ]),
      ],
      jobs: adviceJobs(everyone, jobs),
      stop: async () => {
        model?.stop();
        await compute.stop();
        await indexing;
        await main?.close();
      },
    };
  },
});
