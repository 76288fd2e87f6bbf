import { isValidZone } from '@orrery/calendar';
import { Currency } from '@orrery/contracts';
import { z } from 'zod';

/** Settings of this service beside the common ones. */
export const InsightsConfig = z.object({
  DEFAULT_TIME_ZONE: z
    .string()
    .refine(isValidZone, 'must be an IANA time zone such as Asia/Seoul')
    .default('Asia/Seoul')
    .describe('Zone of the nightly jobs, and of "today" in them for users who chose none'),
  DEFAULT_CURRENCY: Currency.default('EUR').describe(
    'Currency of the reports of a user without transactions',
  ),
  SMTP_URL: z
    .url({ protocol: /^smtps?$/ })
    .optional()
    .meta({
      description:
        'Mail server that sends alerts, such as smtps://user:password@mail.example; unset: none are sent',
      secret: true,
    }),
  ALERT_MAIL_FROM: z
    .string()
    .min(3)
    .max(320)
    .default('Orrery <alerts@localhost>')
    .describe('Sender of alerts by e-mail'),
  ALERT_WEBHOOKS: z
    .enum(['off', 'public', 'any'])
    .default('off')
    .describe(
      'Whether users may have alerts sent to their servers: off, public (https to public addresses only), or any (http and private addresses too)',
    ),
});
