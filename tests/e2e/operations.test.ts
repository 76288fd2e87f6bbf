import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENTS, eventType } from '@orrery/contracts';
import { eventually } from '@orrery/testing';
import { type Constellation, startConstellation } from './constellation.ts';

interface Run {
  id: string;
  name: string;
  service: string;
  state: string;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  result: unknown;
  error: unknown;
}

let orrery: Constellation;
let admin: { authorization: string };
let user: { authorization: string };

/** The page gives each service four seconds, which a busy machine may not have; then it says so and is asked again. */
const whenAllAnswer = eventually;

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${orrery.url}${path}`, { redirect: 'manual', ...init });

beforeAll(async () => {
  orrery = await startConstellation();
  admin = orrery.signIn('the-operator', 'ADMIN');
  user = orrery.signIn('somebody');
}, 120_000);

afterAll(async () => {
  await orrery.stop();
});

const cookieOf = (response: Response): string => response.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';

async function signedIn(token: string): Promise<string> {
  const response = await ask('/admin/monitor/sign-in', {
    method: 'POST',
    body: new URLSearchParams({ token: token.slice('Bearer '.length) }),
  });
  return cookieOf(response);
}

/** The page of the operator, with the answers of all services. */
const wholePage = (): Promise<string> =>
  whenAllAnswer(
    async () => (await ask('/admin/monitor', { headers: admin })).text(),
    (text) => !text.includes('no answer'),
  );

const formTokenOf = (page: string): string => /name="formToken" value="([^"]+)"/.exec(page)?.[1] ?? '';

describe('events', () => {
  it('are handled by every consumer that the contracts name, so that no queue fills for nobody', () => {
    const handled = new Set(
      orrery.services.flatMap(({ name, consumes }) => consumes.map((type) => `${name} ${type}`)),
    );
    const named = EVENTS.flatMap((event) =>
      event.consumers.map((consumer) => `${consumer} ${eventType(event)}`),
    );

    expect(named.filter((pair) => !handled.has(pair))).toEqual([]);
  });
});

describe('jobs of all services', () => {
  it('lists what is scheduled where, with unique names', async () => {
    const { data } = await whenAllAnswer(
      async () =>
        (await (await ask('/admin/schedule', { headers: admin })).json()) as {
          data: { service: string; name: string; cron: string; timeZone: string; nextRun: string | null }[];
          unavailable: string[];
        },
      ({ unavailable }) => unavailable.length === 0,
    );

    expect(new Set(data.map(({ service }) => service)).size).toBeGreaterThan(1);
    expect(new Set(data.map(({ name }) => name)).size).toBe(data.length);
    expect(data.filter(({ nextRun }) => nextRun === null)).toEqual([]);
    // PocketC's check 13: the metrics once a night, the groups at a set period.
    const once = /^\d+ \d+ \* \* \*$/;
    expect(data.find(({ name }) => name === 'rebuild-daily-metrics')?.cron).toMatch(once);
    const training = data.find(({ name }) => name === 'train-spending');
    expect(training).toMatchObject({
      service: 'segmentation',
      cron: expect.stringMatching(/^\d+ \d+ \* \* \d$/),
    });
  });

  it('starts a job by its name, shows the run until it has ended, and lists it first', async () => {
    const started = await ask('/admin/jobs/rebuild-daily-metrics/run', { method: 'POST', headers: admin });
    const { id, service } = (await started.json()) as Run;

    expect(started.status).toBe(202);
    expect(service).toBe('insights');
    const ended = await eventually(
      async () => (await (await ask(`/admin/jobs/${id}`, { headers: admin })).json()) as Run,
      ({ state }) => state === 'succeeded',
    );
    expect(ended).toMatchObject({ id, name: 'rebuild-daily-metrics', service: 'insights', error: null });
    expect(ended.finishedAt).not.toBeNull();
    const { data } = (await (await ask('/admin/jobs?limit=1', { headers: admin })).json()) as { data: Run[] };
    expect(data.map((run) => run.id)).toEqual([id]);
  });

  it('says 404 for a run and for a job that no service knows', async () => {
    expect((await ask('/admin/jobs/nobody-knows-it', { headers: admin })).status).toBe(404);
    expect((await ask('/admin/jobs/nothing/run', { method: 'POST', headers: admin })).status).toBe(404);
  });

  it.each([
    ['GET', '/admin/jobs'],
    ['GET', '/admin/jobs/x'],
    ['GET', '/admin/schedule'],
    ['POST', '/admin/jobs/rebuild-daily-metrics/run'],
  ])('%s %s is for administrators only', async (method, path) => {
    expect((await ask(path, { method })).status).toBe(401);
    expect((await ask(path, { method, headers: user })).status).toBe(403);
  });
});

describe('the operations page', () => {
  it('asks nobody and users to sign in, and shows itself to administrators', async () => {
    const [nobody, somebody, operator] = await Promise.all(
      [undefined, user, admin].map((headers) =>
        ask('/admin/monitor', headers === undefined ? {} : { headers }),
      ),
    );

    expect([nobody?.status, somebody?.status, operator?.status]).toEqual([401, 403, 200]);
    for (const page of [nobody, somebody]) {
      const text = await page?.text();
      expect(text).toContain('Token of an administrator');
      expect(text).not.toContain('insights');
    }
    const text = await wholePage();
    expect(text).toContain('Parked events');
    expect(text).toContain('rebuild-daily-metrics');
  });

  it('shows the version of models and how many banks are in which state', async () => {
    await orrery.client
      .db(`${orrery.namespace}_ingestion`)
      .collection('items')
      .insertOne({ userId: 'nobody', print: 'none', handle: 'bank_test', status: 'login_required' });

    const page = await wholePage();

    const cells = (name: string): string =>
      new RegExp(`<th scope="row">${name}</th>(.*?)</tr>`, 's').exec(page)?.[1]?.replaceAll(/\s+/g, ' ') ??
      '';
    expect(cells('categorizer')).toMatch(/data-head="Value" class="text">[^<]+<\/td>/);
    expect(cells('login required')).toContain('<span class="warning">1</span>');
  });

  it('forbids scripts, frames and foreign content, and has none', async () => {
    const page = await ask('/admin/monitor', { headers: admin });

    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(page.headers.get('cache-control')).toContain('no-store');
    expect(await page.text()).not.toMatch(/<script|\son\w+=|style=/);
  });

  it('shows analysts what it shows users: that it is not for them', async () => {
    const analyst = await ask('/admin/monitor', { headers: orrery.signIn('an-analyst', 'ANALYST') });

    expect(analyst.status).toBe(403);
    expect(await analyst.text()).toContain('not an administrator');
  });

  it.each(['?notice=nonsense', '?from=%00&x=1', '?%5B=%5D', '?notice[]=1'])(
    'is a page, not an error, for the query %s',
    async (query) => {
      const page = await ask(`/admin/monitor${query}`, { headers: admin });

      expect(page.status).toBe(200);
      expect(page.headers.get('content-type')).toContain('text/html');
    },
  );

  it('keeps the sign-in in a cookie that scripts and other paths never see', async () => {
    const response = await ask('/admin/monitor/sign-in', {
      method: 'POST',
      body: new URLSearchParams({ token: admin.authorization.slice('Bearer '.length) }),
    });

    expect(response.status).toBe(303);
    expect(response.headers.getSetCookie()[0]).toMatch(
      /; Path=\/admin\/monitor; .*HttpOnly; SameSite=Strict/,
    );
    const headers = { cookie: cookieOf(response) };
    expect((await ask('/admin/monitor', { headers })).status).toBe(200);
    expect((await ask('/admin/jobs', { headers })).status).toBe(401);
    expect((await ask('/v1/transactions', { headers })).status).toBe(401);
  });

  it('runs a job from its form, and refuses the same form without the value of the page', async () => {
    const headers = { cookie: await signedIn(admin.authorization) };
    const page = await (await ask('/admin/monitor', { headers })).text();
    const send = (formToken: string): Promise<Response> =>
      ask('/admin/monitor/jobs', {
        method: 'POST',
        headers,
        body: new URLSearchParams({ formToken, service: 'insights', name: 'rebuild-daily-metrics' }),
      });

    expect((await send('forged')).status).toBe(403);
    expect(
      (
        await send(
          formTokenOf(
            await (await ask('/admin/monitor', { headers: orrery.signIn('another', 'ADMIN') })).text(),
          ),
        )
      ).status,
    ).toBe(403);
    const sent = await send(formTokenOf(page));
    expect(sent.status).toBe(303);
    expect(sent.headers.get('location')).toMatch(/^\/admin\/monitor\?notice=(started|running)$/);
  });

  it('answers every form with a page that a person can read, whatever is wrong with it', async () => {
    const cookieHeader = { cookie: await signedIn(admin.authorization) };
    const known = formTokenOf(await (await ask('/admin/monitor', { headers: cookieHeader })).text());
    const send = async (action: string, fields: Record<string, string>, headers: Record<string, string>) => {
      const reply = await ask(`/admin/monitor/${action}`, {
        method: 'POST',
        headers,
        body: new URLSearchParams(fields),
      });
      return { status: reply.status, to: reply.headers.get('location'), text: await reply.text() };
    };

    for (const action of ['jobs', 'dead-letters', 'sign-out']) {
      expect(await send(action, { formToken: known }, {})).toMatchObject({
        status: 401,
        text: expect.stringContaining('You are not signed in any more.'),
      });
      expect(await send(action, { formToken: known }, user)).toMatchObject({ status: 403 });
      expect(await send(action, {}, cookieHeader)).toMatchObject({
        status: 403,
        text: expect.stringContaining('This form has expired.'),
      });
    }
    expect(
      await send('jobs', { formToken: known, service: 'nobody', name: 'x' }, cookieHeader),
    ).toMatchObject({
      status: 303,
      to: '/admin/monitor?notice=missing',
    });
    expect(
      await send('dead-letters', { formToken: known, service: 'chat', type: 'none.v1' }, cookieHeader),
    ).toMatchObject({ status: 303, to: '/admin/monitor?notice=nothing-parked' });
    expect(await send('sign-in', { token: 'two words' }, {})).toMatchObject({
      status: 303,
      to: '/admin/monitor?from=sign-in',
    });
  });

  it('signs nobody in from another site', async () => {
    const reply = await ask('/admin/monitor/sign-in', {
      method: 'POST',
      headers: { 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams({ token: admin.authorization.slice('Bearer '.length) }),
    });

    expect(reply.status).toBe(403);
    expect(reply.headers.getSetCookie()).toEqual([]);
  });

  it('shows a parked event with its reason and puts it back to work', async () => {
    const bus = orrery.client.db(`${orrery.namespace}_bus`).collection('messages');
    await bus.insertOne({
      queue: `${orrery.namespace}.insights.transactions.removed.v1`,
      consumer: 'insights',
      type: 'transactions.removed.v1',
      eventId: 'parked-in-a-test',
      body: '{"not":"an envelope"}',
      state: 'dead',
      attempt: 1,
      dueAt: new Date(0),
      reason: '<b>malformed</b>',
      parkedAt: new Date(),
    });
    const headers = { cookie: await signedIn(admin.authorization) };
    const page = await (await ask('/admin/monitor', { headers })).text();
    expect(page).toContain('&lt;b&gt;malformed&lt;/b&gt;');

    const sent = await ask('/admin/monitor/dead-letters', {
      method: 'POST',
      headers,
      body: new URLSearchParams({
        formToken: formTokenOf(page),
        service: 'insights',
        type: 'transactions.removed.v1',
      }),
    });

    expect(sent.headers.get('location')).toBe('/admin/monitor?notice=replayed');
    await eventually(
      () => bus.findOne({ eventId: 'parked-in-a-test' }),
      (row) => row?.['reason'] !== '<b>malformed</b>',
    );
  });

  it('forgets the sign-in when asked to', async () => {
    const headers = { cookie: await signedIn(admin.authorization) };
    const page = await (await ask('/admin/monitor', { headers })).text();

    const out = await ask('/admin/monitor/sign-out', {
      method: 'POST',
      headers,
      body: new URLSearchParams({ formToken: formTokenOf(page) }),
    });

    expect(out.headers.getSetCookie()[0]).toContain('Max-Age=0');
  });
});
