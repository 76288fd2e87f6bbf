import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { type Constellation, startConstellation } from '../e2e/constellation.ts';
import { FAINT_TEXTS } from './faint-texts.ts';
import { openBrowser } from './open-browser.ts';

const chromium = process.env['CHROMIUM_PATH'];
const inBrowser = chromium === undefined ? describe.skip : describe;

inBrowser('a person with a browser', () => {
  let orrery: Constellation;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let troubles: string[];

  beforeAll(async () => {
    orrery = await startConstellation();
    browser = await openBrowser(chromium ?? '');
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    await orrery.stop();
  });

  const open = async (path: string, options: BrowserContextOptions = {}): Promise<void> => {
    context = await browser.newContext(options);
    page = await context.newPage();
    troubles = [];
    page.on('console', (message) => {
      // Chromium reports two answers as failed loads that are meant: 401 with the form that asks for a sign-in, and that
      // there is no icon, for which it asks by itself.
      const isMeant = message.text().includes('401') || message.location().url.endsWith('/favicon.ico');
      if (message.type() === 'error' && !isMeant) {
        troubles.push(message.text());
      }
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(orrery.url) && !request.url().startsWith('data:')) {
        troubles.push(`a request to ${request.url()}`);
      }
    });
    await page.goto(`${orrery.url}${path}`);
  };

  const signIn = async (token: string): Promise<void> => {
    await page.getByLabel('Token of an administrator').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForLoadState();
    // On a busy machine a service may miss its four seconds; then the page says so and is asked again.
    while ((await page.getByText('no answer').count()) > 0) {
      await page.reload();
    }
  };
  const tokenOf = (role: 'USER' | 'ADMIN'): string =>
    orrery.signIn('the-operator', role).authorization.slice('Bearer '.length);

  it('signs in, sees every service ready, runs a job and signs out', async () => {
    await open('/admin/monitor');
    expect(await page.title()).toBe('Orrery: sign in');

    await signIn(tokenOf('ADMIN'));
    expect(await page.title()).toBe('Orrery operations');
    const services = page.getByRole('table', { name: /Services and what they depend on/ });
    expect(await services.getByText('ready', { exact: true }).count()).toBe(8);

    await page.getByRole('button', { name: 'Run now rebuild-daily-metrics' }).click();
    await page.waitForLoadState();
    expect(await page.getByRole('status').textContent()).toContain('The job was started.');
    expect(
      await page
        .getByRole('table', { name: /Latest runs/ })
        .getByText('rebuild-daily-metrics')
        .count(),
    ).toBe(1);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForLoadState();
    expect(await page.title()).toBe('Orrery: sign in');
    expect(troubles).toEqual([]);
    await context.close();
  }, 60_000);

  it('does everything without JavaScript: runs a job, replays parked events, signs out', async () => {
    await orrery.client
      .db(`${orrery.namespace}_bus`)
      .collection('messages')
      .insertOne({
        queue: `${orrery.namespace}.insights.transactions.removed.v1`,
        consumer: 'insights',
        type: 'transactions.removed.v1',
        eventId: 'parked-for-a-browser',
        body: '{"not":"an envelope"}',
        state: 'dead',
        attempt: 1,
        dueAt: new Date(0),
        reason: 'malformed',
        parkedAt: new Date(),
      });
    await open('/admin/monitor', { javaScriptEnabled: false });
    await signIn(tokenOf('ADMIN'));

    await page.getByRole('link', { name: /1 parked event at insights/ }).click();
    await page.getByRole('button', { name: 'Replay transactions.removed.v1 at insights' }).click();
    await page.waitForLoadState();
    expect(await page.getByRole('status').textContent()).toContain('back in their queue');
    await page.getByRole('button', { name: 'Run now rebuild-daily-metrics' }).click();
    await page.waitForLoadState();
    expect(await page.getByRole('status').textContent()).toMatch(/The job was started|running already/);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForLoadState();
    expect(await page.title()).toBe('Orrery: sign in');
    await context.close();
  }, 60_000);

  it('reads the page on a phone without scrolling sideways, every figure with its heading', async () => {
    await open('/admin/monitor', { viewport: { width: 375, height: 800 }, isMobile: true });
    await signIn(tokenOf('ADMIN'));

    const tooWide = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    expect(tooWide).toBe(0);
    const cell = page.getByRole('cell', { name: 'ready' }).first();
    expect(await cell.getAttribute('data-head')).toBe('State');
    await context.close();
  }, 60_000);

  it.each(['light', 'dark'] as const)(
    'can read every text in %s mode: contrast of at least 4.5 to 1',
    async (colorScheme) => {
      await open('/admin/monitor', { colorScheme });
      await signIn(tokenOf('ADMIN'));

      const faint = await page.evaluate<{ text: string; ratio: number }[]>(FAINT_TEXTS);

      expect(faint).toEqual([]);
      await context.close();
    },
    60_000,
  );

  it('is told when a token is wrong, or is not an administrator’s', async () => {
    await open('/admin/monitor');
    await signIn('not-a-token');
    expect(await page.getByRole('alert').textContent()).toContain('was not accepted');

    await open('/admin/monitor');
    await signIn(tokenOf('USER'));
    expect(await page.getByRole('alert').textContent()).toContain('not an administrator');
    await context.close();
  }, 60_000);

  it('reads the API documentation, served without anything from elsewhere', async () => {
    await open('/docs');
    await page.getByText('/asyncapi.json', { exact: true }).first().waitFor();

    expect(troubles).toEqual([]);
    await context.close();
  }, 60_000);
});
