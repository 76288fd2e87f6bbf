import { SERVICE_NAMES, defineRoute } from '@orrery/contracts';
import {
  AppError,
  type Identity,
  type MountedRoute,
  type ServiceTokenKeys,
  type UserIdentity,
  handle,
} from '@orrery/service-kit';
import { z } from 'zod';
import type { Constellation } from '../constellation.ts';
import { formToken, requireFormToken } from '../form-token.ts';
import { MONITOR_PATH, NOTICES, type Notice, monitorPage, signInPage } from '../page/monitor-page.ts';
import { STYLE } from '../page/style.ts';

/** The gateway takes this cookie as a sign-in on the page's own paths, and nowhere else. */
const COOKIE = 'orrery_operator';
const COOKIE_LIFE_S = 8 * 60 * 60;
const SHOWN_RUNS = 15;

const route = { tag: 'Operations', audience: 'admin' } as const;
const page = { contentType: 'text/html; charset=utf-8', description: 'A page' } as const;
const elsewhere = { contentType: 'text/plain', description: 'Back to the page' } as const;
const FormToken = z.string().min(1).max(128);

const notices = Object.keys(NOTICES) as [Notice, ...Notice[]];

const showMonitor = defineRoute({
  ...route,
  // Everybody gets a page: without a sign-in it is the form that asks for one, and says so with 401.
  audience: 'public',
  method: 'get',
  path: MONITOR_PATH,
  operationId: 'showMonitor',
  summary: 'Operations page for administrators',
  query: z.object({ notice: z.enum(notices).optional(), from: z.literal('sign-in').optional() }),
  responses: { 200: page, 401: page, 403: page },
});

const showStyle = defineRoute({
  ...route,
  audience: 'public',
  method: 'get',
  path: `${MONITOR_PATH}/style.css`,
  operationId: 'showMonitorStyle',
  summary: 'Style sheet of the operations page',
  responses: { 200: { contentType: 'text/css; charset=utf-8', description: 'A style sheet' } },
});

const signIn = defineRoute({
  ...route,
  audience: 'public',
  method: 'post',
  path: `${MONITOR_PATH}/sign-in`,
  operationId: 'signInToMonitor',
  summary: 'Keeps an administrator signed in to the operations page',
  bodyKind: 'form',
  bodyLimitBytes: 16 * 1_024,
  body: z.object({
    token: z
      .string()
      .trim()
      .regex(/^[\w.~+/=-]{1,4096}$/, 'must be a token'),
  }),
  responses: { 303: elsewhere },
});

const signOut = defineRoute({
  ...route,
  method: 'post',
  path: `${MONITOR_PATH}/sign-out`,
  operationId: 'signOutOfMonitor',
  summary: 'Forgets the sign-in to the operations page',
  bodyKind: 'form',
  body: z.object({ formToken: FormToken }),
  responses: { 303: elsewhere },
});

const runFromPage = defineRoute({
  ...route,
  method: 'post',
  path: `${MONITOR_PATH}/jobs`,
  operationId: 'runJobFromMonitor',
  summary: 'Starts a job from the operations page',
  bodyKind: 'form',
  body: z.object({ formToken: FormToken, service: z.enum(SERVICE_NAMES), name: z.string().min(1).max(64) }),
  responses: { 303: elsewhere },
});

const replayFromPage = defineRoute({
  ...route,
  method: 'post',
  path: `${MONITOR_PATH}/dead-letters`,
  operationId: 'replayFromMonitor',
  summary: 'Puts parked events back to work from the operations page',
  bodyKind: 'form',
  body: z.object({ formToken: FormToken, service: z.enum(SERVICE_NAMES), type: z.string().min(1).max(100) }),
  responses: { 303: elsewhere },
});

const POLICY =
  "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const pageHeaders = { 'Content-Security-Policy': POLICY };

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

