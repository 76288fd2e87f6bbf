import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AlertRaised,
  BankItemBroken,
  BudgetThresholdReached,
  MissionCompleted,
  UserErasureRequested,
} from '@orrery/contracts';
import { startModelSandbox, type ModelSandbox } from '@orrery/model-sandbox';
import { aUser, eventually, startTestService, type TestService } from '@orrery/testing';
import { ObjectId } from 'mongodb';
import { chat } from '../src/index.ts';
import { endOf, openSocket } from './chat-client.ts';
import { openFakeMoneyServices, type FakeMoneyServices } from './fake-money-services.ts';

let money: FakeMoneyServices;
let model: ModelSandbox;
let service: TestService;
/** A second replica on the same database; its bus gets no events. */
let replica: TestService;
const namespace = `t${new ObjectId().toHexString().slice(-12)}`;

beforeAll(async () => {
  money = await openFakeMoneyServices();
  model = await startModelSandbox({ port: 0 });
  const options = {
    addresses: money.addresses,
    env: {
      OPENAI_BASE_URL: model.url,
      ORRERY_NAMESPACE: namespace,
      CHAT_PUSH_POLL_MS: '20',
      RATE_LIMIT_CHAT: '5',
      CHAT_RESUME_MS: '2000',
    },
  };
  service = await startTestService(chat, options);
  replica = await startTestService(chat, options);
});

afterAll(async () => {
  await replica.stop();
  await service.stop();
  await model.stop();
  money.stop();
});

interface SeenEvent {
  event: string;
  id: string | undefined;
  data: Record<string, unknown>;
}

const eventsOf = (text: string): SeenEvent[] =>
  text
    .split('\n\n')
    .filter((block) => block.includes('data: '))
    .map((block) => ({
      event: /^event: (.*)$/m.exec(block)?.[1] ?? '',
      id: /^id: (.*)$/m.exec(block)?.[1],
      data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '{}') as Record<string, unknown>,
    }));

describe('the event stream', () => {
  it('tells where it is, what it looks up, the words, and that it is done', async () => {
    const user = aUser();
    const reply = await service.call('/v1/chat/messages', {
      as: user,
      method: 'POST',
      json: { message: 'How much did I spend last month?' },
    });
    const events = eventsOf(reply.text);
    const [meta] = events;
    const done = events.at(-1);

    expect(reply.headers.get('content-type')).toContain('text/event-stream');
    expect(meta?.event).toBe('meta');
    expect(events.map(({ event }) => event)).toEqual(expect.arrayContaining(['tool', 'delta']));
    expect(done).toMatchObject({ event: 'done', data: { incomplete: false, text: expect.any(String) } });
    const words = events.filter(({ event }) => event === 'delta').map(({ data }) => String(data['text']));
    expect(words.join('').trim()).toBe(done?.data['text']);
    const stored = await service.call(
      `/v1/chat/conversations/${String(meta?.data['conversationId'])}/messages`,
      { as: user },
    );
    expect(stored.json).toMatchObject({ data: [{ role: 'assistant' }, { role: 'user' }] });
  });

  it('gives the same answer to a repeated key, without asking the model again', async () => {
    const user = aUser();
    const send = () =>
      service.call('/v1/chat/messages', {
        as: user,
        method: 'POST',
        json: { message: 'hello' },
        headers: { 'idempotency-key': 'once' },
      });
    const first = eventsOf((await send()).text);
    await eventually(
      () => service.mongo.collection('conversations').countDocuments({ userId: user.userId }),
      (count) => count === 1,
    );
    const before = model.completions();
    const second = eventsOf((await send()).text);

    expect(second.at(-1)?.data['text']).toBe(first.at(-1)?.data['text']);
    expect(model.completions()).toBe(before);
    expect(await service.mongo.collection('chat_history').countDocuments({ userId: user.userId })).toBe(2);
  });

  it('goes on after the event that was seen last, and is nobody else’s', async () => {
    const user = aUser();
    const reply = await service.call('/v1/chat/messages', {
      as: user,
      method: 'POST',
      json: { message: 'hello' },
      headers: { 'idempotency-key': 'resume' },
    });
    const events = eventsOf(reply.text).filter(({ id }) => id !== undefined);
    const path = `/v1/chat/messages/${events[0]?.id?.split(':')[0] ?? ''}/events`;
    const rest = await service.call(path, { as: user, headers: { 'last-event-id': events[0]?.id ?? '' } });

    expect(eventsOf(rest.text).map(({ id }) => id)).toEqual(events.slice(1).map(({ id }) => id));
    expect((await service.call(path, { as: aUser() })).status).toBe(404);
    // Another replica knows the stored answer only.
    const elsewhere = eventsOf((await replica.call(path, { as: user })).text);
    expect(elsewhere.at(-1)?.data['text']).toBe(events.at(-1)?.data['text']);
  });

  it('refuses a blank message, one that is too long, and an unknown field', async () => {
    const send = (json: object) => service.call('/v1/chat/messages', { method: 'POST', json });

    expect((await send({ message: '  ' })).status).toBe(422);
    expect((await send({ message: 'x'.repeat(8_001) })).status).toBe(422);
    expect((await send({ message: 'x', userId: 'somebody' })).status).toBe(422);
    expect((await send({})).status).toBe(422);
  });
});

