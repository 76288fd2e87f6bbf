import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startModelSandbox, type ModelSandbox } from '@orrery/model-sandbox';
import { aUser, startTestService, type TestService } from '@orrery/testing';
import { chat } from '../src/index.ts';
import { answerIn, openSocket } from './chat-client.ts';
import { openFakeMoneyServices, type FakeMoneyServices } from './fake-money-services.ts';

let money: FakeMoneyServices;
let model: ModelSandbox;
let service: TestService;

beforeAll(async () => {
  money = await openFakeMoneyServices();
  model = await startModelSandbox({ port: 0 });
  service = await startTestService(chat, {
    addresses: money.addresses,
    env: { OPENAI_BASE_URL: model.url, RATE_LIMIT: 'off' },
  });
  money.answers.set('POST /v1/budgets', { status: 201, body: { id: 'b1' } });
});

afterEach(() => {
  model.heal();
  money.calls.length = 0;
});

afterAll(async () => {
  await service.stop();
  await model.stop();
  money.stop();
});

const made = () =>
  money.calls
    .filter(({ method, path }) => method === 'POST' && path === '/v1/budgets')
    .map(({ body }) => (body as { category: string; amount: { amount: string } }).category);

const FOOD = 'Set a budget of £300 for groceries';
const COFFEE = 'Set a budget of £40 for coffee';

const conversationOf = (user: ReturnType<typeof aUser>, id: string) =>
  openSocket(service, user, `dialect=readme&conversation_id=${id}`);

describe('a yes', () => {
  it('means the change that was proposed last; the one before it is gone', async () => {
    const socket = conversationOf(aUser(), 'two');
    await socket.ask(FOOD);
    await socket.ask(COFFEE);
    const done = answerIn(await socket.ask('yes'));
    const again = answerIn(await socket.ask('yes'));
    socket.close();

    expect(done).toContain('£40.00');
    expect(again).not.toMatch(/^Done/);
    expect(made()).toEqual(['coffee']);
  });

  it('to a change that has expired makes nothing', async () => {
    const user = aUser();
    const socket = conversationOf(user, 'late');
    await socket.ask(FOOD);
    await service.mongo
      .collection('waiting_acts')
      .updateMany({ userId: user.userId }, { $set: { expiresAt: new Date(Date.now() - 1) } });
    const answer = answerIn(await socket.ask('yes'));
    socket.close();

    expect(answer).not.toMatch(/^Done/);
    expect(made()).toEqual([]);
  });

  it('with a change of the amount is a new proposal, and only its own yes makes it', async () => {
    const socket = conversationOf(aUser(), 'edited');
    await socket.ask(FOOD);
    const proposal = answerIn(await socket.ask('yes but set a budget of £500 for groceries'));
    expect(proposal).toContain('£500.00');
    expect(made()).toEqual([]);
    const done = answerIn(await socket.ask('yes'));
    socket.close();

    expect(done).toContain('£500.00');
    expect(made()).toEqual(['groceries']);
  });

  it('in another conversation, or by another user in one of the same name, makes nothing', async () => {
    const user = aUser();
    const here = conversationOf(user, 'here');
    const there = conversationOf(user, 'there');
    const stranger = conversationOf(aUser(), 'here');
    await here.ask(FOOD);
    const answers = [answerIn(await there.ask('yes')), answerIn(await stranger.ask('yes'))];

    expect(answers.every((answer) => !answer.startsWith('Done'))).toBe(true);
    expect(made()).toEqual([]);
    const own = answerIn(await here.ask('yes'));
    for (const socket of [here, there, stranger]) {
      socket.close();
    }

    expect(own).toMatch(/^Done/);
    expect(made()).toEqual(['groceries']);
  });

  it('that comes twice at once makes the change once', async () => {
    const user = aUser();
    const one = conversationOf(user, 'twice');
    const other = conversationOf(user, 'twice');
    await one.ask(FOOD);
    const answers = (await Promise.all([one.ask('yes'), other.ask('yes')])).map(answerIn);
    one.close();
    other.close();

    expect(answers.filter((answer) => answer.startsWith('Done'))).toHaveLength(1);
    expect(made()).toEqual(['groceries']);
  });
});

describe('two changes in one message', () => {
  it('are not both prepared: one yes would not say which', async () => {
    const socket = conversationOf(aUser(), 'both');
    const answer = answerIn(await socket.ask(`${FOOD}. ${COFFEE}`));
    await socket.ask('yes');
    socket.close();

    expect(answer).toContain('£300.00');
    expect(answer).not.toContain('£40.00');
    expect(made()).toEqual(['groceries']);
  });
});

describe('a change that the model has prepared', () => {
  const PREPARED = 'A monthly budget of £300.00 for Groceries.';

  it.each([
    ['is prepared anew by the rules when its words are refused', 'Your budget is now £999.99.'],
    ['is named when its words do not say it', 'All right, shall I do that?'],
  ])('%s, and a yes means what was read', async (_what, text) => {
    const socket = conversationOf(aUser(), 'model');
    await socket.ask('hello');
    model.fail({ kind: 'says', text, times: 9 });
    const answer = answerIn(await socket.ask(FOOD));
    const done = answerIn(await socket.ask('yes'));
    socket.close();

    expect(answer).toContain(PREPARED);
    expect(done).toContain(PREPARED);
    expect(made()).toEqual(['groceries']);
  });

  it('is dropped when the rules answer without it', async () => {
    const user = aUser();
    const socket = conversationOf(user, 'dropped');
    await socket.ask('hello');
    model.fail({
      kind: 'unlisted-tool',
      tool: 'propose_budget',
      toolArguments: '{"category":"coffee","amount":"40"}',
    });
    model.fail({ kind: 'says', text: 'Your budget is now £999.99.', times: 9 });
    const answer = answerIn(await socket.ask('Set a budget for coffee'));
    const waiting = await service.mongo.collection('waiting_acts').countDocuments({ userId: user.userId });
    await socket.ask('yes');
    socket.close();

    expect(answer).not.toContain('£40');
    expect(waiting).toBe(0);
    expect(made()).toEqual([]);
  });
});
