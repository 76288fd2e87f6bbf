import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, dayOfWeek, dayRange } from '@orrery/calendar';
import { eventually, fakeClock } from '@orrery/testing';
import { type Constellation, startConstellation } from './constellation.ts';

/** Noon of Monday 16 March 2026 in Seoul. */
const clock = fakeClock('2026-03-16T03:00:00Z');
const TODAY = '2026-03-16';

let orrery: Constellation;

beforeAll(async () => {
  orrery = await startConstellation({}, undefined, clock);
}, 90_000);

afterAll(async () => {
  await orrery.stop();
});

interface Mission {
  id: string;
  text: string;
  state: string;
  settled: boolean;
  rule: { template: string; sub_id: number };
  progress: { current: number; target: number; kept: boolean };
  expectedSaving: { amount: string; currency: string } | null;
  saved: { amount: string; currency: string } | null;
}

type Headers = Record<string, string>;

const read = async <Body>(headers: Headers, path: string): Promise<Body> =>
  (await (await fetch(`${orrery.url}${path}`, { headers })).json()) as Body;

const missionsOf = async (headers: Headers): Promise<Mission[]> =>
  (await read<{ data: Mission[] }>(headers, '/v1/missions')).data;

const find = async (headers: Headers, id: string): Promise<Mission> =>
  read<Mission>(headers, `/v1/missions/${id}`);

/** Imports purchases in won, each as day, time, shop and price, and waits until they are in the ledger. */
const importRows = async (headers: Headers, rows: readonly string[]): Promise<void> => {
  const before = await ledgerSize(headers);
  const form = new FormData();
  form.set('file', new File([['거래일시,가맹점명,이용금액', ...rows].join('\n')], 'card.csv'));
  form.set('currency', 'KRW');
  const response = await fetch(`${orrery.url}/v1/imports`, { method: 'POST', headers, body: form });
  expect([201, 202]).toContain(response.status);
  await eventually(
    () => ledgerSize(headers),
    (size) => size === before + rows.length,
    { timeoutMs: 30_000 },
  );
};

const ledgerSize = async (headers: Headers): Promise<number> =>
  (await read<{ data: unknown[] }>(headers, '/v1/transactions?limit=500')).data.length;

const coffees = (): string[] =>
  [...dayRange(addDays(TODAY, -30), addDays(TODAY, -1))]
    .filter((day, index) => index % 2 === 0 || dayOfWeek(day) === 4)
    .map((day, index) => `${day} 09:${String(10 + (index % 40))},스타벅스 강남점,5400`);

/** A user with a month of coffees, and their mission of a day without any. */
const coffeeMission = async (): Promise<{ headers: Headers; userId: string; mission: Mission }> => {
  const userId = `user-${randomUUID()}`;
  const headers = { ...orrery.signIn(userId), 'accept-language': 'en' };
  await importRows(headers, coffees());
  const mission = await eventually(
    async () => (await missionsOf(headers)).find(({ rule }) => rule.template === 'CATEGORY_BAN_DAILY'),
    (found) => found !== undefined,
    { timeoutMs: 30_000 },
  );
  if (mission === undefined) {
    throw new Error('no such mission was offered');
  }
  const accepted = await fetch(`${orrery.url}/v1/missions/${mission.id}/accept`, {
    method: 'POST',
    headers,
  });
  expect(accepted.status).toBe(200);
  return { headers, userId, mission };
};

const alertKinds = async (headers: Headers): Promise<string[]> =>
  (await read<{ data: { kind: string }[] }>(headers, '/v1/alerts')).data.map(({ kind }) => kind);

describe('a user takes a mission on', () => {
  it('keeps it: rows arrive, it succeeds, and an alert and the streak say so', async () => {
    const { headers, userId, mission } = await coffeeMission();
    expect(mission.text).toBe('Coffee: no purchase today');
    await importRows(headers, [
      `${TODAY} 12:30,김밥천국 역삼점,9000`,
      `${addDays(TODAY, 1)} 09:00,스타벅스 강남점,5400`,
    ]);

    clock.set('2026-03-17T15:01:00Z');
    const settled = await eventually(
      async () => {
        await missionsOf(headers);
        return find(headers, mission.id);
      },
      (found) => found.settled,
    );
    await eventually(
      () => alertKinds(headers),
      (kinds) => kinds.includes('mission_completed'),
      { timeoutMs: 30_000 },
    );
    clock.set('2026-03-16T03:00:00Z');

    expect(settled).toMatchObject({ state: 'succeeded', saved: mission.expectedSaving });
    expect(await read(headers, '/v1/missions/streak')).toMatchObject({ current: 1, succeeded: 1 });
    const own = await fetch(`${orrery.url}/ai/missions/${userId}/daily`, { headers });
    const { data } = (await own.json()) as { data: { date: string; missions: { isDefault: boolean }[] } };
    expect([own.status, data.date]).toEqual([201, TODAY]);
    expect(data.missions.map(({ isDefault }) => isDefault)).not.toContain(true);
    const placeholder = await fetch(`${orrery.url}/ai/missions/${userId}/`, { headers });
    expect([placeholder.status, await placeholder.json()]).toEqual([200, 'mission']);
    const stranger = orrery.signIn(`user-${randomUUID()}`);
    expect((await fetch(`${orrery.url}/v1/missions/${mission.id}`, { headers: stranger })).status).toBe(404);
    const legacy = await fetch(`${orrery.url}/ai/missions/${userId}/daily`, { headers: stranger });
    expect(legacy.status).toBe(403);
  }, 120_000);

  it('breaks it with a coffee, and mends it when the coffee turns out to be something else', async () => {
    const { headers, mission } = await coffeeMission();
    await importRows(headers, [`${TODAY} 10:05,스타벅스 강남점,5600`]);
    await eventually(
      () => find(headers, mission.id),
      ({ state }) => state === 'failed',
      { timeoutMs: 30_000 },
    );
    const { data } = await read<{ data: { id: string; amount: { amount: string } }[] }>(
      headers,
      `/v1/transactions?from=${TODAY}&to=${TODAY}`,
    );

    await fetch(`${orrery.url}/v1/transactions/${data[0]?.id ?? ''}/category`, {
      method: 'PUT',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ category: 'restaurants', applyToMerchant: false }),
    });

    const mended = await eventually(
      () => find(headers, mission.id),
      ({ state }) => state === 'in_progress',
      { timeoutMs: 30_000 },
    );
    expect(mended).toMatchObject({ settled: false, progress: { current: 0, kept: true } });
  }, 120_000);
});