describe('messages of a user in a minute', () => {
  it('are limited over sockets, streams and replicas together, and others are not held up', async () => {
    // A minute that ends while the test runs would begin a new count.
    const secondsLeft = 60 - ((Date.now() / 1_000) % 60);
    await eventually(() => secondsLeft > 10 || 60 - ((Date.now() / 1_000) % 60) > 10, Boolean, {
      timeoutMs: 15_000,
    });
    const user = aUser();
    const here = openSocket(service, user, 'dialect=readme&conversation_id=limit');
    const there = openSocket(replica, user, 'dialect=readme&conversation_id=limit-2');
    for (const socket of [here, there, here, there, here]) {
      expect(endOf(await socket.ask('hello'))?.type).toBe('status');
    }
    const refused = await there.ask('hello');
    const stream = await service.call('/v1/chat/messages', {
      as: user,
      method: 'POST',
      json: { message: 'x' },
    });
    here.close();
    there.close();
    const other = openSocket(service, aUser(), 'dialect=readme');
    const fine = await other.ask('hello');
    other.close();

    expect(endOf(refused)).toMatchObject({ type: 'error', data: expect.stringContaining('wait') });
    expect(eventsOf(stream.text).at(-1)).toMatchObject({
      event: 'error',
      data: { code: 'too-many-requests' },
    });
    expect(endOf(fine)?.type).toBe('status');
  });
});

describe('an answer under way', () => {
  it('is given up by cancel, and the next message works', async () => {
    const socket = openSocket(service, aUser(), 'dialect=readme&conversation_id=c');
    const before = model.completions();
    model.fail({ kind: 'hang', times: 2 });
    socket.send('an answer that never comes');
    await eventually(() => model.completions() > before);
    const cancelled = await socket.ask('{"type":"cancel"}');
    model.heal();
    const next = await socket.ask('hello again');
    socket.close();

    expect(endOf(cancelled)).toEqual({ type: 'status', data: 'cancelled' });
    expect(endOf(next)).toEqual({ type: 'status', data: 'done' });
  });

  it('stops the model when the client leaves and has not said that it may come back', async () => {
    const cancelled = async (): Promise<number> => {
      const text = await (await fetch(`${service.metricsUrl}/metrics`)).text();
      return Number(/^chat_turns_total\{outcome="cancelled"[^}]*\} (\d+)$/m.exec(text)?.[1] ?? '0');
    };
    const before = await cancelled();
    const asked = model.completions();
    model.fail({ kind: 'hang', times: 2 });
    const leaving = new AbortController();
    const reply = await service.fetch('/v1/chat/messages', {
      method: 'POST',
      json: { message: 'nobody waits for this' },
      signal: leaving.signal,
    });
    await eventually(() => model.completions() > asked);
    leaving.abort();
    await expect(reply.text()).rejects.toThrow();

    expect(await eventually(cancelled, (count) => count > before, { timeoutMs: 3_000 })).toBe(before + 1);
    model.heal();
  });

  it('is taken up again after the connection was lost', async () => {
    const user = aUser();
    const lost = openSocket(service, user, 'dialect=readme&conversation_id=c&resumable=1');
    model.fail({ kind: 'slow', delayMs: 300, times: 4 });
    lost.send('hello');
    const turn = await lost.next('turn');
    lost.socket.terminate();
    const id = (turn.data as { id: string }).id;
    const again = openSocket(service, user, `dialect=readme&conversation_id=c&turn=${id}&from=0`);
    await again.next('status');
    const other = openSocket(service, aUser(), `dialect=readme&turn=${id}`);
    await other.next('error');
    again.close();
    other.close();

    const places = again.frames.filter(({ type }) => type === 'stream').map(({ index }) => Number(index));
    expect(places.length).toBeGreaterThan(0);
    expect(places).toEqual([...places].sort((left, right) => left - right));
    expect(other.frames.every(({ type }) => type !== 'stream' && type !== 'full_response')).toBe(true);
  });
});

