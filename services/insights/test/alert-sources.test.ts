import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, addMonths } from '@orrery/calendar';
import {
  AlertRaised,
  BankBalancesRead,
  BankItemBroken,
  BankItemLinked,
  BankItemRemoved,
  CategorizerTrained,
  ForecastShortfallExpected,
  MissionCompleted,
  MissionFailed,
  TransactionsCategorized,
} from '@orrery/contracts';
import type { EventDefinition, EventEnvelope } from '@orrery/contracts';
import { aCategorizedTransaction, aDecision, aUser, eventually, startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { z } from 'zod';
import { insights } from '../src/index.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(insights);
});

afterAll(async () => {
  await service.stop();
});

type User = ReturnType<typeof aUser>;

const publishAndSettle = async <Data extends z.ZodType>(
  definition: EventDefinition<Data>,
  subject: string,
  data: z.output<Data>,
): Promise<EventEnvelope> => {
  const event = await service.publish(definition, subject, data);
  const inbox = service.mongo.collection<{ _id: string }>('inbox');
  await eventually(async () => (await inbox.findOne({ _id: `insights:${event.id}` })) !== null);
  return event;
};

const alertsOf = async (user: User, language = 'en') =>
  z
    .object({ data: z.array(z.looseObject({ kind: z.string(), title: z.string(), text: z.string() })) })
    .parse((await service.call('/v1/alerts', { as: user, headers: { 'accept-language': language } })).json)
    .data;

describe('alerts on linked banks', () => {
  const bank = (user: User, rowVersion: number) => ({
    userId: user.userId,
    itemId: 'item-1',
    institutionName: 'Première Banque',
    rowVersion,
  });
  const outage = (user: User, rowVersion: number, number: number) => ({
    ...bank(user, rowVersion),
    outage: number,
    since: '2026-03-15T08:00:00.000Z',
    errorCode: 'ITEM_LOGIN_REQUIRED',
  });

  it('come once per outage, whatever is delivered twice or late', async () => {
    const user = aUser();
    await publishAndSettle(BankItemLinked, user.userId, bank(user, 1));
    await publishAndSettle(BankItemBroken, user.userId, outage(user, 2, 1));
    await publishAndSettle(BankItemBroken, user.userId, outage(user, 2, 1));
    expect(await alertsOf(user)).toMatchObject([
      { kind: 'bank_sign_in', subject: 'item-1', title: 'Sign in to Première Banque again' },
    ]);
    expect((await alertsOf(user, 'fr'))[0]?.title).toBe('Reconnectez Première Banque');

    await publishAndSettle(BankItemLinked, user.userId, bank(user, 5));
    await publishAndSettle(BankItemBroken, user.userId, outage(user, 4, 2));
    expect(await alertsOf(user)).toHaveLength(1);
    await publishAndSettle(BankItemBroken, user.userId, outage(user, 6, 3));
    expect(await alertsOf(user)).toHaveLength(2);
  });

  const reading = (user: User, readAt: string, availableMinor: number) => ({
    userId: user.userId,
    itemId: 'item-1',
    readAt,
    accounts: [
      {
        accountId: 'checking-1',
        name: 'Compte courant',
        type: 'depository' as const,
        subtype: 'checking',
        currency: 'EUR',
        currentMinor: availableMinor + 500,
        availableMinor,
      },
      {
        accountId: 'card-1',
        name: 'Carte',
        type: 'credit' as const,
        currency: 'EUR',
        currentMinor: 100,
        availableMinor: 1,
      },
    ],
  });

  const setLimit = (user: User) =>
    service.call('/v1/alerts/settings', {
      method: 'PATCH',
      as: user,
      json: { rules: [{ kind: 'balance_low', threshold: { amount: '100.00', currency: 'EUR' } }] },
    });

  it('come once each time that an account falls below the limit of the user, and not for cards', async () => {
    const user = aUser();
    await publishAndSettle(BankBalancesRead, user.userId, reading(user, '2026-03-01T10:00:00.000Z', 5_000));
    expect(await alertsOf(user)).toEqual([]);
    await setLimit(user);
    await publishAndSettle(BankBalancesRead, user.userId, reading(user, '2026-03-02T10:00:00.000Z', 9_999));
    await publishAndSettle(BankBalancesRead, user.userId, reading(user, '2026-03-03T10:00:00.000Z', 8_000));
    expect(await alertsOf(user)).toMatchObject([
      {
        kind: 'balance_low',
        subject: 'checking-1',
        title: 'Low balance: Compte courant',
        text: 'The balance is €99.99, below your limit of €100.00.',
      },
    ]);
    await publishAndSettle(BankBalancesRead, user.userId, reading(user, '2026-03-05T10:00:00.000Z', 10_000));
    await publishAndSettle(BankBalancesRead, user.userId, reading(user, '2026-03-04T10:00:00.000Z', 1));
    expect(await alertsOf(user)).toHaveLength(1);
    await publishAndSettle(BankBalancesRead, user.userId, reading(user, '2026-03-06T10:00:00.000Z', 2));
    expect(await alertsOf(user)).toHaveLength(2);
  });

  it('forget the balances of a bank that was removed, also when a reading arrives late', async () => {
    const user = aUser();
    const links = service.mongo.collection('bank_links');
    await publishAndSettle(BankBalancesRead, user.userId, reading(user, '2026-03-01T10:00:00.000Z', 5_000));
    await publishAndSettle(BankItemRemoved, user.userId, bank(user, 3));
    await publishAndSettle(BankBalancesRead, user.userId, reading(user, '2026-03-02T10:00:00.000Z', 5_000));
    expect(await links.findOne({ userId: user.userId })).toMatchObject({ state: 'removed', accounts: [] });
  });
});

