import { setTimeout as pause } from 'node:timers/promises';
import { Currency, defineRoute, MoneyText, pageOf, pageQuery, ResourceId } from '@orrery/contracts';
import type { Language } from '@orrery/contracts';
import { formatDecimal, parseDecimal } from '@orrery/money';
import { chooseLanguage, AppError, eventStream, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute, StreamEvent } from '@orrery/service-kit';
import { z } from 'zod';
import { isClosedHost } from '../delivery/public-address.ts';
import { newWebhookSecret } from '../delivery/sign-webhook.ts';
import { ALERT_KINDS, ALERT_STATES } from '../domain/alert.ts';
import type { AlertKind } from '../domain/alert.ts';
import { wordAlert } from '../domain/word-alert.ts';
import type { AlertRule, AlertSettings, AlertSettingsStore } from '../store/alert-settings-store.ts';
import type { Alert, AlertStore } from '../store/alert-store.ts';
import type { UserSettingsStore } from '../store/user-settings-store.ts';

/** Pause between two looks for new alerts on an open stream; any replica may have raised them. */
const LOOK_EVERY_MS = 1_000;

/** Newest alerts that a look covers; more at once are found in the list. */
const LOOK_AT = 50;

/** Whether users may name a server that is sent alerts, and which ones. */
export type WebhookMode = 'off' | 'public' | 'any';

