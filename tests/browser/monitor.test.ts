import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type Constellation, startConstellation } from '../e2e/constellation.ts';
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

  const open = async (path: string): Promise<void> => {
    context = await browser.newContext();
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
