import { defineService, openUserData } from '@orrery/service-kit';
import { categorizedSource } from './clients/categorized-source.ts';
import { openCompute } from './compute/compute.ts';
import { InsightsConfig } from './config.ts';
import { createSmtpSender } from './delivery/smtp-sender.ts';
import { createWebhookSender } from './delivery/webhook-sender.ts';
import { onAlertRaised } from './events/on-alert-raised.ts';
import { onBankEvents } from './events/on-bank-events.ts';
import { onCategorizerTrained } from './events/on-categorizer-trained.ts';
import { onDailyMetricsUpdated } from './events/on-daily-metrics-updated.ts';
import { onMissionEnded } from './events/on-mission-ended.ts';
import { onTransactionsCategorized } from './events/on-transactions-categorized.ts';
import { onTransactionsRemoved } from './events/on-transactions-removed.ts';
import { HOLDINGS } from './holdings.ts';
import { alertRoutes } from './http/alerts.ts';
import { anomalyRoutes } from './http/anomalies.ts';
import { budgetRoutes } from './http/budgets.ts';
import { budgetSummary, setBudgetGoal } from './http/compat/cash-sense/budget-goals.ts';
import { cashFlowForecast } from './http/compat/cash-sense/cash-flow-forecast.ts';
import { cashSenseAnomalies } from './http/compat/cash-sense/detect-anomalies.ts';
import { getTransactions } from './http/compat/cash-sense/get-transactions.ts';
import { predictExpensesRoute } from './http/compat/cash-sense/predict-expenses.ts';
import { savingsOpportunities } from './http/compat/cash-sense/savings-opportunities.ts';
import { spendingReport } from './http/compat/cash-sense/spending-report.ts';
import { rebuildDailyMetricsRoute } from './http/compat/pocketc/rebuild-daily-metrics.ts';
import { createForecast } from './http/create-forecast.ts';
import { detectAnomaliesRoute } from './http/detect-anomalies.ts';
import { detectRecurringRoute } from './http/detect-recurring.ts';
import { exportLedger } from './http/export-ledger.ts';
import { listTransactions } from './http/list-transactions.ts';
import { readSpending } from './http/read-spending.ts';
import { totalTransactions } from './http/total-transactions.ts';
import { recurringRoutes } from './http/recurring.ts';
import { spendingProfileRoutes } from './http/spending-profiles.ts';
import { userSettingsRoutes } from './http/user-settings.ts';
import { alertJobs } from './jobs/alert-jobs.ts';
import { rebuildJobs } from './jobs/rebuild-daily-metrics.ts';
import { rebuildLedgerJob } from './jobs/rebuild-ledger.ts';
import { recutDaysJob } from './jobs/recut-days.ts';
import { analysisJobs } from './jobs/refresh-analyses.ts';
import { packLedgerRows } from './migrations/pack-ledger-rows.ts';
import { createAlertSettingsStore } from './store/alert-settings-store.ts';
import { createAlertStore } from './store/alert-store.ts';
import { createAnalysisMarkStore } from './store/analysis-mark-store.ts';
import { createAnnouncementStore } from './store/announcement-store.ts';
import { createAnomalyStore } from './store/anomaly-store.ts';
import { createBankLinkStore } from './store/bank-link-store.ts';
import { createBudgetStore } from './store/budget-store.ts';
import { createBundleStore } from './store/bundle-store.ts';
import { createDailyMetricsStore } from './store/daily-metrics-store.ts';
import { createLedgerStore } from './store/ledger-store.ts';
import { createRecurringStore } from './store/recurring-store.ts';
import { createShortfallStore } from './store/shortfall-store.ts';
import { createUserSettingsStore } from './store/user-settings-store.ts';
import { createWebhookDeliveryStore } from './store/webhook-delivery-store.ts';
import { createAnnounceTraining } from './use-cases/announce-training.ts';
import { createChooseCurrency } from './use-cases/choose-currency.ts';
import { createDeliverWebhooks } from './use-cases/deliver-webhooks.ts';
import { createEnterTransactions } from './use-cases/enter-transactions.ts';
import { createExpectShortfalls } from './use-cases/expect-shortfalls.ts';
import { createFollowBanks } from './use-cases/follow-banks.ts';
import { createForecastCashFlow } from './use-cases/forecast-cash-flow.ts';
import { createKeepBudgets } from './use-cases/keep-budgets.ts';
import { createRaiseAlerts } from './use-cases/raise-alerts.ts';
import { createRebuildDailyMetrics } from './use-cases/rebuild-daily-metrics.ts';
import { createRebuildLedger } from './use-cases/rebuild-ledger.ts';
import { createRefreshAnalyses } from './use-cases/refresh-analyses.ts';
import { createReportSpending } from './use-cases/report-spending.ts';
import { createReadUserDay } from './use-cases/user-calendar.ts';

