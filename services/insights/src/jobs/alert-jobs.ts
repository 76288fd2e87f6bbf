import type { Job } from '@orrery/service-kit';
import type { AnnounceTraining } from '../use-cases/announce-training.ts';
import type { ExpectShortfalls } from '../use-cases/expect-shortfalls.ts';

/**
 * Jobs that only raise alerts: the nightly look at the balances of the next two weeks, and news for every user.
 * @param parts the use cases
 * @param timeZone zone whose night it is
 */
export const alertJobs = (
  { shortfalls, announce }: { shortfalls: ExpectShortfalls; announce: AnnounceTraining },
  timeZone: string,
): Job[] => [
  {
    name: 'expect-shortfalls',
    // After the nightly look at recurring payments, on which the forecast builds.
    cron: '20 1 * * *',
    timeZone,
    run: ({ signal }) => shortfalls.everyone(signal),
  },
  { name: 'tell-news', cron: '* * * * *', run: ({ signal }) => announce.tell(signal) },
];
