import { SERVICE_NAMES, defineRoute } from '@orrery/contracts';
import {
  AppError,
  type Identity,
  type MountedRoute,
  type ServiceTokenKeys,
  handle,
} from '@orrery/service-kit';
import { z } from 'zod';
import type { Constellation } from '../constellation.ts';
import { formToken, isFormToken } from '../form-token.ts';
import { MONITOR_PATH } from '../page/layout.ts';
import { NOTICES, type Notice, monitorPage } from '../page/monitor-page.ts';
import { refusedPage, signInPage } from '../page/sign-in-page.ts';
import { STYLE } from '../page/style.ts';

/** The gateway takes this cookie as a sign-in on the page's own paths, and nowhere else. */
const COOKIE = 'orrery_operator';
const COOKIE_LIFE_S = 8 * 60 * 60;
const SHOWN_RUNS = 15;

// Everybody gets a page: without a sign-in it is the form that asks for one, and says so with 401 or 403. What does not
// fit is no error to a person with a browser: it is left out, and the form token decides.
const route = { tag: 'Operations', audience: 'public' } as const;
const page = { contentType: 'text/html; charset=utf-8', description: 'A page' } as const;
const elsewhere = { contentType: 'text/plain', description: 'Back to the page' } as const;
const FormToken = z.string().max(128).catch('');

/** Undefined for a name that is none of ours. */
const Service = z.enum(SERVICE_NAMES).optional().catch(undefined);

const notices = Object.keys(NOTICES) as [Notice, ...Notice[]];

const showMonitor = defineRoute({
  ...route,
  method: 'get',
  path: MONITOR_PATH,
  operationId: 'showMonitor',
  summary: 'Operations page for administrators',
  query: z.object({
    notice: z.enum(notices).optional().catch(undefined),
    from: z.literal('sign-in').optional().catch(undefined),
  }),
  responses: { 200: page, 401: page, 403: page },
});

const showStyle = defineRoute({
  ...route,
  method: 'get',
  path: `${MONITOR_PATH}/style.css`,
  operationId: 'showMonitorStyle',
  summary: 'Style sheet of the operations page',
  responses: { 200: { contentType: 'text/css; charset=utf-8', description: 'A style sheet' } },
});

const signIn = defineRoute({
  ...route,
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
      .regex(/^[\w.~+/=-]{1,4096}$/)
      .catch(''),
  }),
  responses: { 303: elsewhere, 403: page },
});

const signOut = defineRoute({
  ...route,
  method: 'post',
  path: `${MONITOR_PATH}/sign-out`,
  operationId: 'signOutOfMonitor',
  summary: 'Forgets the sign-in to the operations page',
  bodyKind: 'form',
  body: z.object({ formToken: FormToken }),
  responses: { 303: elsewhere, 401: page, 403: page },
});

const runFromPage = defineRoute({
  ...route,
  method: 'post',
  path: `${MONITOR_PATH}/jobs`,
  operationId: 'runJobFromMonitor',
  summary: 'Starts a job from the operations page',
  bodyKind: 'form',
  body: z.object({ formToken: FormToken, service: Service, name: z.string().max(64).catch('') }),
  responses: { 303: elsewhere, 401: page, 403: page },
});

const replayFromPage = defineRoute({
  ...route,
  method: 'post',
  path: `${MONITOR_PATH}/dead-letters`,
  operationId: 'replayFromMonitor',
  summary: 'Puts parked events back to work from the operations page',
  bodyKind: 'form',
  body: z.object({ formToken: FormToken, service: Service, type: z.string().max(100).catch('') }),
  responses: { 303: elsewhere, 401: page, 403: page },
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

/** Why somebody does not get to see or do it; undefined for an administrator. */
function refusalOf(identity: Identity, message: string | undefined) {
  if (identity.kind !== 'user') {
    return { status: 401, body: signInPage(message), headers: pageHeaders } as const;
  }
  return identity.role === 'admin'
    ? undefined
    : ({
        status: 403,
        body: signInPage('That token is not an administrator’s.'),
        headers: pageHeaders,
      } as const);
}

/** The same for a form: it has to come from our own page, seen by the same person. */
function refusalOfForm(keys: ServiceTokenKeys, identity: Identity, given: string) {
  const refusal = refusalOf(identity, 'You are not signed in any more. Nothing was done.');
  if (refusal !== undefined || identity.kind !== 'user') {
    return refusal;
  }
  return isFormToken(keys, identity, given)
    ? undefined
    : ({
        status: 403,
        body: refusedPage('This form has expired. Nothing was done.'),
        headers: pageHeaders,
      } as const);
}

const NOTICE_OF_ERROR: Readonly<Record<string, Notice>> = {
  'job-already-running': 'running',
  'not-found': 'missing',
  'upstream-unavailable': 'away',
  'upstream-failed': 'away',
};

/** Runs an action and says how it went; what the page has no words for stays an error. */
async function attempt(action: () => Promise<Notice>): Promise<Notice> {
  try {
    return await action();
  } catch (error) {
    const notice = error instanceof AppError ? NOTICE_OF_ERROR[error.code] : undefined;
    if (notice === undefined) {
      throw error;
    }
    return notice;
  }
}

/** Whether a browser says that another site sends the form; browsers that say nothing pass. */
const isFromElsewhere = ({ headers }: { headers: Record<string, string | string[] | undefined> }): boolean =>
  ['cross-site', 'same-site'].includes(String(headers['sec-fetch-site']));

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
      const refusal = refusalOf(
        identity,
        query.from === 'sign-in' ? 'That token was not accepted.' : undefined,
      );
      if (refusal !== undefined || identity.kind !== 'user') {
        return refusal ?? { status: 401, body: signInPage(undefined), headers: pageHeaders };
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
        isFromElsewhere(request)
          ? { status: 403, body: refusedPage('Sign in on the page itself.'), headers: pageHeaders }
          : back('from=sign-in', { 'Set-Cookie': cookie(body.token, COOKIE_LIFE_S, hostOf(request)) }),
      ),
    ),
    handle(signOut, ({ body, identity, request }) =>
      Promise.resolve(
        refusalOfForm(keys, identity, body.formToken) ??
          back('', { 'Set-Cookie': cookie('', 0, hostOf(request)) }),
      ),
    ),
    handle(runFromPage, async ({ body, identity }) => {
      const refusal = refusalOfForm(keys, identity, body.formToken);
      if (refusal !== undefined) {
        return refusal;
      }
      const { service, name } = body;
      const notice = await attempt(async () => {
        if (service === undefined || name === '') {
          return 'missing';
        }
        await constellation.start(name, service);
        return 'started';
      });
      return back(`notice=${notice}`);
    }),
    handle(replayFromPage, async ({ body, identity }) => {
      const refusal = refusalOfForm(keys, identity, body.formToken);
      if (refusal !== undefined) {
        return refusal;
      }
      const { service, type } = body;
      const notice = await attempt(async () =>
        service === undefined || (await constellation.replay(service, type)) === 0
          ? 'nothing-parked'
          : 'replayed',
      );
      return back(`notice=${notice}`);
    }),
  ];
}