const AlertShown = z
  .object({
    id: ResourceId,
    kind: z.enum(ALERT_KINDS),
    title: z.string(),
    text: z.string(),
    state: z.enum(ALERT_STATES),
    subject: z.string(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Alert' });

const ListAlerts = defineRoute({
  method: 'get',
  path: '/v1/alerts',
  operationId: 'listAlerts',
  summary: 'The alerts of the caller, newest first',
  tag: 'Alerts',
  audience: 'user',
  query: z.object({ state: z.enum(ALERT_STATES).optional(), ...pageQuery() }),
  responses: { 200: pageOf(AlertShown) },
});

const ChangeAlert = defineRoute({
  method: 'patch',
  path: '/v1/alerts/{alertId}',
  operationId: 'changeAlert',
  summary: 'Mark an alert as read, dismissed or unread again',
  tag: 'Alerts',
  audience: 'user',
  params: z.object({ alertId: ResourceId }),
  body: z.object({ state: z.enum(ALERT_STATES) }),
  responses: { 200: AlertShown },
  problems: ['not-found'],
});

const StreamAlerts = defineRoute({
  method: 'get',
  path: '/v1/alerts/stream',
  operationId: 'streamAlerts',
  summary: 'New alerts as they are raised; with Last-Event-ID also those since',
  tag: 'Alerts',
  audience: 'user',
  responses: {
    200: { contentType: 'text/event-stream; charset=utf-8', description: 'One `alert` event per alert' },
  },
});

const SettingsShown = z
  .object({
    rules: z.array(
      z.object({ kind: z.enum(ALERT_KINDS), enabled: z.boolean(), threshold: MoneyText.nullable() }),
    ),
    email: z.string().nullable(),
    webhook: z
      .object({
        url: z.string(),
        /** Only in the answer that sets it. */
        secret: z.string().optional(),
        lastFailure: z.object({ at: z.iso.datetime(), reason: z.string() }).nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'AlertSettings' });

const ReadSettings = defineRoute({
  method: 'get',
  path: '/v1/alerts/settings',
  operationId: 'readAlertSettings',
  summary: 'Which rules raise alerts, their limits, and where alerts are sent',
  tag: 'Alerts',
  audience: 'user',
  responses: { 200: SettingsShown },
});

const ChangeSettings = defineRoute({
  method: 'patch',
  path: '/v1/alerts/settings',
  operationId: 'changeAlertSettings',
  summary: 'Switch rules on or off, set their limits, and set or clear the address and the server',
  tag: 'Alerts',
  audience: 'user',
  body: z.object({
    rules: z
      .array(
        z.object({
          kind: z.enum(ALERT_KINDS),
          enabled: z.boolean().optional(),
          threshold: z.object({ amount: z.string().max(32), currency: Currency }).optional(),
        }),
      )
      .max(ALERT_KINDS.length)
      .default([]),
    email: z.email().max(254).nullable().optional(),
    webhook: z
      .object({ url: z.url({ protocol: /^https?$/ }).max(2048) })
      .nullable()
      .optional(),
  }),
  responses: { 200: SettingsShown },
});

const shown = ({ id, kind, facts, state, subject, createdAt }: Alert, language: Language) => ({
  id,
  kind,
  ...wordAlert(kind, facts, language),
  state,
  subject,
  createdAt: createdAt.toISOString(),
});

const ruleShown = (kind: AlertKind, { enabled = true, thresholdMinor, currency }: AlertRule) => ({
  kind,
  enabled,
  threshold:
    thresholdMinor === undefined || currency === undefined
      ? null
      : { amount: formatDecimal(thresholdMinor, currency), currency },
});

const settingsShown = ({ rules, email, webhook }: AlertSettings, freshSecret?: string) => ({
  rules: ALERT_KINDS.map((kind) => ruleShown(kind, rules[kind] ?? {})),
  email,
  webhook: webhook && {
    url: webhook.url,
    ...(freshSecret !== undefined && { secret: freshSecret }),
    lastFailure: webhook.lastFailure && {
      at: webhook.lastFailure.at.toISOString(),
      reason: webhook.lastFailure.reason,
    },
  },
});

const refusedUrl = (message: string): AppError =>
  new AppError('validation-failed', { fields: [{ field: 'webhook.url', message }] });

/** A name is looked up when a message is sent; here only what the address itself says is refused. */
const checkWebhookUrl = (text: string, mode: WebhookMode): void => {
  const url = new URL(text);
  if (mode === 'off') {
    throw refusedUrl('cannot be set: this installation sends no webhooks');
  }
  if (url.username !== '' || url.password !== '') {
    throw refusedUrl('must not hold a user or password');
  }
  if (mode === 'public' && url.protocol !== 'https:') {
    throw refusedUrl('must begin with https://');
  }
  if (mode === 'public' && isClosedHost(url)) {
    throw refusedUrl('must not be in a private network');
  }
};

const limitOf = ({ amount, currency }: MoneyText): AlertRule => {
  try {
    return { thresholdMinor: parseDecimal(amount, currency), currency };
  } catch (error) {
    throw error instanceof Error && 'code' in error
      ? new AppError('validation-failed', {
          fields: [{ field: 'rules.threshold', message: `must be a decimal with the digits of ${currency}` }],
        })
      : error;
  }
};

/**
 * `/v1/alerts`, its stream and its settings.
 * @param parts stores, where webhooks may go, and the signal that ends open streams when the service stops
 */
export const alertRoutes = (parts: {
  alerts: AlertStore;
  alertSettings: AlertSettingsStore;
  settings: UserSettingsStore;
  webhooks: WebhookMode;
  stopping: AbortSignal;
}): MountedRoute[] => {
  const { alerts, alertSettings } = parts;
  const languageOf = async (userId: string, header: string | undefined): Promise<Language> =>
    chooseLanguage(header, 'en', (await parts.settings.find(userId)).language);

  const newest = async (userId: string): Promise<Alert[]> =>
    (await alerts.list(userId, undefined, { limit: LOOK_AT })).rows.reverse();

  const watch = async function* (
    userId: string,
    known: ReadonlySet<string>,
    language: Language,
    signal: AbortSignal,
  ): AsyncGenerator<StreamEvent> {
    let seen = known;
    while (!signal.aborted) {
      const present = await newest(userId);
      for (const alert of present) {
        if (!seen.has(alert.sequence)) {
          yield { event: 'alert', id: alert.sequence, data: shown(alert, language) };
        }
      }
      seen = new Set(present.map(({ sequence }) => sequence));
      await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  };

  return [
    handle(ListAlerts, async ({ query, identity, request }) => {
      const userId = requireUserId(identity);
      const { state, limit, cursor } = query;
      const [language, page] = await Promise.all([
        languageOf(userId, request.headers['accept-language']),
        alerts.list(userId, state, { limit, cursor }),
      ]);
      return {
        status: 200,
        body: {
          data: page.rows.map((alert) => shown(alert, language)),
          page: { nextCursor: page.nextCursor },
        },
      };
    }),
    handle(ChangeAlert, async ({ params, body, identity, request }) => {
      const userId = requireUserId(identity);
      const alert = await alerts.setState(userId, params.alertId, body.state);
      if (alert === undefined) {
        throw new AppError('not-found');
      }
      const language = await languageOf(userId, request.headers['accept-language']);
      return { status: 200, body: shown(alert, language) };
    }),
    handle(StreamAlerts, async ({ identity, request, signal: left }) => {
      const userId = requireUserId(identity);
      const language = await languageOf(userId, request.headers['accept-language']);
      const since = request.headers['last-event-id'];
      const known = new Set(
        (await newest(userId))
          .map(({ sequence }) => sequence)
          .filter((sequence) => typeof since !== 'string' || sequence <= since),
      );
      const signal = AbortSignal.any([left, parts.stopping]);
      const source = watch(userId, known, language, signal);
      return {
        status: 200,
        headers: { 'Cache-Control': 'no-store' },
        body: eventStream(source, { signal }),
      };
    }),
    handle(ReadSettings, async ({ identity }) => ({
      status: 200,
      body: settingsShown(await alertSettings.find(requireUserId(identity))),
    })),
    handle(ChangeSettings, async ({ body, identity }) => {
      const userId = requireUserId(identity);
      if (body.webhook) {
        checkWebhookUrl(body.webhook.url, parts.webhooks);
      }
      const known = await alertSettings.find(userId);
      const rules: AlertSettings['rules'] = {};
      for (const { kind, enabled, threshold } of body.rules) {
        rules[kind] = {
          ...known.rules[kind],
          ...(enabled !== undefined && { enabled }),
          ...(threshold && limitOf(threshold)),
        };
      }
      await alertSettings.change(userId, { rules, ...(body.email !== undefined && { email: body.email }) });
      const secret = body.webhook ? newWebhookSecret() : undefined;
      if (body.webhook !== undefined) {
        await alertSettings.setWebhook(
          userId,
          body.webhook && secret !== undefined ? { url: body.webhook.url, secret } : null,
        );
      }
      return { status: 200, body: settingsShown(await alertSettings.find(userId), secret) };
    }),
  ];
};
