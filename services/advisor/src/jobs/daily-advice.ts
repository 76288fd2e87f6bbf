import { AppError, type Job, type JobDesk } from '@orrery/service-kit';
import { z } from 'zod';
import type { AdviseEveryone } from '../use-cases/advise-everyone.ts';

export const DAILY_JOB = 'advise-everyone';
export const ONE_USER_JOB = 'advise-user';

const OneUser = z.object({ userId: z.string() });

/**
 * Starts the daily work; a second start while it runs is the same run.
 * @param jobs the service's jobs
 */
export const startDailyAdvice = async (jobs: JobDesk): Promise<void> => {
  try {
    await jobs.run(DAILY_JOB);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'job-already-running') {
      throw error;
    }
  }
};

/**
 * Advice for everybody at night, taken up again within a minute when it was cut off, and for one user on demand.
 * @param everyone the use case
 * @param jobs the service's jobs
 */
export const adviceJobs = (everyone: AdviseEveryone, jobs: JobDesk): Job[] => [
  { name: DAILY_JOB, cron: '0 2 * * *', run: ({ signal }) => everyone.run(signal) },
  {
    name: 'take-up-advice',
    cron: '* * * * *',
    run: async () => {
      const isCutOff = await everyone.isCutOff();
      if (isCutOff) {
        await startDailyAdvice(jobs);
      }
      return { takenUp: isCutOff };
    },
  },
  {
    name: ONE_USER_JOB,
    oneAtATime: false,
    run: ({ input, signal }) => everyone.one(OneUser.parse(input).userId, signal),
  },
];
