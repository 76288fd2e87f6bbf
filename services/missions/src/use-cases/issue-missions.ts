import { createHash } from 'node:crypto';
import { setImmediate as letOthersRun } from 'node:timers/promises';
import { addDays } from '@orrery/calendar';
import { MissionIssued } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import type { NewEvent } from '@orrery/messaging';
import { isDuplicateKey } from '@orrery/mongo';
import type { Runtime } from '@orrery/service-kit';
import type { ClientSession } from 'mongoose';
import { mainCurrency } from '../domain/day-sheet.ts';
import type { DaySheet } from '../domain/day-sheet.ts';
import { DEFAULT_MISSION_CURRENCY } from '../domain/default-missions.ts';
import type { Mission } from '../domain/mission.ts';
import type { MissionPeriod } from '../domain/mission-rule.ts';
import { periodEndOf, periodStartOf } from '../domain/mission-window.ts';
import { changeOffer, netPurchasesIn, offerMissions } from '../domain/offer-missions.ts';
import { zoneOfCurrency } from '../domain/place-on-calendar.ts';
import { HISTORY_DAYS } from '../domain/propose-missions.ts';
import type { PastAnswer } from '../domain/rank-missions.ts';
import type { MissionStore } from '../store/mission-store.ts';
import type { DueUser, Profile, ProfileStore } from '../store/profile-store.ts';
import type { MissionSet, SetStore } from '../store/set-store.ts';
import type { SheetStore } from '../store/sheet-store.ts';
import type { MissionCalendar, RunningPeriod } from './mission-calendar.ts';

export interface IssueMissionsParts extends Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'> {
  sheets: SheetStore;
  profiles: ProfileStore;
  sets: SetStore;
  missions: MissionStore;
  calendar: MissionCalendar;
  /** Users whose missions the job issues in one transaction; default 200. */
  usersPerBatch?: number;
}

/** Batches at work at once: one is calculated while the database reads or writes others. */
const LANES = 3;

/** A user takes a fraction of a millisecond; requests are let in between so many. */
const USERS_WITHOUT_PAUSE = 10;

/** Nobody is sent missions after this many days without a transaction. */
const ACTIVE_DAYS = 45;

/** Answers older than this many days weigh nothing; half a year covers six monthly missions. */
const ANSWER_DAYS = 190;

/** Refunds of purchases before the history are looked for this many days back. */
const REFUND_MARGIN_DAYS = 10;

/** What a user's offers are made of. */
interface Material {
  userId: string;
  profile: Profile | undefined;
  sheets: readonly DaySheet[];
  answers: readonly PastAnswer[];
}

interface Offer {
  userId: string;
  set: MissionSet;
  missions: Mission[];
}

interface Batch {
  users: readonly DueUser[];
  offers: readonly Offer[];
}

const issuedEvent = (userId: string, set: MissionSet, missionIds: readonly string[]): NewEvent => {
  // A fixed id: when the same missions are issued again after a crash, consumers have handled them already.
  const digest = createHash('sha256').update(JSON.stringify([userId, set.periodStart, missionIds]));
  return newEvent(
    MissionIssued,
    userId,
    { userId, period: set.period, periodStart: set.periodStart, missionIds: [...missionIds] },
    digest.digest('base64url'),
  );
};

/**
 * Issues missions: at the start of a period by the job, or when a user asks before it has run. A period's missions are
 * issued once; while they are unanswered they are thought over when days before the offer change.
 * @param parts stores, transactions and the calendar
 */
