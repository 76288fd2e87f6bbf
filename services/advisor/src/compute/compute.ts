import { openTaskThreads, type TaskThreads } from '@orrery/service-kit';
import type { TASKS } from './tasks.ts';

/** Runs the calculations of `tasks.ts` off the event loop. */
export type Compute = TaskThreads<typeof TASKS>;

/**
 * Opens the service's calculation thread.
 * @param onDeath hears why the thread died
 */
export const openCompute = (onDeath: (reason: Error) => void): Compute =>
  openTaskThreads<typeof TASKS>({ file: new URL('./compute.worker.ts', import.meta.url), onDeath });