/** The ledger, daily metrics, reports and forecasts. */
export const insights = defineService({
  name: 'insights',
  config: InsightsConfig,
  calls: ['categorization', 'ingestion'],
  migrations: [packLedgerRows],
  async create({ config, mongo, clock, client, jobs, logger, inTransaction, recordEvents }) {
    const ledger = createLedgerStore(mongo, createBundleStore(mongo));
    const metrics = createDailyMetricsStore(mongo);
    const settings = createUserSettingsStore(mongo);
    const budgetStore = createBudgetStore(mongo);
    const alerts = createAlertStore(mongo);
    const alertSettings = createAlertSettingsStore(mongo);
    const recurring = createRecurringStore(mongo);
    const anomalies = createAnomalyStore(mongo);
    const marks = createAnalysisMarkStore(mongo);
    const links = createBankLinkStore(mongo);
    const shortfallStore = createShortfallStore(mongo);
    const announcements = createAnnouncementStore(mongo);
    const deliveries = createWebhookDeliveryStore(mongo);
    const prepared = [
      ledger,
      metrics,
      budgetStore,
      alerts,
      recurring,
      anomalies,
      marks,
      links,
      settings,
      shortfallStore,
    ];
    await Promise.all([...prepared, announcements, deliveries].map((store) => store.prepare()));

    const userData = await openUserData({ service: 'insights', mongo, holdings: HOLDINGS });
    const stores = { ledger, metrics, settings };
    const defaultTimeZone = config.DEFAULT_TIME_ZONE;
    const enter = createEnterTransactions({ ...stores, marks });
    const rebuild = createRebuildDailyMetrics({
      ...stores,
      clock,
      inTransaction,
      recordEvents,
      defaultTimeZone,
    });
    const rebuildLedger = createRebuildLedger({
      ledger,
      source: categorizedSource(client('categorization')),
      enter,
      metrics: rebuild,
      inTransaction,
      recordEvents,
    });
    const defaultCurrency = config.DEFAULT_CURRENCY;
    const readUserDay = createReadUserDay({ settings, clock, defaultCurrency });
    const chooseCurrency = createChooseCurrency({ ledger, defaultCurrency });
    const reportSpending = createReportSpending({ ledger, readUserDay, chooseCurrency });
    const raiseAlerts = createRaiseAlerts({ alerts, alertSettings, ledger, readUserDay, clock });
    const budgets = createKeepBudgets({
      budgets: budgetStore,
      ledger,
      raiseAlerts,
      readUserDay,
      inTransaction,
      recordEvents,
      chooseCurrency,
    });

    const sender =
      config.SMTP_URL === undefined ? undefined : createSmtpSender(config.SMTP_URL, config.ALERT_MAIL_FROM);
    const webhookSender =
      config.ALERT_WEBHOOKS === 'off'
        ? undefined
        : createWebhookSender({ allowsPrivate: config.ALERT_WEBHOOKS === 'any' });
    const webhooks =
      webhookSender && createDeliverWebhooks({ deliveries, alertSettings, sender: webhookSender });
    const stopping = new AbortController();

    const compute = openCompute((error) => logger.error({ err: error }, 'calculation thread died'));
    const analyses = createRefreshAnalyses({
      ledger,
      marks,
      recurring,
      anomalies,
      raiseAlerts,
      compute,
      readUserDay,
      inTransaction,
      recordEvents,
    });

    const banks = createFollowBanks({ links, alertSettings, raiseAlerts });
    const forecastCashFlow = createForecastCashFlow({
      ledger,
      recurring,
      analyses,
      banks,
      compute,
      readUserDay,
      clock,
      chooseCurrency,
    });
    const shortfalls = createExpectShortfalls({
      links,
      banks,
      shortfalls: shortfallStore,
      forecastCashFlow,
      raiseAlerts,
      clock,
      inTransaction,
      recordEvents,
    });
    const announce = createAnnounceTraining({
      announcements,
      ledger,
      raiseAlerts,
      inTransaction,
      recordEvents,
    });

    return {
      routes: [
        listTransactions(stores),
        totalTransactions(ledger),
        exportLedger({ ledger, readUserDay }),
        getTransactions({ ledger, readUserDay, ingestion: () => client('ingestion') }),
        readSpending({ reportSpending, readUserDay }),
        spendingReport(reportSpending),
        cashSenseAnomalies({ ledger, anomalies, analyses, compute, readUserDay, defaultCurrency }),
        predictExpensesRoute({ ledger, compute, readUserDay, chooseCurrency }),
        rebuildDailyMetricsRoute(jobs),
        setBudgetGoal(budgets),
        budgetSummary(budgets, readUserDay),
        ...budgetRoutes(budgets),
        cashFlowForecast(forecastCashFlow),
        savingsOpportunities({ ledger, recurring, analyses, budgets, readUserDay, chooseCurrency }),
        ...spendingProfileRoutes(metrics),
        ...recurringRoutes({ recurring, analyses }),
        ...anomalyRoutes({ anomalies, analyses }),
        ...alertRoutes({
          alerts,
          alertSettings,
          settings,
          webhooks: config.ALERT_WEBHOOKS,
          stopping: stopping.signal,
        }),
        ...userSettingsRoutes(settings),
        createForecast(compute),
        detectAnomaliesRoute(compute),
        detectRecurringRoute(compute),
        userData.route,
      ],
      subscriptions: [
        userData.onErasureRequested,
        ...userData.guarded([
          onTransactionsCategorized(enter),
          onTransactionsRemoved(enter),
          onDailyMetricsUpdated({ budgets, raiseAlerts }),
          onAlertRaised({
            alertSettings,
            settings,
            sender,
            deliveries: webhooks === undefined ? undefined : deliveries,
          }),
          ...onBankEvents(banks),
          ...onMissionEnded(raiseAlerts),
        ]),
        onCategorizerTrained(announce),
      ],
      jobs: [
        ...rebuildJobs(rebuild, defaultTimeZone),
        rebuildLedgerJob(rebuildLedger),
        recutDaysJob({ settings, rebuildLedger }),
        ...analysisJobs(analyses, defaultTimeZone),
        ...alertJobs({ shortfalls, announce, webhooks }, defaultTimeZone),
      ],
      drain: () => {
        stopping.abort();
        return Promise.resolve();
      },
      stop: async () => {
        sender?.stop();
        await Promise.all([webhookSender?.stop(), compute.stop()]);
      },
    };
  },
});
