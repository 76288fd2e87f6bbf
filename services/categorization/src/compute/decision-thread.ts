import { openTaskThreads, type TaskThreads } from '@orrery/service-kit';
import type { DecisionTasks } from './decision-tasks.ts';

/** Reads texts and tries rules off the event loop; `prepare('useModel', model)` gives it another classifier. */
export type DecisionThread = TaskThreads<DecisionTasks>;

/**
 * Opens the thread.
 * @param cacheSize how many descriptors the thread remembers
 * @param onDeath hears why the thread died
 */
export const openDecisionThread = (cacheSize: number, onDeath: (reason: Error) => void): DecisionThread =>
  openTaskThreads<DecisionTasks>({
    file: new URL('./decision-thread.worker.ts', import.meta.url),
    data: { cacheSize },
    onDeath,
  });
