import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AlertRaised, TransactionsCategorized } from '@orrery/contracts';
import type { CategorizedTransaction } from '@orrery/contracts';
import {
  aCategorizedTransaction,
  aDecision,
  aUser,
  eventually,
  signedHeaders,
  startTestService,
} from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { z } from 'zod';
import { insights } from '../src/index.ts';
import { startMailCatcher } from './mail-catcher.ts';
import type { MailCatcher } from './mail-catcher.ts';

let service: TestService;
let catcher: MailCatcher;

beforeAll(async () => {
  catcher = await startMailCatcher();
  service = await startTestService(insights, { env: { SMTP_URL: catcher.url } });
});

afterAll(async () => {
  await service.stop();
  await catcher.stop();
});

type User = ReturnType<typeof aUser>;

const List = z.object({
  data: z.array(z.looseObject({ id: z.string(), kind: z.string(), state: z.string(), title: z.string() })),
  page: z.object({ nextCursor: z.string().nullable() }),
});

const list = async (user: User, query = '', language = 'en') =>
  List.parse(
    (await service.call(`/v1/alerts${query}`, { as: user, headers: { 'accept-language': language } })).json,
  );

const patch = (user: User | null, path: string, json: unknown) =>
  service.call(path, { method: 'PATCH', as: user, json });

const enter = (user: User, transactions: CategorizedTransaction[]) =>
  service.publish(TransactionsCategorized, user.userId, { userId: user.userId, transactions });

const spend = (amountMinor: number): CategorizedTransaction =>
  aCategorizedTransaction({ postedOn: '2026-03-10', amountMinor });

const setTotal = (user: User, amount: number) =>
  service.call('/api/set_budget_goal', {
    method: 'POST',
    as: user,
    json: { category: 'total', amount, period: 'monthly' },
  });

const raised = (user: User) =>
  service.captured.of(AlertRaised).filter(({ data }) => data.userId === user.userId);

describe('alerts', () => {
  it('come exactly once for 80 % and for 100 % of a budget, and change state for their owner only', async () => {
    const user = aUser();
    await setTotal(user, 400);
    await enter(user, [spend(-34_000)]);
    await eventually(() => raised(user).length === 1);
    await enter(user, [spend(-6_100)]);
    await eventually(() => raised(user).length === 2);
    await enter(user, [spend(-100)]);
    await setTotal(user, 401);

    const { data } = await list(user);
    expect(data.map(({ kind, state }) => [kind, state])).toEqual([
      ['budget_100', 'unread'],
      ['budget_80', 'unread'],
    ]);
    expect(data[1]).toMatchObject({
      title: 'Budget nearly used: all spending',
      text: '€340.00 of €400.00 is spent.',
      subject: 'total-monthly',
      createdAt: '2026-03-16T12:00:00.000Z',
    });
    expect((await list(user, '', 'fr')).data[0]?.title).toBe('Budget épuisé : toutes les dépenses');
    expect((await list(user, '', 'ko')).data[0]?.title).toBe('예산 소진: 전체 지출');

    const path = `/v1/alerts/${data[0]?.id ?? ''}`;
    expect((await patch(aUser(), path, { state: 'read' })).status).toBe(404);
    expect(await patch(user, path, { state: 'dismissed' })).toMatchObject({
      status: 200,
      json: { state: 'dismissed' },
    });
    expect((await list(user, '?state=unread')).data).toHaveLength(1);
    expect((await list(aUser())).data).toEqual([]);
    const first = await list(user, '?limit=1');
    const second = await list(user, `?limit=1&cursor=${first.page.nextCursor ?? ''}`);
    expect([first.data[0]?.kind, second.data[0]?.kind, second.page.nextCursor]).toEqual([
      'budget_100',
      'budget_80',
      null,
    ]);
  });

  it('follow the settings: a limit for purchases, rules that are off, and mail to the address', async () => {
    const user = aUser();
    const changed = await patch(user, '/v1/alerts/settings', {
      rules: [
        { kind: 'large_purchase', threshold: { amount: '150.00', currency: 'EUR' } },
        { kind: 'budget_80', enabled: false },
      ],
      email: 'someone@example.com',
    });
    expect(changed.status).toBe(200);
    expect((await service.call('/v1/alerts/settings', { as: user })).json).toMatchObject({
      rules: expect.arrayContaining([
        { kind: 'budget_80', enabled: false, threshold: null },
        { kind: 'large_purchase', enabled: true, threshold: { amount: '150.00', currency: 'EUR' } },
      ]),
      email: 'someone@example.com',
    });

    await setTotal(user, 200);
    await enter(user, [
      spend(-14_999),
      spend(-15_001),
      { ...spend(-90_000), decision: aDecision({ category: 'savings-out' }) },
    ]);
    await eventually(() => raised(user).length === 2);
    await eventually(() => catcher.mails.filter(({ to }) => to === 'someone@example.com').length === 2);

    expect((await list(user)).data.map(({ kind }) => kind).sort()).toEqual(['budget_100', 'large_purchase']);
    expect(catcher.mails.map(({ text }) => text).join('\n')).toContain('Subject: Large purchase: Carrefour');
    expect((await patch(user, '/v1/alerts/settings', { email: 'nonsense' })).status).toBe(422);
    const odd = { kind: 'large_purchase', threshold: { amount: '1.234', currency: 'EUR' } };
    expect((await patch(user, '/v1/alerts/settings', { rules: [odd] })).status).toBe(422);
  });

  it('are streamed as they are raised, and those since the last seen one after a break', async () => {
    const user = aUser();
    await setTotal(user, 100);
    // A request by hand: fetch opens a spare connection when one is left, and the service would wait for it to end.
    const nextFrame = async (headers: Record<string, string>, act: () => Promise<unknown>) => {
      const request = get(`${service.url}/v1/alerts/stream`, {
        agent: false,
        headers: { ...signedHeaders(user, 'insights'), ...headers },
      });
      const reply = await new Promise<IncomingMessage>((resolve, reject) => {
        request.once('response', resolve).once('error', reject);
      });
      expect(reply.headers['content-type']).toContain('text/event-stream');
      await act();
      const frame = await new Promise<string>((resolve) => {
        reply.setEncoding('utf8').once('data', resolve);
      });
      request.destroy();
      return frame;
    };

    const live = await nextFrame({}, () => enter(user, [spend(-8_000)]));
    expect(live).toContain('event: alert');
    expect(live).toContain('"kind":"budget_80"');
    await enter(user, [spend(-8_000)]);
    await eventually(() => raised(user).length === 2);
    const id = /id: (\S+)/.exec(live)?.[1] ?? '';
    const missed = await nextFrame({ 'last-event-id': id }, () => Promise.resolve());
    expect(missed).toContain('"kind":"budget_100"');
  });
});
