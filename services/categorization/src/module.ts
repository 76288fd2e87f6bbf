import { defineService, openUserData } from '@orrery/service-kit';
import { createActiveModel } from './active-model.ts';
import { baseOf, loadArtifacts } from './artifacts/load-artifacts.ts';
import { openDecisionThread } from './compute/decision-thread.ts';
import { trainInThread } from './compute/train-in-thread.ts';
import { CategorizationConfig } from './config.ts';
import { onTransactionsIngested } from './events/on-transactions-ingested.ts';
import { onTransactionsRemoved } from './events/on-transactions-removed.ts';
import { onUserConsentChanged } from './events/on-user-consent-changed.ts';
import { HOLDINGS } from './holdings.ts';
import { settingsRoutes } from './http/categorizer-settings.ts';
import { categorizeBatch } from './http/categorize-batch.ts';
import { categorizeTransaction } from './http/compat/cash-sense/categorize-transaction.ts';
import { retrainModels } from './http/compat/cash-sense/retrain-models.ts';
import { categorizeOne } from './http/compat/pocketc/categorize-one.ts';
import { categorizeStored } from './http/compat/pocketc/categorize-stored.ts';
import { categoriesPlaceholder } from './http/compat/pocketc/placeholder.ts';
import { correctCategory } from './http/correct-category.ts';
import { explainTransaction } from './http/explain-transaction.ts';
import { categorizedRoutes } from './http/list-categorized.ts';
import { listCategories } from './http/list-categories.ts';
import { modelCard } from './http/model-card.ts';
import { recategorizeRoutes } from './http/recategorize.ts';
import { ruleRoutes } from './http/rules.ts';
import { retrainJob } from './jobs/retrain-categorizer.ts';
import { createChangeStore } from './store/change-store.ts';
import { createDecisionStore } from './store/decision-store.ts';
import { createMemoryStore } from './store/memory-store.ts';
import { createModelStore } from './store/model-store.ts';
import { createPoolStore } from './store/pool-store.ts';
import { createRuleStore } from './store/rule-store.ts';
import { createUserSettingsStore } from './store/user-settings-store.ts';
import { createTextDecisions } from './text-decisions.ts';
import { createCorrectCategory } from './use-cases/correct-category.ts';
import { createDecideBatch } from './use-cases/decide-batch.ts';
import { createFileTransactions } from './use-cases/file-transactions.ts';
import { createKeepChanges } from './use-cases/keep-changes.ts';
import { createKeepRules } from './use-cases/keep-rules.ts';
import { createRecategorize } from './use-cases/recategorize.ts';
import { createRetrain } from './use-cases/retrain.ts';

/** The taxonomy, the category decision with its reasons, and what users teach it. */
export const categorization = defineService({
  name: 'categorization',
  config: CategorizationConfig,
  async create({ config, mongo, clock, jobs, logger, inTransaction, recordEvents }) {
    const decisions = createDecisionStore(mongo);
    const memory = createMemoryStore(mongo);
    const rules = createRuleStore(mongo);
    const store = createChangeStore(mongo);
    const pool = createPoolStore(mongo);
    const settings = createUserSettingsStore(mongo);
    const models = createModelStore(mongo);
    await Promise.all([decisions, memory, rules, store, pool, models].map((each) => each.prepare()));

    const shipped = loadArtifacts();
    const base = baseOf(shipped.manifest);
    const texts = createTextDecisions(shipped, config.DESCRIPTOR_CACHE_SIZE);
    const thread = openDecisionThread(config.DESCRIPTOR_CACHE_SIZE, (error) =>
      logger.error({ err: error }, 'decision thread died'),
    );
    const active = createActiveModel({
      models,
      base,
      logger,
      refreshMs: config.MODEL_REFRESH_SECONDS * 1000,
      use: (model) => {
        texts.useModel(model);
        thread.prepare('useModel', model);
      },
    });
    await active.refresh();

    const decide = createDecideBatch({ texts, thread, rules, memory, settings, clock });
    const file = createFileTransactions({ decisions, decide, clock });
    const changes = createKeepChanges({
      decisions,
      memory,
      changes: store,
      pool,
      settings,
      clock,
      inTransaction,
      recordEvents,
    });
    const correct = createCorrectCategory({ decisions, rules, changes, inTransaction });
    const recategorize = createRecategorize({ decisions, rules, decide, changes, inTransaction });
    const keepRules = createKeepRules({ rules, decisions, thread, inTransaction });
    const retrain = createRetrain({
      models,
      pool,
      active,
      clock,
      base,
      shippedVersion: shipped.version,
      minUsers: config.POOLED_LEARNING_MIN_USERS,
      train: trainInThread,
      inTransaction,
      recordEvents,
    });
    const userData = await openUserData({ service: 'categorization', mongo, holdings: HOLDINGS });
    const versionAtWork = (): string => texts.artifacts().version;

    return {
      routes: [
        listCategories(),
        categorizeBatch(decide),
        correctCategory(correct),
        explainTransaction(decisions),
        ...recategorizeRoutes(recategorize, changes),
        ...ruleRoutes(keepRules),
        ...settingsRoutes(settings, inTransaction),
        modelCard(shipped.manifest, models, base, versionAtWork),
        categoriesPlaceholder(),
        categorizeOne(decide),
        categorizeStored(decisions),
        categorizeTransaction(decide, versionAtWork),
        ...retrainModels(jobs),
        ...categorizedRoutes(decisions),
        userData.route,
      ],
      subscriptions: [
        ...userData.guarded([
          onTransactionsIngested(file),
          onTransactionsRemoved(file),
          onUserConsentChanged(settings, pool),
        ]),
        userData.onErasureRequested,
      ],
      jobs: [retrainJob(retrain)],
      facts: () => Promise.resolve([{ group: 'models', name: 'categorizer', value: versionAtWork() }]),
      stop: async () => {
        active.stop();
        await thread.stop();
      },
    };
  },
});
