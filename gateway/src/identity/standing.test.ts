import { describe, expect, it } from '@jest/globals';
import type { UserStanding } from '@orrery/contracts';
import { OUTAGE_GRACE_MS, standingStore } from './standing.ts';

const active: UserStanding = {
  userId: 'u1',
  mayEnter: true,
  reason: 'active',
  tokensValidFrom: null,
  revokedTokenIds: [],
};
const blocked: UserStanding = { ...active, mayEnter: false, reason: 'blocked' };

function setUp() {
  const state = { now: 0, asked: 0, answer: active, isAway: false };
  const store = standingStore(
    () => {
      state.asked += 1;
      return state.isAway ? Promise.reject(new Error('away')) : Promise.resolve(state.answer);
    },
    () => state.now,
  );
  return { state, store };
}

describe('standing of users', () => {
  it('asks once for many requests at the same time and answers from memory for ten seconds', async () => {
    const { state, store } = setUp();
    await Promise.all([store.standingOf('u1', 'main-backend'), store.standingOf('u1', 'main-backend')]);
    state.now = 9_000;

    expect(store.standingOf('u1', 'main-backend')).toEqual(active);
    expect(state.asked).toBe(1);
  });

  it('asks again at once for a user whom it was told to forget, and for nobody else', async () => {
    const { state, store } = setUp();
    await store.standingOf('u1', 'main-backend');
    await store.standingOf('u2', 'main-backend');
    state.answer = blocked;
    store.forget('u1');

    expect(await store.standingOf('u1', 'main-backend')).toEqual(blocked);
    expect(store.standingOf('u2', 'main-backend')).toEqual(active);
  });

  it('refuses a blocked user within 30 s, even after a pause', async () => {
    const { state, store } = setUp();
    await store.standingOf('u1', 'main-backend');
    state.answer = blocked;
    state.now = 29_000;

    expect(await store.standingOf('u1', 'main-backend')).toEqual(blocked);
  });

  it('renews in the background for a user who keeps calling', async () => {
    const { state, store } = setUp();
    await store.standingOf('u1', 'main-backend');
    state.answer = blocked;
    state.now = 11_000;

    expect(store.standingOf('u1', 'main-backend')).toEqual(active);
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    expect(await store.standingOf('u1', 'main-backend')).toEqual(blocked);
  });

  it('keeps the last answer while identity is away, and lets nobody new in', async () => {
    const { state, store } = setUp();
    await store.standingOf('u1', 'main-backend');
    state.isAway = true;
    state.now = 600_000;

    expect(await store.standingOf('u1', 'main-backend')).toEqual(active);
    await expect(store.standingOf('stranger', 'main-backend')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('stops believing the last answer when identity is away for long, and believes again when it is back', async () => {
    const { state, store } = setUp();
    await store.standingOf('u1', 'main-backend');
    state.isAway = true;
    state.now = OUTAGE_GRACE_MS;
    expect(await store.standingOf('u1', 'main-backend')).toEqual(active);
    state.now = OUTAGE_GRACE_MS + 1;

    await expect(store.standingOf('u1', 'main-backend')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.standingOf('u1', 'main-backend')).rejects.toMatchObject({ code: 'unavailable' });
    state.isAway = false;
    expect(await store.standingOf('u1', 'main-backend')).toEqual(active);
  });
});
