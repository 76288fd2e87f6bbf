import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { anAdmin, aService, aUser, eventually, startTestService, type TestService } from '@orrery/testing';
import { adjustedRand } from '../src/domain/quality/adjusted-rand.ts';
import { generateShoppers } from '../src/domain/shopping/generate-shoppers.ts';
import { FREQUENCIES } from '../src/domain/shopping/shopper.ts';
import { segmentation } from '../src/index.ts';

const EXAMPLE = {
  Age: 35,
  'Purchase Amount (USD)': 50,
  'Subscription Status': 'Yes',
  'Frequency of Purchases': 'Monthly',
};

interface Analysis {
  predicted_cluster: number;
  cluster_name: string;
  cluster_description: string;
}
interface Model {
  serving: { version: number };
  personas: { number: number; name: string; features: { feature: string; average: number; z: number }[] }[];
}

let service: TestService;
const admin = anAdmin();

const analyse = (json: unknown, headers: Record<string, string> = {}) =>
  service.call('/api/analysis', { method: 'POST', json, headers });

const train = async (body?: FormData): Promise<void> => {
  const before = await service.call('/v1/models', { as: admin });
  const versionOf = (json: unknown): number =>
    (json as { data: { name: string; serving: { version: number } | null }[] }).data.find(
      ({ name }) => name === 'shopping-personas',
    )?.serving?.version ?? 0;
  const reply = await service.call('/v1/models/shopping-personas/train?force=true', {
    as: admin,
    method: 'POST',
    ...(body === undefined ? {} : { body }),
  });
  expect(reply.status).toBe(202);
  await eventually(
    async () => versionOf((await service.call('/v1/models', { as: admin })).json),
    (version) => version > versionOf(before.json),
    { timeoutMs: 40_000, intervalMs: 50 },
  );
};

const readModel = async (): Promise<Model> =>
  (await service.call('/v1/models/shopping-personas', { headers: { 'accept-language': 'ko' } }))
    .json as Model;

beforeAll(async () => {
  service = await startTestService(segmentation);
}, 60_000);

afterAll(async () => {
  await service.stop();
});

describe('without a model', () => {
  it('the service is up, says what is missing, and answers 503 with a code', async () => {
    const readiness = await service.call('/internal/models/readiness', { as: aService('gateway') });
    const reply = await analyse(EXAMPLE);

    expect((await fetch(`${service.metricsUrl}/health/ready`)).status).toBe(200);
    expect(readiness.json).toEqual({ model: false, scaler: false, columns: false });
    expect(reply.status).toBe(503);
    expect(reply.json).toMatchObject({ error_code: 'MODEL_NOT_TRAINED', message: expect.any(String) });
  });
});