export const createIssueMissions = (parts: IssueMissionsParts) => {
  const { sheets, profiles, sets, missions, calendar, usersPerBatch = 200 } = parts;

  const zoneFor = (profile: Profile | undefined, currency: string | undefined): string =>
    profile?.timeZone ??
    (currency === undefined ? profile?.zone : zoneOfCurrency(currency)) ??
    calendar.defaultTimeZone;

  const offerOf = (
    material: Material,
    zone: string,
    { period, periodStart, periodEnd }: RunningPeriod,
    issuedOn: string,
  ): Offer => {
    const { userId, profile } = material;
    const currency = mainCurrency(material.sheets) ?? DEFAULT_MISSION_CURRENCY;
    const offered = offerMissions({
      userId,
      period,
      periodStart,
      issuedOn,
      currency,
      zone,
      rollMinute: calendar.rollMinute,
      settleMs: calendar.settleMs,
      segmentId: profile?.segment?.id ?? null,
      segmentSubs: profile?.segment?.subs ?? [],
      answers: material.answers,
      purchases: netPurchasesIn(material.sheets, currency),
      now: calendar.clock.now(),
    });
    return {
      userId,
      set: {
        period,
        periodStart,
        periodEnd,
        missionIds: offered.map(({ id }) => id),
        issuedOn,
        isDefault: offered.every(({ isDefault }) => isDefault),
        isStale: false,
      },
      missions: offered,
    };
  };

  const firstDayFor = (periods: readonly RunningPeriod[]): string =>
    periods
      .map(({ period, periodStart }) => addDays(periodStart, -HISTORY_DAYS[period].most - REFUND_MARGIN_DAYS))
      .sort()[0] ?? '';

  const answersSince = (): Date => new Date(calendar.clock.now().getTime() - ANSWER_DAYS * 24 * 3_600_000);

  const materialOf = async (
    userId: string,
    profile: Profile | undefined,
    periods: readonly RunningPeriod[],
  ): Promise<Material> => {
    const [known, answers] = await Promise.all([
      sheets.since(userId, firstDayFor(periods)),
      missions.answersOf([userId], answersSince()),
    ]);
    return { userId, profile, sheets: known, answers: answers.get(userId) ?? [] };
  };

  const storeOffer = async (
    { userId, set, missions: wanted }: Offer,
    session: ClientSession,
  ): Promise<void> => {
    const [known] = await sets.find(userId, [set], session);
    if (known?.isStale === false) {
      return;
    }
    const offered = known === undefined ? [] : await missions.findAll(userId, known.missionIds, session);
    const { stay, withdraw, add } = changeOffer(offered, wanted);
    await missions.withdraw(
      userId,
      withdraw.map(({ id }) => id),
      session,
    );
    await missions.insert(
      add.map((mission) => ({ userId, mission })),
      session,
    );
    await sets.save(userId, { ...set, missionIds: [...stay, ...add].map(({ id }) => id) }, session);
    if (add.length > 0) {
      await parts.recordEvents(session, [
        issuedEvent(
          userId,
          set,
          add.map(({ id }) => id),
        ),
      ]);
    }
  };

  const ensure = async (userId: string, attempt = 1): Promise<void> => {
    const profile = await profiles.find(userId);
    const periods = calendar.running(zoneFor(profile, undefined));
    const known = await sets.find(userId, periods);
    const wanting = periods.filter(
      ({ period }) => known.find((set) => set.period === period)?.isStale !== false,
    );
    if (wanting.length === 0) {
      return;
    }
    const material = await materialOf(userId, profile, wanting);
    const zone = zoneFor(profile, mainCurrency(material.sheets));
    const today = calendar.today(zone);
    // An offer is thought over as of its own day, so that it changes no more than the data did.
    const issuedOn = (running: RunningPeriod): string => {
      const set = known.find(
        ({ period, periodStart }) => period === running.period && periodStart === running.periodStart,
      );
      return set === undefined || set.isDefault ? today : set.issuedOn;
    };
    const offers = calendar
      .running(zone)
      .filter(({ period }) => wanting.some((wanted) => wanted.period === period))
      .map((running) => offerOf(material, zone, running, issuedOn(running)));
    try {
      await parts.inTransaction(async (session) => {
        // Rows that came since the offers were made have found no set to mark, so the set is born stale.
        const isStale = (await profiles.find(userId, session))?.revision !== profile?.revision;
        await profiles.change(userId, { zone, issuedDay: today }, { zone }, session);
        for (const offer of offers) {
          await storeOffer({ ...offer, set: { ...offer.set, isStale } }, session);
        }
      });
    } catch (error) {
      // Another request or the job issued the same missions a moment ago; what it stored is what is wanted.
      if (!isDuplicateKey(error) || attempt > 2) {
        throw error;
      }
      await ensure(userId, attempt + 1);
    }
  };

  const begunSince = (issuedDay: string, today: string): MissionPeriod[] =>
    (['daily', 'weekly', 'monthly'] as const).filter(
      (period) => issuedDay === '' || periodStartOf(period, issuedDay) !== periodStartOf(period, today),
    );

  const offersOfBatch = async (users: readonly DueUser[], today: string): Promise<Offer[]> => {
    const active = users.filter(({ lastDay }) => lastDay >= addDays(today, -ACTIVE_DAYS));
    const begun = new Map(active.map((user) => [user.userId, begunSince(user.issuedDay, today)]));
    const periods = [...new Set([...begun.values()].flat())].map((period): RunningPeriod => {
      const periodStart = periodStartOf(period, today);
      return { period, periodStart, periodEnd: periodEndOf(period, periodStart) };
    });
    const ids = active.map(({ userId }) => userId);
    const [sheetsOf, answersOf] = await Promise.all([
      sheets.ofUsersSince(ids, firstDayFor(periods)),
      missions.answersOf(ids, answersSince()),
    ]);
    const offers: Offer[] = [];
    for (const [index, { userId, ...profile }] of active.entries()) {
      if (index % USERS_WITHOUT_PAUSE === 0) {
        await letOthersRun();
      }
      const material = {
        userId,
        profile,
        sheets: sheetsOf.get(userId) ?? [],
        answers: answersOf.get(userId) ?? [],
      };
      const own = periods.filter(({ period }) => begun.get(userId)?.includes(period));
      offers.push(...own.map((period) => offerOf(material, profile.zone, period, today)));
    }
    return offers;
  };

  const storeBatch = async ({ users, offers }: Batch, today: string): Promise<void> => {
    const ids = users.map(({ userId }) => userId);
    const revisions = new Map(users.map(({ userId, revision }) => [userId, revision]));
    try {
      await parts.inTransaction(async (session) => {
        const present = await profiles.revisions(ids, session);
        await profiles.markIssued(ids, today, session);
        if (offers.length > 0) {
          await sets.insert(
            offers.map(({ userId, set }) => ({
              userId,
              set: { ...set, isStale: present.get(userId) !== revisions.get(userId) },
            })),
            session,
          );
          await missions.insert(
            offers.flatMap(({ userId, missions: issued }) => issued.map((mission) => ({ userId, mission }))),
            session,
          );
          await parts.recordEvents(
            session,
            offers.map(({ userId, set }) => issuedEvent(userId, set, set.missionIds)),
          );
        }
      });
    } catch (error) {
      if (!isDuplicateKey(error)) {
        throw error;
      }
      // Somebody of the batch asked for missions meanwhile, so the users are served one by one.
      for (const userId of new Set(offers.map((offer) => offer.userId))) {
        await ensure(userId);
      }
      await parts.inTransaction((session) => profiles.markIssued(ids, today, session));
    }
  };

  return {
    /**
     * Sees to it that the missions of the user's running periods are issued and up to date; does nothing when they are.
     * @param userId owner
     */
    ensure: (userId: string): Promise<void> => ensure(userId),

    /**
     * The missions that a stranger would be given, with nothing stored; for an administrator who asks about any id.
     * @param userId owner
     * @param period kind of period
     */
    async preview(userId: string, period: MissionPeriod): Promise<{ today: string; missions: Mission[] }> {
      const profile = await profiles.find(userId);
      const zone = zoneFor(profile, undefined);
      const running = calendar.running(zone).filter((candidate) => candidate.period === period);
      const material = await materialOf(userId, profile, running);
      return {
        today: calendar.today(zone),
        missions: running.flatMap((each) => offerOf(material, zone, each, calendar.today(zone)).missions),
      };
    },

    /**
     * The missions of a user's running period, except those that were refused.
     * @param userId owner
     * @param period kind of period
     */
    async current(userId: string, period: MissionPeriod): Promise<{ today: string; missions: Mission[] }> {
      const zone = zoneFor(await profiles.find(userId), undefined);
      const running = calendar.running(zone).filter((candidate) => candidate.period === period);
      const [set] = await sets.find(userId, running);
      const found = await missions.findAll(userId, set?.missionIds ?? []);
      const order = new Map((set?.missionIds ?? []).map((id, index) => [id, index]));
      return {
        today: calendar.today(zone),
        missions: found
          .filter(({ state }) => state !== 'dismissed')
          .sort((left, right) => (order.get(left.id) ?? 0) - (order.get(right.id) ?? 0)),
      };
    },

    /**
     * Issues the missions of everybody for whom a day, week or month has begun. Each batch is one transaction that also
     * notes who was served, so a run that was interrupted goes on where it stopped, and memory holds a few batches.
     * @param signal ends the work early
     * @returns how many users were looked at, and how many missions were issued
     */
    async everyone(signal: AbortSignal): Promise<{ users: number; missions: number }> {
      const done = { users: 0, missions: 0 };
      for await (const zone of profiles.zones()) {
        const today = calendar.today(zone);
        const batches = profiles.due(zone, today, usersPerBatch);
        const lane = async (): Promise<void> => {
          for (;;) {
            const { value: users, done: isOver } = await batches.next();
            if (isOver === true) {
              return;
            }
            signal.throwIfAborted();
            const offers = await offersOfBatch(users, today);
            await storeBatch({ users, offers }, today);
            done.users += users.length;
            done.missions += offers.reduce((sum, { missions: issued }) => sum + issued.length, 0);
          }
        };
        const ended = await Promise.allSettled(Array.from({ length: LANES }, lane));
        for (const lanes of ended) {
          if (lanes.status === 'rejected') {
            throw lanes.reason;
          }
        }
      }
      return done;
    },
  };
};

export type IssueMissions = ReturnType<typeof createIssueMissions>;
