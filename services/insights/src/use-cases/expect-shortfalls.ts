import type { Clock } from '@orrery/calendar';
import { ForecastShortfallExpected } from '@orrery/contracts';
import type { Runtime } from '@orrery/service-kit';
import type { BankLinkStore } from '../store/bank-link-store.ts';
import type { Shortfall, ShortfallStore } from '../store/shortfall-store.ts';
import type { FollowBanks } from './follow-banks.ts';
import type { ForecastBalance, ForecastCashFlow } from './forecast-cash-flow.ts';
import type { RaiseAlerts } from './raise-alerts.ts';

/** Days ahead in which a balance below zero is told. */
const LOOK_AHEAD_DAYS = 14;

type Found = Shortfall & { forecast: ForecastBalance; lowestMinor: number; probability: number };

/**
 * Looks ahead for users whose banks tell their balance: states a shortfall once per expected day, and alerts once until
 * the balance is expected to stay above zero again.
 * @param parts stores, the forecast, the alerts and the clock
 */
export const createExpectShortfalls = (
  parts: Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'> & {
    links: BankLinkStore;
    banks: FollowBanks;
    shortfalls: ShortfallStore;
    forecastCashFlow: ForecastCashFlow;
    raiseAlerts: RaiseAlerts;
    clock: Clock;
  },
) => {
  const { links, banks, shortfalls, forecastCashFlow, raiseAlerts, clock } = parts;

  const expectedOf = async (userId: string): Promise<Found[]> => {
    const found: Found[] = [];
    for (const currency of (await banks.spendable(userId, clock.now())).keys()) {
      const forecast = await forecastCashFlow(userId, { days: LOOK_AHEAD_DAYS, currency });
      if (forecast.flow !== null && forecast.flow.lowest.balanceMinor < 0) {
        found.push({
          currency,
          since: forecast.today,
          statedDate: forecast.flow.lowest.day,
          forecast,
          lowestMinor: forecast.flow.lowest.balanceMinor,
          probability: forecast.flow.probabilityBelowZero,
        });
      }
    }
    return found;
  };

  const look = async (userId: string): Promise<number> => {
    const found = await expectedOf(userId);
    await parts.inTransaction(async (session) => {
      const known = new Map((await shortfalls.all(userId, session)).map((each) => [each.currency, each]));
      const expected = found.map((each) => ({
        ...each,
        since: known.get(each.currency)?.since ?? each.since,
      }));
      await shortfalls.replace(
        userId,
        expected.map(({ currency, since, statedDate }) => ({ currency, since, statedDate })),
        session,
      );
      const stated = expected.filter(
        ({ currency, statedDate }) => known.get(currency)?.statedDate !== statedDate,
      );
      await parts.recordEvents(
        session,
        stated.map(({ currency, statedDate, lowestMinor, probability }) => ({
          definition: ForecastShortfallExpected,
          subject: userId,
          data: {
            userId,
            date: statedDate,
            lowest: { amountMinor: lowestMinor, currency },
            probabilityBelowZero: probability,
            computedAt: clock.now().toISOString(),
          },
        })),
      );
      await raiseAlerts.raise(
        userId,
        expected.map(({ currency, since, statedDate, lowestMinor }) => ({
          kind: 'forecast_below_zero',
          subject: currency,
          period: since,
          facts: { day: statedDate, amountMinor: lowestMinor, currency },
        })),
        { session, record: (events) => parts.recordEvents(session, events) },
      );
    });
    return found.length;
  };

  return {
    /**
     * Looks ahead for every user whose bank tells a balance.
     * @param signal stops it between two users
     */
    async everyone(signal: AbortSignal): Promise<{ users: number; expected: number }> {
      const result = { users: 0, expected: 0 };
      for await (const userId of links.users()) {
        signal.throwIfAborted();
        result.users += 1;
        result.expected += await look(userId);
      }
      return result;
    },
  };
};

export type ExpectShortfalls = ReturnType<typeof createExpectShortfalls>;