describe('with a model', () => {
  beforeAll(async () => {
    await train();
  }, 60_000);

  it('answers without a restart', async () => {
    const readiness = await service.call('/internal/models/readiness', { as: aService('gateway') });

    expect(readiness.json).toEqual({ model: true, scaler: true, columns: true });
    expect((await analyse(EXAMPLE)).status).toBe(200);
  });

  it('places the README example in a persona whose description holds for its cluster', async () => {
    const reply = await analyse(EXAMPLE);
    const body = reply.json as Analysis;
    const { personas } = await readModel();
    const persona = personas.find(({ number }) => number === body.predicted_cluster);
    const subscription = persona?.features.find(({ feature }) => feature === 'subscription');

    expect(Object.keys(body).sort()).toEqual(['cluster_description', 'cluster_name', 'predicted_cluster']);
    expect(body.cluster_name).toBe('안정적인 구독자');
    expect(persona?.name).toBe(body.cluster_name);
    expect(subscription?.z).toBeGreaterThan(0.5);
    expect(body.cluster_description).toContain('구독률이 높고');
    expect(body.cluster_description).toContain(`구독률 ${((subscription?.average ?? 0) * 100).toFixed(0)} %`);
  });

  it('gives out the seven names so that what they claim is true of the averages', async () => {
    const { personas } = await readModel();
    const z = (number: number, feature: string): number =>
      personas.find((persona) => persona.number === number)?.features.find((one) => one.feature === feature)
        ?.z ?? Number.NaN;

    expect(personas.map(({ name }) => name)).toEqual([
      '알뜰 실속형 쇼핑객',
      '충성도 높은 VIP 고객',
      '유행에 민감한 잠재 고객',
      '안정적인 구독자',
      '평균적인 일반 고객',
      '시즌별 큰 손',
      '자주 방문하는 단골손님',
    ]);
    expect(z(0, 'purchase_amount')).toBeLessThan(0);
    expect(z(1, 'purchase_amount')).toBeGreaterThan(0);
    expect(z(1, 'subscription')).toBeGreaterThan(0);
    expect(z(2, 'age')).toBeLessThan(0);
    expect(z(2, 'purchase_amount')).toBeGreaterThan(0);
    expect(z(3, 'subscription')).toBeGreaterThan(0);
    expect(z(5, 'purchases_per_year')).toBeLessThan(0);
    expect(z(5, 'purchase_amount')).toBeGreaterThan(0);
    expect(z(6, 'purchases_per_year')).toBeGreaterThan(0);
  });

  it('answers a batch in order, and no single column decides the cluster', async () => {
    const shoppers = generateShoppers(1_000, 99);
    const profiles = shoppers.map((shopper) => ({
      age: shopper.age,
      purchase_amount: shopper.purchaseAmount,
      subscription_status: shopper.isSubscribed,
      frequency_of_purchases: shopper.frequency,
    }));
    const reply = await service.call('/api/analysis/batch', { method: 'POST', json: { profiles } });
    const answers = reply.json as Analysis[];
    const clusters = answers.map((answer) => answer.predicted_cluster);
    const columns = [
      shoppers.map(({ age }) => age),
      shoppers.map(({ purchaseAmount }) => purchaseAmount),
      shoppers.map(({ isSubscribed }) => Number(isSubscribed)),
      shoppers.map(({ frequency }) => FREQUENCIES.indexOf(frequency)),
    ];

    expect(answers).toHaveLength(1_000);
    expect((await analyse(profiles[17])).json).toEqual(answers[17]);
    for (const column of columns) {
      expect(adjustedRand(clusters, column)).toBeLessThan(0.9);
    }
    expect(
      (await service.call('/api/analysis/batch', { method: 'POST', json: { profiles: [] } })).json,
    ).toEqual([]);
  });

  it('refuses a batch with a bad element and names its index, and a batch that is too long', async () => {
    const bad = await service.call('/api/analysis/batch', {
      method: 'POST',
      json: { profiles: [EXAMPLE, { ...EXAMPLE, Age: 121 }] },
    });
    const long = await service.call('/api/analysis/batch', {
      method: 'POST',
      json: { profiles: Array.from({ length: 10_001 }, () => EXAMPLE) },
    });

    expect(bad.status).toBe(422);
    expect(bad.json).toMatchObject({
      error_code: 'VALIDATION_FAILED',
      errors: [{ field: 'profiles[1].Age' }],
      detail: [{ loc: ['body', 'profiles', 1, 'Age'] }],
    });
    expect(long.status).toBe(422);
  });

  it.each([
    ['Age', { Age: 121 }],
    ['Purchase Amount (USD)', { 'Purchase Amount (USD)': -1 }],
    ['Subscription Status', { 'Subscription Status': 'Maybe' }],
    ['Frequency of Purchases', { 'Frequency of Purchases': 'Daily' }],
    ['Age', { Age: undefined }],
    ['Gender', { Gender: 'Male' }],
  ])('refuses a wrong %s with 422', async (field, change) => {
    const reply = await analyse({ ...EXAMPLE, ...change });

    expect(reply.status).toBe(422);
    expect(reply.json).toMatchObject({ errors: [{ field }] });
  });

  it.each([true, false, 'yes', 'NO'])('takes %p as a subscription', async (subscription) => {
    expect((await analyse({ ...EXAMPLE, 'Subscription Status': subscription })).status).toBe(200);
  });

  it('speaks the language that is asked for, else Korean', async () => {
    const english = await analyse(EXAMPLE, { 'accept-language': 'en-GB,en;q=0.9' });

    expect((english.json as Analysis).cluster_name).toBe('Steady subscriber');
  });

  it('learns from an uploaded table, keeps the names true, and refuses files it cannot use', async () => {
    const rows = generateShoppers(900, 5).map((shopper, index) =>
      [
        index + 1,
        shopper.age,
        'Female',
        shopper.purchaseAmount,
        shopper.isSubscribed ? 'Yes' : 'No',
        shopper.frequency,
      ].join(','),
    );
    const heading = 'Customer ID,Age,Gender,Purchase Amount (USD),Subscription Status,Frequency of Purchases';
    const form = (text: string): FormData => {
      const data = new FormData();
      data.set('file', new File([text], 'shoppers.csv'));
      return data;
    };
    await train(form([heading, ...rows].join('\n')));
    const card = await service.call('/v1/models/shopping-personas', { as: admin });

    expect(card.json).toMatchObject({ serving: { rows: 900 } });
    expect((await analyse(EXAMPLE)).json).toMatchObject({ cluster_name: '안정적인 구독자' });
    for (const [text, problem] of [
      ['Age,Gender\n30,Male\n', 'has no column "Purchase Amount (USD)"'],
      [`${heading}\n1,30,Male,50,Yes,Daily\n`, 'has no usable "Frequency of Purchases" in row 1'],
      [`${heading}\n`, 'must have 1 to 200000 rows'],
    ] as const) {
      const reply = await service.call('/v1/models/shopping-personas/train', {
        as: admin,
        method: 'POST',
        body: form(text),
      });
      expect([reply.status, reply.json]).toEqual([
        422,
        expect.objectContaining({ errors: [{ field: 'file', message: problem }] }),
      ]);
    }
    const asUser = await service.call('/v1/models/shopping-personas/train', { as: aUser(), method: 'POST' });
    expect(asUser.status).toBe(403);
  }, 90_000);

  it('keeps tokens and bodies out of the log', () => {
    expect(service.logs.join('')).not.toMatch(/Purchase Amount|Subscription Status/);
  });
});
