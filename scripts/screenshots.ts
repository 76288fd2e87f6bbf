import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openBrowser } from '../tests/browser/open-browser.ts';
import { root } from '../tests/setup/servers.ts';
import { ensureChromium } from './chromium/ensure-chromium.mjs';

/**
 * `npm run screenshots -- --gateway http://127.0.0.1:8080 --admin-token TOKEN`: takes the pictures of the README from a
 * running constellation with demo data.
 */
const { values } = parseArgs({
  options: {
    gateway: { type: 'string', default: 'http://127.0.0.1:8080' },
    'admin-token': { type: 'string' },
  },
});
const token = values['admin-token'];
if (token === undefined) {
  throw new Error('usage: npm run screenshots -- --gateway <address> --admin-token <token>');
}
const chromium = ensureChromium({ log: console.log });
if ('skipped' in chromium) {
  throw new Error(chromium.skipped);
}

const folder = join(root, 'docs/images');
await mkdir(folder, { recursive: true });
const browser = await openBrowser(chromium.path);
const page = await browser.newPage({ viewport: { width: 1_180, height: 900 }, colorScheme: 'light' });

await page.goto(`${values.gateway}/admin/monitor`);
await page.getByLabel('Token of an administrator').fill(token);
await page.getByRole('button', { name: 'Sign in' }).click();
await page.getByRole('heading', { name: 'Services', exact: true }).waitFor();
await page.screenshot({ path: join(folder, 'monitor.png') });

await page.goto(`${values.gateway}/docs`);
await page.getByText('/asyncapi.json', { exact: true }).first().waitFor();
await page.screenshot({ path: join(folder, 'api.png') });

await browser.close();
console.log('docs/images/monitor.png and docs/images/api.png are written');
