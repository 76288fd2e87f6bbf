import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aUser, nobody, startTestService, type TestService } from '@orrery/testing';
import { ObjectId } from 'mongodb';
import { chat } from '../src/index.ts';
import { endOf, answerIn, openSocket } from './chat-client.ts';
import { openFakeMoneyServices, type FakeMoneyServices } from './fake-money-services.ts';

let money: FakeMoneyServices;
let service: TestService;

const PRIYA = '66a000000000000000000002';
const HANNAH = '66a000000000000000000003';

beforeAll(async () => {
  money = await openFakeMoneyServices();
  service = await startTestService(chat, {
    addresses: money.addresses,
    env: { CHAT_HEARTBEAT_MS: '2000', RATE_LIMIT: 'off' },
  });
});

afterAll(async () => {
  await service.stop();
  money.stop();
});

const history = () => service.mongo.collection('chat_history');
const aMainUser = () => aUser({ userId: new ObjectId().toHexString() });

describe('the socket', () => {
  it('tells a client without a token so in one frame and closes with 1008', async () => {
    const socket = openSocket(service, nobody);

    expect(await socket.closed).toEqual({ code: 1008, reason: '' });
    expect(socket.frames).toEqual([{ error: 'Authentication failed: Token not provided' }]);
  });

  it('tells the reason that the gateway found', async () => {
    const socket = openSocket(service, nobody, '', { 'x-sign-in-failure': 'Token has expired' });

    expect((await socket.closed).code).toBe(1008);
    expect(socket.frames).toEqual([{ error: 'Authentication failed: Token has expired' }]);
  });

  it('takes no upgrade that the gateway has not signed, and no plain request', async () => {
    const unsigned = openSocket(service, nobody, '', { 'x-service-token': 'forged' });

    expect((await unsigned.closed).code).toBe(1006);
    expect(unsigned.frames).toEqual([]);
    expect((await service.call('/chat/ws', { as: nobody })).status).toBe(426);
  });

  it('greets a user of the current dialect once, and shows the history at the next connection', async () => {
    const user = aMainUser();
    const first = openSocket(service, user, 'dialect=current');
    const welcome = await first.next('full_response');
    first.close();
    const again = openSocket(service, user, 'dialect=current');
    const shown = await again.next('initial_history');
    again.close();

    expect(welcome.data).toMatch(/^Hello /);
    expect(shown.data).toEqual([{ role: 'assistant', content: welcome.data }]);
    expect(first.frames).toHaveLength(1);
  });

  it('names a new conversation, streams, says done and gives a title once in the dialect of the README', async () => {
    const user = aUser();
    const socket = openSocket(service, user, 'dialect=readme');
    const frames = await socket.ask('How much did I spend on groceries last month?');
    const title = await socket.next('title');
    const id = String(frames[0]?.data);
    socket.close();

    expect(frames[0]?.type).toBe('conversation_id');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
    expect(frames.filter(({ type }) => type === 'stream').length).toBeGreaterThan(0);
    expect(frames.filter(({ type }) => type === 'status')).toEqual([{ type: 'status', data: 'done' }]);
    expect(title.data).toBe('How much did I spend');
    const list = await service.call('/chat/conversations', { as: user });
    expect(list.json).toEqual([
      { conversation_id: id, title: 'How much did I spend', createdAt: expect.stringMatching(/Z$/) },
    ]);
    const path = `/chat/conversations/${id}`;
    for (const name of ['Paying Off Debt', 'Paying Off Debt']) {
      const renamed = await service.call(path, { as: user, method: 'PATCH', json: { title: name } });
      expect([renamed.status, renamed.json]).toEqual([200, { message: 'Conversation renamed successfully' }]);
    }
    for (const name of ['', 'x'.repeat(101)]) {
      const refused = await service.call(path, { as: user, method: 'PATCH', json: { title: name } });
      expect(refused.status).toBe(422);
    }
    expect((await service.call(path, { as: user, method: 'DELETE' })).status).toBe(204);
    const repeated = await service.call(path, { as: user, method: 'DELETE' });
    expect(repeated.status).toBe(404);
    expect(repeated.json).toMatchObject({
      detail: 'Conversation not found or you do not have permission to delete it.',
    });
    expect(await history().countDocuments({ conversation_id: id })).toBe(0);
  });

  it('answers an object, plain text, a number and a quoted text, ignores blanks, and refuses the rest', async () => {
    const socket = openSocket(service, aUser(), 'dialect=current');
    await socket.next('full_response');
    for (const message of ['{"message":"x"}', 'x', '42', '"hi"']) {
      const frames = await socket.ask(message);
      expect(frames.map(({ type }) => type)).toEqual(['full_response', 'status']);
    }
    socket.send('   ');
    for (const message of ['{}', '[1]', '{"message":5}', 'y'.repeat(8_001), 'y'.repeat(200_000)]) {
      expect(await socket.ask(message)).toEqual([
        {
          type: 'error',
          data: 'Sorry, I encountered an error processing your request. Please try again.',
        },
      ]);
    }
    expect(endOf(await socket.ask('still there?'))).toEqual({ type: 'status', data: 'done' });
    socket.close();
  });

  it('streams and sends the whole in the union of the dialects', async () => {
    const socket = openSocket(service, aUser(), 'dialect=both');
    await socket.next('full_response');
    const types = (await socket.ask('hello')).map(({ type }) => type);
    socket.close();

    expect(types.filter((type) => type !== 'title')).toEqual(['stream', 'full_response', 'status']);
  });

  it('keeps conversations apart: a foreign id is an empty conversation of one’s own', async () => {
    const priya = aUser({ userId: PRIYA });
    const mine = openSocket(service, priya, 'dialect=current');
    await mine.ask('the secret of Priya');
    mine.close();
    const id = `default_${PRIYA}`;
    const foreign = openSocket(service, aUser({ userId: HANNAH }), `dialect=current&conversation_id=${id}`);
    const first = await foreign.next('full_response');
    await foreign.ask('hello');
    foreign.close();

    expect(String(first.data)).toMatch(/^Hello /);
    expect(JSON.stringify(foreign.frames)).not.toContain('secret');
    const stranger = aUser();
    for (const { path, ...options } of [
      { path: `/chat/conversations/${id}`, method: 'PATCH', json: { title: 'mine' } },
      { path: `/chat/conversations/${id}`, method: 'DELETE' },
      { path: `/v1/chat/conversations/${id}/messages` },
    ]) {
      const theirs = await service.call(path, { as: stranger, ...options });
      const missing = await service.call(path.replace(id, 'nothing'), { as: stranger, ...options });
      expect([theirs.status, missing.status]).toEqual([404, 404]);
    }
    const kept = await service.call(`/v1/chat/conversations/${id}/messages`, { as: priya });
    expect(kept.text).toContain('the secret of Priya');
  });

  it('takes an empty conversation id for none', async () => {
    const [one, other] = [aUser(), aUser()];
    const first = openSocket(service, one, 'dialect=current&conversation_id=');
    await first.ask('only for me');
    first.close();
    const second = openSocket(service, other, 'dialect=current&conversation_id=');

    expect((await second.next('full_response')).data).toMatch(/^Hello /);
    second.close();
    expect(await history().countDocuments({ conversation_id: '' })).toBe(0);
    expect(await history().countDocuments({ conversation_id: `default_${one.userId}` })).toBeGreaterThan(0);
  });

  it('shows rows of the Python service, old role and fixed id included, to their owner only', async () => {
    const owner = aMainUser();
    const id = `fixed_convo_${owner.userId}`;
    const row = { userId: new ObjectId(owner.userId), conversation_id: id };
    await history().insertMany([
      { ...row, role: 'user', message: 'old question', timestamp: new Date('2025-11-14T10:00:00Z') },
      { ...row, role: 'bot', message: 'old answer', timestamp: new Date('2025-11-14T10:00:01Z') },
    ]);
    const socket = openSocket(service, owner, `dialect=current&conversation_id=${id}`);
    const shown = await socket.next('initial_history');
    socket.close();
    const other = openSocket(service, aUser(), `dialect=current&conversation_id=${id}`);
    await other.next('full_response');
    other.close();

    expect(shown.data).toEqual([
      { role: 'user', content: 'old question' },
      { role: 'assistant', content: 'old answer' },
    ]);
    expect(JSON.stringify(other.frames)).not.toContain('old');
    const page = await service.call(`/v1/chat/conversations/${id}/messages?limit=1`, { as: owner });
    expect(page.json).toMatchObject({ data: [{ role: 'assistant', content: 'old answer' }] });
    const renamed = await service.call(`/chat/conversations/${id}`, {
      as: owner,
      method: 'PATCH',
      json: { title: 'Old days' },
    });
    expect(renamed.status).toBe(200);
  });

  it('shows the latest twenty messages, not the first', async () => {
    const owner = aMainUser();
    await history().insertMany(
      Array.from({ length: 30 }, (_value, index) => ({
        userId: new ObjectId(owner.userId),
        conversation_id: `default_${owner.userId}`,
        role: index % 2 === 0 ? 'user' : 'assistant',
        message: `m${String(index)}`,
        timestamp: new Date(Date.UTC(2026, 0, 1, 0, index)),
      })),
    );
    const socket = openSocket(service, owner, 'dialect=current');
    const { data } = await socket.next('initial_history');
    socket.close();
    const contents = (data as { content: string }[]).map(({ content }) => content);

    expect([contents.length, contents[0], contents.at(-1)]).toEqual([20, 'm10', 'm29']);
  });

  it('answers messages of one socket in their order, also when they come at once', async () => {
    const user = aUser();
    const socket = openSocket(service, user, 'dialect=readme&conversation_id=ordered');
    const questions = Array.from({ length: 8 }, (_value, index) => `question ${String(index)}`);
    for (const question of questions) {
      socket.send(question);
    }
    await socket.next('status', questions.length);
    socket.close();
    const rows = await history()
      .find({ conversation_id: 'ordered', userId: user.userId })
      .sort({ timestamp: 1, _id: 1 })
      .toArray();

    expect(rows.map(({ role }) => String(role))).toEqual(questions.flatMap(() => ['user', 'assistant']));
    expect(rows.filter(({ role }) => role === 'user').map(({ message }) => String(message))).toEqual(
      questions,
    );
  });

  it('ends sockets that give no sign of life, and keeps those that do', async () => {
    const alive = openSocket(service, aUser(), 'dialect=current');
    const dead = openSocket(service, aUser(), 'dialect=current', {}, { autoPong: false });
    await Promise.all([alive.next('full_response'), dead.next('full_response')]);

    expect((await dead.closed).code).toBe(1006);
    expect(alive.socket.readyState).toBe(alive.socket.OPEN);
    alive.close();
  });

  it('finds the answer in the language of the question', async () => {
    const socket = openSocket(service, aUser(), 'dialect=current');
    await socket.next('full_response');
    const french = answerIn(await socket.ask('Combien ai-je dépensé le mois dernier ?'));
    const korean = answerIn(await socket.ask('지난달에 얼마 썼어?'));
    socket.close();

    expect(french).toContain('aucune dépense');
    expect(korean).toContain('2026년 2월');
  });
});