// On loopback there is no TLS, and not every browser keeps a `Secure` cookie there.
const cookie = (value: string, lifeS: number, host: string | undefined): string =>
  [
    `${COOKIE}=${value}`,
    `Path=${MONITOR_PATH}`,
    `Max-Age=${lifeS}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(host !== undefined && LOOPBACK.test(host) ? [] : ['Secure']),
  ].join('; ');

const back = (query: '' | 'from=sign-in' | `notice=${Notice}`, headers: Record<string, string> = {}) =>
  ({
    status: 303,
    body: '',
    headers: { Location: `${MONITOR_PATH}${query === '' ? '' : '?'}${query}`, ...headers },
  }) as const;

const personOf = (identity: Identity): UserIdentity => {
  if (identity.kind !== 'user') {
    throw new AppError('forbidden', { detail: 'The page is for people.' });
  }
  return identity;
};

const NOTICE_OF_ERROR: Readonly<Record<string, Notice>> = {
  'job-already-running': 'running',
  'not-found': 'missing',
  'upstream-unavailable': 'away',
  'upstream-failed': 'away',
};

/** Runs an action and says how it went; what the page has no words for stays an error. */
async function attempt(done: Notice, action: () => Promise<unknown>): Promise<Notice> {
  try {
    await action();
    return done;
  } catch (error) {
    const notice = error instanceof AppError ? NOTICE_OF_ERROR[error.code] : undefined;
    if (notice === undefined) {
      throw error;
    }
    return notice;
  }
}

const hostOf = ({
  headers,
}: {
  headers: Record<string, string | string[] | undefined>;
}): string | undefined => {
  const host = headers['x-forwarded-host'];
  return typeof host === 'string' ? host : undefined;
};

/**
 * The operations page and what its buttons do.
 * @param parts the services, the keys for its forms, and the clock of the machine
 */
export function monitorRoutes(parts: {
  constellation: Constellation;
  keys: ServiceTokenKeys;
  now: () => Date;
}): MountedRoute[] {
  const { constellation, keys, now } = parts;
  return [
    handle(showStyle, () =>
      Promise.resolve({ status: 200, body: STYLE, headers: { 'Cache-Control': 'private, max-age=3600' } }),
    ),
    handle(showMonitor, async ({ identity, query }) => {
      if (identity.kind !== 'user' || identity.role !== 'admin') {
        const isKnown = identity.kind === 'user';
        const refused = query.from === 'sign-in' ? 'That token was not accepted.' : undefined;
        const message = isKnown ? 'That token is not an administrator’s.' : refused;
        return { status: isKnown ? 403 : 401, body: signInPage(message), headers: pageHeaders };
      }
      const [states, runs] = await Promise.all([
        constellation.states(),
        constellation.runs({ limit: SHOWN_RUNS }),
      ]);
      const view = { states, runs, now: now(), formToken: formToken(keys, identity), notice: query.notice };
      return { status: 200, body: monitorPage(view), headers: pageHeaders };
    }),
    handle(signIn, ({ body, request }) =>
      Promise.resolve(
        back('from=sign-in', { 'Set-Cookie': cookie(body.token, COOKIE_LIFE_S, hostOf(request)) }),
      ),
    ),
    handle(signOut, ({ body, identity, request }) => {
      requireFormToken(keys, personOf(identity), body.formToken);
      return Promise.resolve(back('', { 'Set-Cookie': cookie('', 0, hostOf(request)) }));
    }),
    handle(runFromPage, async ({ body, identity }) => {
      requireFormToken(keys, personOf(identity), body.formToken);
      const notice = await attempt('started', () => constellation.start(body.name, body.service));
      return back(`notice=${notice}`);
    }),
    handle(replayFromPage, async ({ body, identity }) => {
      requireFormToken(keys, personOf(identity), body.formToken);
      const notice = await attempt('replayed', () => constellation.replay(body.service, body.type));
      return back(`notice=${notice}`);
    }),
  ];
}
