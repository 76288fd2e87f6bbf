import { defineService } from '@orrery/service-kit';
import { loadArtifacts } from './artifacts/load-artifacts.ts';
import { CategorizationConfig } from './config.ts';
import { onTransactionsIngested } from './events/on-transactions-ingested.ts';
import { onTransactionsRemoved } from './events/on-transactions-removed.ts';
import { categorizeBatch } from './http/categorize-batch.ts';
import { categorizeTransaction } from './http/compat/cash-sense/categorize-transaction.ts';
import { categorizeOne } from './http/compat/pocketc/categorize-one.ts';
import { categorizeStored } from './http/compat/pocketc/categorize-stored.ts';
import { correctCategory } from './http/correct-category.ts';
import { explainTransaction } from './http/explain-transaction.ts';
import { listCategories } from './http/list-categories.ts';
import { ruleRoutes } from './http/rules.ts';
import { createDecisionStore } from './store/decision-store.ts';
import { createMemoryStore } from './store/memory-store.ts';
import { createRuleStore } from './store/rule-store.ts';
import { createTextDecisions } from './text-decisions.ts';
import { createCorrectCategory } from './use-cases/correct-category.ts';
import { createDecideBatch } from './use-cases/decide-batch.ts';
import { createFileTransactions } from './use-cases/file-transactions.ts';
import { createKeepRules } from './use-cases/keep-rules.ts';

/** The taxonomy, the category decision with its reasons, and what users teach it. */
export const categorization = defineService({
  name: 'categorization',
  config: CategorizationConfig,
  async create({ config, mongo, clock, inTransaction, recordEvents }) {
    const decisions = createDecisionStore(mongo);
    const memory = createMemoryStore(mongo);
    const rules = createRuleStore(mongo);
    await Promise.all([decisions.prepare(), memory.prepare(), rules.prepare()]);

    const texts = createTextDecisions(loadArtifacts(), config.DESCRIPTOR_CACHE_SIZE);
    const decide = createDecideBatch({ texts, rules, memory, clock });
    const file = createFileTransactions({ decisions, decide, clock });
    const correct = createCorrectCategory({ decisions, memory, clock, inTransaction, recordEvents });
    const keepRules = createKeepRules({ rules, decisions, inTransaction });

    return {
      routes: [
        listCategories(),
        categorizeBatch(decide),
        correctCategory(correct),
        explainTransaction(decisions),
        ...ruleRoutes(keepRules),
        categorizeOne(decide),
        categorizeStored(decisions),
        categorizeTransaction(decide, texts.artifacts.version),
      ],
      subscriptions: [onTransactionsIngested(file), onTransactionsRemoved(file)],
    };
  },
});
