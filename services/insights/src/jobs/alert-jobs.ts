import type { Job } from '@orrery/service-kit';
import type { AnnounceTraining } from '../use-cases/announce-training.ts';
import type { DeliverWebhooks } from '../use-cases/deliver-webhooks.ts';
import type { ExpectShortfalls } from '../use-cases/expect-shortfalls.ts';

/**
 * Jobs around alerts: the nightly look at the balances of the next two weeks, news for every user, and sending alerts to
 * users' servers where that is allowed.
 * @param parts the use cases
 * @param timeZone zone whose night it is
 */
export const alertJobs = (
  {
    shortfalls,
    announce,
    webhooks,
  }: {
    shortfalls: ExpectShortfalls;
    announce: AnnounceTraining;
    webhooks: DeliverWebhooks | undefined;
  },
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
  ...(webhooks === undefined
    ? []
    : [
        {
          name: 'deliver-webhooks',
          cron: '* * * * *',
          run: ({ signal }: { signal: AbortSignal }) => webhooks.run(signal),
        },
      ]),
];
