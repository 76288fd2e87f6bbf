import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  SERVICES_WITH_USER_DATA,
  USER_ERASED_BY,
  UserConsentChanged,
  UserErasureRequested,
} from '@orrery/contracts';
import { aUser, eventually, nobody } from '@orrery/testing';
import { type OpenIdentity, openIdentity } from './open-identity.ts';

let open: OpenIdentity;

beforeAll(async () => {
  open = await openIdentity();
}, 60_000);

afterAll(async () => {
  await open.service.stop();
});

interface ErasureReply {
  id: string;
  state: string;
  services: { service: string; removed: Record<string, number>; confirmed: boolean }[];
}

const others = SERVICES_WITH_USER_DATA.filter((service) => service !== 'identity');

const readErasure = async (id: string): Promise<ErasureReply> =>
  JSON.parse((await open.service.call(`/v1/privacy/erasures/${id}`, { as: nobody })).text);

const requestsOf = (userId: string) =>
  open.service.captured.of(UserErasureRequested).filter(({ subject }) => subject === userId);

const confirm = async (erasureId: string, round: number, removed: Record<string, number>) => {
  for (const service of others) {
    await open.service.publish(USER_ERASED_BY[service], erasureId, { erasureId, round, removed });
  }
};

const erase = async (as = aUser()): Promise<ErasureReply> =>
  JSON.parse((await open.service.call('/v1/privacy/erase', { as, method: 'POST' })).text);

describe('an erasure', () => {
  it('asks again until a round finds nothing, then says what each service removed and forgets whom it was about', async () => {
    const person = await open.aPerson();
    const { id } = await erase(person.as);

    await eventually(() => requestsOf(person.user.id).length === 1);
    await confirm(id, 1, { rows: 3 });
    await eventually(() => requestsOf(person.user.id).length === 2);
    await confirm(id, 2, { rows: 1 });
    await eventually(() => requestsOf(person.user.id).length === 3);
    await confirm(id, 3, { rows: 0 });
    const done = await eventually(
      () => readErasure(id),
      ({ state }) => state === 'done',
    );

    for (const service of others) {
      expect(done.services).toContainEqual({ service, removed: { rows: 4 }, confirmed: true });
    }
    const row = await open.service.mongo.collection<{ _id: string }>('erasures').findOne({ _id: id });
    expect(JSON.stringify(row)).not.toContain(person.user.id);
  });

  it('is not done while a service is silent, and counts a repeated confirmation once', async () => {
    const user = aUser();
    const { id } = await erase(user);
    await eventually(() => requestsOf(user.userId).length === 1);

    const data = { erasureId: id, round: 1, removed: { rows: 5 } };
    await open.service.publish(USER_ERASED_BY.ingestion, id, data);
    await open.service.publish(USER_ERASED_BY.ingestion, id, data);

    const state = await eventually(
      () => readErasure(id),
      ({ services }) => services.some(({ service, confirmed }) => service === 'ingestion' && confirmed),
    );
    expect(state.state).toBe('in-progress');
    expect(state.services.find(({ service }) => service === 'ingestion')?.removed).toEqual({ rows: 5 });
    expect(requestsOf(user.userId)).toHaveLength(1);
  });

  it('that is asked for twice is one', async () => {
    const user = aUser();

    const [first, second] = [await erase(user), await erase(user)];

    expect(second.id).toBe(first.id);
  });

  it('has a receipt that cannot be guessed and says nothing of the user', async () => {
    const user = aUser();
    const { id } = await erase(user);

    const reply = await open.service.call(`/v1/privacy/erasures/${id}`, { as: nobody });
    const guess = await open.service.call(`/v1/privacy/erasures/${'A'.repeat(43)}`, { as: nobody });

    expect(id).toMatch(/^[\w-]{43}$/);
    expect(reply.text).not.toContain(user.userId);
    expect(guess.status).toBe(404);
  });
});

describe('consents', () => {
  it('are off until the user says otherwise, and are told to the services', async () => {
    const as = aUser();
    expect((await open.service.call('/v1/privacy/consents', { as })).json).toEqual({
      pooledLearning: false,
      partnerView: false,
    });

    const chosen = { pooledLearning: true, partnerView: false };
    await open.service.call('/v1/privacy/consents', { as, method: 'PUT', json: chosen });

    expect((await open.service.call('/v1/privacy/consents', { as })).json).toEqual(chosen);
    expect((await open.service.call('/v1/privacy/consents', { as: aUser() })).json).not.toEqual(chosen);
    const told = await open.service.captured.waitFor(UserConsentChanged);
    expect(told.map(({ data }) => data)).toContainEqual({ userId: as.userId, ...chosen });
  });

  it.each([
    { pooledLearning: true },
    { pooledLearning: 'yes', partnerView: true },
    { pooledLearning: true, partnerView: true, role: 'admin' },
  ])('refuse %j', async (json) => {
    const reply = await open.service.call('/v1/privacy/consents', { as: aUser(), method: 'PUT', json });

    expect(reply.status).toBe(422);
  });
});

describe('an export', () => {
  it('is refused as a whole while a service does not answer', async () => {
    const reply = await open.service.call('/v1/privacy/export', { as: aUser() });

    expect(reply.status).toBe(503);
  });
});
