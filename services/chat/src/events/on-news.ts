import {
  AdviceGenerated,
  AlertRaised,
  BankItemBroken,
  BudgetThresholdReached,
  MissionCompleted,
} from '@orrery/contracts';
import { subscribe, type Subscription } from '@orrery/messaging';
import { wordAdviceNews, wordBankNews, wordBudgetNews, wordMissionNews } from '../domain/word-news.ts';
import type { PushStore } from '../store/push-store.ts';

/** Alerts of facts that are news of their own here: each is told once. */
const TOLD_ALREADY: ReadonlySet<string> = new Set([
  'budget_80',
  'budget_100',
  'bank_sign_in',
  'mission_completed',
]);

/**
 * Everything that is told to users with an open socket: alerts, finished missions, advice, banks to sign in to, budgets.
 * @param pushes where every replica finds it
 */
export const onNews = (pushes: PushStore): Subscription[] => [
  subscribe(AlertRaised, 'chat', async ({ id, data }, { session }) => {
    const { userId, alertId, kind, createdAt, texts } = data;
    if (TOLD_ALREADY.has(kind)) {
      return;
    }
    await pushes.add({ id, userId, kind: 'alert', subject: alertId, createdAt, texts }, session);
  }),
  subscribe(MissionCompleted, 'chat', async ({ id, time, data }, { session }) => {
    const { userId, missionId } = data;
    const texts = wordMissionNews(data.texts);
    await pushes.add({ id, userId, kind: 'mission', subject: missionId, createdAt: time, texts }, session);
  }),
  subscribe(AdviceGenerated, 'chat', async ({ id, data }, { session }) => {
    const { userId, adviceId, generatedAt, titles } = data;
    const texts = wordAdviceNews(titles);
    await pushes.add(
      { id, userId, kind: 'advice', subject: adviceId, createdAt: generatedAt, texts },
      session,
    );
  }),
  subscribe(BankItemBroken, 'chat', async ({ id, data }, { session }) => {
    const { userId, itemId, institutionName, since } = data;
    const texts = wordBankNews(institutionName);
    await pushes.add({ id, userId, kind: 'bank', subject: itemId, createdAt: since, texts }, session);
  }),
  subscribe(BudgetThresholdReached, 'chat', async ({ id, time, data }, { session }) => {
    const { userId, budgetId } = data;
    const texts = wordBudgetNews(data);
    await pushes.add({ id, userId, kind: 'budget', subject: budgetId, createdAt: time, texts }, session);
  }),
];
