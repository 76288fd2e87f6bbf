import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@orrery/testing';
import { ObjectId } from 'mongodb';
import { WebSocket } from 'ws';
import { startModelSandbox, type ModelSandbox } from '../../infra/model-sandbox/src/index.ts';
import { type Constellation, startConstellation } from './constellation.ts';

interface Frame {
  type?: string;
  data?: unknown;
  error?: string;
}

const PRIYA = '66a000000000000000000002';
const HANNAH = '66a000000000000000000003';
const MARCUS = '66a000000000000000000001';
const PATIENCE = { timeoutMs: 40_000 };

let orrery: Constellation;
let model: ModelSandbox;

const row = (userId: string) => ({
  userId: new ObjectId(userId),
  isDeleted: false,
  createdAt: new Date('2026-11-01T00:00:00Z'),
  updatedAt: new Date('2026-11-01T00:00:00Z'),
  __v: 0,
});

beforeAll(async () => {
  model = await startModelSandbox({ port: 0 });
  orrery = await startConstellation({
    OPENAI_BASE_URL: model.url,
    ORRERY_NOW: '2026-11-15T12:00:00Z',
  });
  const main = orrery.client.db(`${orrery.namespace}_main`);
  const person = (id: string, name: string) => ({
    _id: new ObjectId(id),
    name,
    role: 'USER',
    email: `${id}@example.test`,
    status: 'active',
    verified: true,
    isDeleted: false,
    partnerId: null,
  });
  await main
    .collection('users')
    .insertMany([
      person(PRIYA, 'Priya Raman'),
      person(HANNAH, 'Hannah Okafor'),
      person(MARCUS, 'Marcus Bell'),
    ]);
  await main.collection('incomes').insertOne({
    ...row(MARCUS),
    name: 'Salary',
    amount: 1650,
    receiveDate: new Date('2026-11-01T00:00:00Z'),
    frequency: 'monthly',
  });
  await main.collection('expenses').insertMany(
    [
      ['Rent', 950],
      ['Everything else', 983.87],
    ].map(([name, amount]) => ({
      ...row(MARCUS),
      name,
      amount,
      endDate: new Date('2026-11-05T00:00:00Z'),
      frequency: 'monthly',
    })),
  );
  await main.collection('debts').insertOne({
    ...row(MARCUS),
    name: 'Visa',
    amount: 9000,
    monthlyPayment: 695,
    AdHocPayment: 0,
    capitalRepayment: 500,
    interestRepayment: 195,
    payDueDate: new Date('2026-11-28T00:00:00Z'),
    completionRatio: 0,
  });
}, 90_000);

afterAll(async () => {
  await orrery.stop();
  await model.stop();
});

const tokenOf = (userId: string): string => orrery.signIn(userId).authorization.replace('Bearer ', '');

/** Opens a socket at the gateway and keeps its frames. */
async function open(query: string, path = '/chat/ws') {
  const socket = new WebSocket(`${orrery.url.replace('http', 'ws')}${path}?${query}`);
  const frames: Frame[] = [];
  socket.on('message', (data) => {
    frames.push(JSON.parse(String(data)) as Frame);
  });
  const closed = once(socket, 'close').then(([code]) => Number(code));
  await once(socket, 'open');
  return {
    frames,
    closed,
    close: () => {
      socket.close();
    },
    seen: (type: string) =>
      eventually(
        () => frames.find((frame) => frame.type === type),
        (frame) => frame !== undefined,
        PATIENCE,
      ),
    ask: async (message: string): Promise<Frame[]> => {
      const from = frames.length;
      socket.send(JSON.stringify({ message }));
      await eventually(
        () => frames.slice(from).some(({ type }) => type === 'status' || type === 'error'),
        Boolean,
        PATIENCE,
      );
      return frames.slice(from);
    },
  };
}

describe('the chat socket through the gateway', () => {
  it.each([
    ['without a token', '', '/chat/ws'],
    ['with an empty one', 'token=', '/chat/ws'],
    ['at the address with a slash at its end', '', '/chat/ws/'],
  ])('accepts a client %s, says so in one frame and closes with 1008', async (_how, query, path) => {
    const socket = await open(query, path);

    expect(await socket.closed).toBe(1008);
    expect(socket.frames).toEqual([{ error: 'Authentication failed: Token not provided' }]);
  });

  it('welcomes Priya by name in the current dialect, and shows that message when she comes back', async () => {
    const first = await open(`dialect=current&token=${tokenOf(PRIYA)}`);
    const welcome = await first.seen('full_response');
    first.close();
    const again = await open(`dialect=current&token=${tokenOf(PRIYA)}`);
    const history = await again.seen('initial_history');
    again.close();

    expect(first.frames[0]?.type).toBe('full_response');
    expect(welcome?.data).toContain('Priya');
    expect((history?.data as { role: string; content: unknown }[])[0]).toEqual({
      role: 'assistant',
      content: welcome?.data,
    });
  });

  it('streams in the dialect of the README, and lists, renames and deletes what came of it', async () => {
    const headers = { ...orrery.signIn(PRIYA), 'content-type': 'application/json' };
    const socket = await open(`dialect=readme&token=${tokenOf(PRIYA)}`);
    const frames = await socket.ask('How do I pay off my card?');
    const title = await socket.seen('title');
    const id = String(frames.find(({ type }) => type === 'conversation_id')?.data);
    const listed = (await (await fetch(`${orrery.url}/chat/conversations`, { headers })).json()) as {
      conversation_id: string;
      title: string;
    }[];
    socket.close();

    expect(frames.some(({ type }) => type === 'stream')).toBe(true);
    expect(frames.find(({ type }) => type === 'status')?.data).toBe('done');
    expect(listed.find((each) => each.conversation_id === id)?.title).toBe(title?.data);
    const path = `${orrery.url}/chat/conversations/${id}`;
    const body = JSON.stringify({ title: String(title?.data) });
    expect((await fetch(path, { method: 'PATCH', headers, body })).status).toBe(200);
    expect((await fetch(path, { method: 'DELETE', headers })).status).toBe(204);
    expect((await fetch(path, { method: 'DELETE', headers })).status).toBe(404);
  });

  it('gives Hannah none of Priya’s messages under Priya’s id', async () => {
    const mine = await open(`dialect=current&token=${tokenOf(PRIYA)}`);
    await mine.ask('my secret plan');
    mine.close();
    const foreign = await open(`dialect=current&conversation_id=default_${PRIYA}&token=${tokenOf(HANNAH)}`);
    const first = await foreign.seen('full_response');
    foreign.close();

    expect(first?.data).toContain('Hannah');
    expect(JSON.stringify(foreign.frames)).not.toContain('secret plan');
  });

  it('tells Marcus what is left before and after his debts, in pounds', async () => {
    const socket = await open(`dialect=current&token=${tokenOf(MARCUS)}`);
    await socket.seen('full_response');
    const frames = await socket.ask('How much can I spend this month?');
    socket.close();
    const answer = String(frames.find(({ type }) => type === 'full_response')?.data);

    expect(answer).toContain('-£283.87');
    expect(answer).toContain('-£978.87');
  });
});
