import { forecast } from '../domain/forecast/forecast.ts';

/**
 * Work that takes long enough to hold up other requests, by name. Arguments and results cross a thread boundary, so
 * they are plain data.
 */
export const TASKS = { forecast } as const;

export type TaskName = keyof typeof TASKS;
