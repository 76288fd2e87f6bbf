import { createHash, timingSafeEqual } from 'node:crypto';
import { defineRoute } from '@orrery/contracts';
import { AppError, handle, type JobDesk, type MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { startDailyAdvice } from '../../../jobs/daily-advice.ts';

const RunDailyJobs = defineRoute({
  method: 'post',
  path: '/schedule/run-daily-ai-jobs',
  operationId: 'runDailyAiJobs',
  summary: "Start the daily work; the outside scheduler's key stands in X-API-KEY",
  tag: 'Reho',
  audience: 'public',
  errorShape: 'detail',
  responses: { 200: z.object({ message: z.string() }) },
  problems: ['sign-in-required'],
});

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Digests have one length, so the time of the comparison tells nothing about the key. */
const isSame = (given: string, expected: string): boolean => timingSafeEqual(digest(given), digest(expected));

/**
 * `POST /schedule/run-daily-ai-jobs`: answers at once; two calls while the work runs are one run.
 * @param parts the key (undefined: nobody may) and the jobs
 */
export const runDailyJobsRoute = (parts: { apiKey: string | undefined; jobs: JobDesk }): MountedRoute =>
  handle(RunDailyJobs, async ({ request }) => {
    const given = request.headers['x-api-key'];
    if (parts.apiKey === undefined || typeof given !== 'string' || !isSame(given, parts.apiKey)) {
      throw new AppError('sign-in-required', { detail: 'Invalid or missing scheduler API Key' });
    }
    await startDailyAdvice(parts.jobs);
    return {
      status: 200,
      body: { message: 'Daily AI analysis and reporting jobs have been started in the background.' },
    };
  });