const wording = {
  en: { title: 'EN', text: 'x' },
  fr: { title: 'FR', text: 'x' },
  ko: { title: 'KO', text: 'x' },
};

describe('news', () => {
  it('reach every open socket of their user on every replica once, each in its language, and nobody else', async () => {
    const user = aUser();
    const here = openSocket(service, user, 'dialect=readme', { 'accept-language': 'fr' });
    const there = openSocket(replica, user, 'dialect=readme', { 'accept-language': 'ko' });
    const stranger = openSocket(service, aUser(), 'dialect=readme');
    await Promise.all(
      [here, there, stranger].map(({ socket }) => eventually(() => socket.readyState === socket.OPEN)),
    );
    const alert = {
      userId: user.userId,
      alertId: 'a1',
      kind: 'large_purchase',
      subject: 't1',
      createdAt: '2026-03-16T10:00:00.000Z',
      texts: wording,
    };
    const first = await service.publish(AlertRaised, user.userId, alert);
    await service.publish(AlertRaised, user.userId, alert, { id: first.id });
    await service.publish(MissionCompleted, user.userId, {
      userId: user.userId,
      missionId: 'm1',
      period: 'weekly',
      texts: { en: 'no coffee', fr: 'sans café', ko: '커피 없이' },
      validFrom: '2026-03-09T00:00:00.000Z',
      validTo: '2026-03-15T23:59:59.000Z',
      rowVersion: 3,
      points: 10,
      streak: 1,
    });
    await service.publish(BankItemBroken, user.userId, {
      userId: user.userId,
      itemId: 'i1',
      institutionName: 'First Bank',
      rowVersion: 2,
      outage: 1,
      since: '2026-03-16T10:00:00.000Z',
      errorCode: 'ITEM_LOGIN_REQUIRED',
    });
    // Each of these facts has an alert beside its own event, and is told once all the same.
    for (const kind of ['budget_80', 'bank_sign_in', 'mission_completed']) {
      await service.publish(AlertRaised, user.userId, { ...alert, kind, alertId: kind });
    }
    await service.publish(BudgetThresholdReached, user.userId, {
      userId: user.userId,
      budgetId: 'b1',
      category: 'groceries',
      thresholdPercent: 80,
      periodFrom: '2026-03-01',
      periodTo: '2026-03-31',
      limit: { amountMinor: 30_000, currency: 'GBP' },
      spent: { amountMinor: 24_500, currency: 'GBP' },
    });
    await Promise.all([here.next('notification', 4), there.next('notification', 4)]);
    for (const socket of [here, there, stranger]) {
      socket.close();
    }
    const seen = (socket: typeof here) =>
      socket.frames.map(({ data }) => data as { kind: string; title: string });

    expect(
      seen(here)
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['alert', 'bank', 'budget', 'mission']);
    expect(seen(here).find(({ kind }) => kind === 'alert')?.title).toBe('FR');
    expect(seen(there).find(({ kind }) => kind === 'alert')?.title).toBe('KO');
    expect(seen(here).find(({ kind }) => kind === 'budget')).toMatchObject({
      id: 'b1',
      title: 'Courses : 80 % utilisés',
    });
    expect(stranger.frames).toEqual([]);
  });
});

describe('erasure', () => {
  it('takes conversations and messages with it, in whichever form the id is stored', async () => {
    const user = aUser({ userId: new ObjectId().toHexString() });
    const socket = openSocket(service, user, 'dialect=current');
    await socket.ask('remember me');
    socket.close();
    const owner = { userId: new ObjectId(user.userId) };
    const rows = service.mongo.collection('chat_history');
    expect(await rows.countDocuments(owner)).toBeGreaterThan(0);
    await service.publish(UserErasureRequested, user.userId, {
      userId: user.userId,
      erasureId: 'e1',
      round: 1,
      requestedAt: new Date().toISOString(),
    });

    await eventually(async () => (await rows.countDocuments(owner)) === 0);
    const conversations = service.mongo.collection('conversations');
    await eventually(async () => (await conversations.countDocuments(owner)) === 0);
  });
});
