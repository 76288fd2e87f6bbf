import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@orrery/testing';
import { type Constellation, startConstellation } from './constellation.ts';

let orrery: Constellation;

beforeAll(async () => {
  orrery = await startConstellation();
}, 90_000);

afterAll(async () => {
  await orrery.stop();
});

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** `npm run rebuild:ledger`, without the look for packages before it. */
const rebuild = async (...asked: string[]): Promise<unknown> => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'scripts/rebuild-ledger.ts', ...asked],
    {
      cwd: ROOT,
      env: {
        ...process.env,
        NODE_ENV: 'test',
        NODE_OPTIONS: '',
        MONGODB_URI: process.env['TEST_MONGODB_URI'] ?? '',
        ORRERY_NAMESPACE: orrery.namespace,
      },
    },
  );
  return JSON.parse(stdout);
};

interface Listed {
  data: { id: string; amount: { amount: string }; category: { slug: string } | null }[];
}

const LINES = Array.from(
  { length: 30 },
  (_unused, index) =>
    `2026-0${String((index % 3) + 1)}-1${String(index % 9)},${index % 2 === 0 ? 'CARREFOUR CITY' : 'NETFLIX.COM'} ${String(index)},-${String(index + 5)}.50,EUR`,
);

describe('npm run rebuild:ledger', () => {
  it('finds the ledger right while the system runs, and brings back what was damaged', async () => {
    const userId = `user-${randomUUID()}`;
    const headers = orrery.signIn(userId);
    const list = async () =>
      (await (await fetch(`${orrery.url}/v1/transactions?limit=100`, { headers })).json()) as Listed;
    const form = new FormData();
    form.set('file', new File([`date,description,amount,currency\n${LINES.join('\n')}\n`], 'bank.csv'));
    await fetch(`${orrery.url}/v1/imports`, { method: 'POST', headers, body: form });
    const { data } = await eventually(list, (listed) => listed.data.length === LINES.length);
    const corrected = data[0]?.id ?? '';
    await fetch(`${orrery.url}/v1/transactions/${corrected}/category`, {
      method: 'PUT',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ category: 'coffee', applyToMerchant: false }),
    });
    const before = await eventually(list, (listed) => listed.data[0]?.category?.slug === 'coffee');

    const right = { users: 1, rows: LINES.length, corrected: 0, removed: 0, repacked: 0, metrics: 0 };
    expect(await rebuild('--user', userId)).toEqual(right);

    const insights = orrery.client.db(`${orrery.namespace}_insights`);
    await insights.collection('ledger').deleteMany({ userId, transactionId: { $ne: corrected } });
    expect((await list()).data).toHaveLength(1);
    expect(await rebuild('--all')).toMatchObject({ corrected: LINES.length - 1 });
    expect(await list()).toEqual(before);
    expect(await rebuild('--user', userId)).toEqual(right);
  }, 60_000);
});