describe('a balance that is expected below zero', () => {
  const spender = async (availableMinor: number): Promise<User> => {
    const user = aUser();
    const rent = [6, 5, 4, 3, 2, 1].map((ago) =>
      aCategorizedTransaction({
        postedOn: addMonths('2026-03-20', -ago),
        amountMinor: -90_000,
        decision: aDecision({ category: 'rent', merchant: 'Bailleur' }),
      }),
    );
    const food = Array.from({ length: 100 }, (_unused, index) =>
      aCategorizedTransaction({
        postedOn: addDays('2025-12-07', index),
        amountMinor: -1_500 - ((index * 37) % 1_000),
      }),
    );
    await publishAndSettle(TransactionsCategorized, user.userId, {
      userId: user.userId,
      transactions: [...rent, ...food],
    });
    await readBalance(user, '2026-03-16T08:00:00.000Z', availableMinor);
    return user;
  };
  const readBalance = (user: User, readAt: string, availableMinor: number) =>
    publishAndSettle(BankBalancesRead, user.userId, {
      userId: user.userId,
      itemId: 'item-1',
      readAt,
      accounts: [
        {
          accountId: 'checking-1',
          name: 'Compte courant',
          type: 'depository',
          currency: 'EUR',
          currentMinor: availableMinor,
          availableMinor: null,
        },
      ],
    });
  const stated = (user: User) =>
    service.captured.of(ForecastShortfallExpected).filter(({ data }) => data.userId === user.userId);

  it('is stated by the nightly job and told once until it is over', async () => {
    const [poor, rich] = [await spender(60_000), await spender(1_000_000)];
    await service.runJob('expect-shortfalls');
    await service.runJob('expect-shortfalls');
    await eventually(() => stated(poor).length > 0);

    expect(stated(poor)).toHaveLength(1);
    const [fact] = stated(poor);
    expect(fact?.data.date).toBe('2026-03-30');
    expect(fact?.data.lowest.amountMinor).toBeLessThan(0);
    expect(fact?.data.probabilityBelowZero).toBeGreaterThan(0.9);
    expect(await alertsOf(poor)).toMatchObject([{ kind: 'forecast_below_zero', subject: 'EUR' }]);
    expect(stated(rich)).toEqual([]);

    const flow = await service.call('/api/cash_flow_forecast?days=14', { as: poor });
    expect(flow.json).toMatchObject({
      startBalance: 600,
      balanceKnown: true,
      lowest: { date: '2026-03-30' },
    });

    await readBalance(poor, '2026-03-16T09:00:00.000Z', 1_000_000);
    await service.runJob('expect-shortfalls');
    expect(await service.mongo.collection('shortfalls').countDocuments({ userId: poor.userId })).toBe(0);
    expect(await alertsOf(poor)).toHaveLength(1);
  });
});

describe('the end of a mission', () => {
  it('is told once, with what was saved', async () => {
    const user = aUser();
    const mission = {
      userId: user.userId,
      missionId: 'mission-1',
      period: 'weekly' as const,
      texts: {
        en: 'Spend at most 30 on coffee.',
        fr: 'Dépensez au plus 30 en cafés.',
        ko: '커피 30 이하로 쓰기.',
      },
      validFrom: '2026-03-09T00:00:00.000Z',
      validTo: '2026-03-16T00:00:00.000Z',
      rowVersion: 3,
    };
    const completed = {
      ...mission,
      saved: { amountMinor: 1_250, currency: 'EUR' },
      points: 10,
      streak: 2,
    };
    await publishAndSettle(MissionCompleted, user.userId, completed);
    await publishAndSettle(MissionCompleted, user.userId, completed);
    await publishAndSettle(MissionFailed, user.userId, { ...mission, missionId: 'mission-2' });

    expect(await alertsOf(user)).toMatchObject([
      { kind: 'mission_failed', subject: 'mission-2', text: 'Spend at most 30 on coffee.' },
      {
        kind: 'mission_completed',
        subject: 'mission-1',
        text: 'Spend at most 30 on coffee. You saved about €12.50.',
      },
    ]);
    expect((await alertsOf(user, 'ko'))[1]?.title).toBe('미션 성공');
  });
});

describe('a newly trained category model', () => {
  const trained = (modelVersion: string, promoted: boolean) =>
    publishAndSettle(CategorizerTrained, 'categories', {
      modelVersion,
      promoted,
      accuracy: 0.914,
      macroF1: 0.83,
      corrections: 12,
    });

  it('is told once to each user with transactions who has not switched it off, when it is in use', async () => {
    const [user, silent] = [aUser(), aUser()];
    for (const { userId } of [user, silent]) {
      await publishAndSettle(TransactionsCategorized, userId, {
        userId,
        transactions: [aCategorizedTransaction()],
      });
    }
    await service.call('/v1/alerts/settings', {
      method: 'PATCH',
      as: silent,
      json: { rules: [{ kind: 'model_retrained', enabled: false }] },
    });
    await trained('m-refused', false);
    await trained('m-2', true);
    await service.runJob('tell-news');
    await trained('m-2', true);
    await service.runJob('tell-news');

    expect(await alertsOf(user)).toMatchObject([
      {
        kind: 'model_retrained',
        text: 'A newly trained model files your transactions; it is right on 91 % of the check set.',
      },
    ]);
    expect(await alertsOf(silent)).toEqual([]);
    expect(service.captured.of(AlertRaised).filter(({ data }) => data.userId === user.userId)).toHaveLength(
      1,
    );
  });
});
