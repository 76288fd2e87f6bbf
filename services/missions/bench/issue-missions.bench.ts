import { randomBytes } from 'node:crypto';
import { addDays, dayFromNumber, frozenClock } from '@orrery/calendar';
import { createOutboxStore, prepareMessaging } from '@orrery/messaging';
import { inTransaction, openDatabase } from '@orrery/mongo';
import { useTestDatabase } from '@orrery/testing';
import { sheetsOf } from '../src/domain/day-sheet.ts';
import type { DaySheet } from '../src/domain/day-sheet.ts';
import { createMissionStore } from '../src/store/mission-store.ts';
import { createProfileStore } from '../src/store/profile-store.ts';
import { createSetStore } from '../src/store/set-store.ts';
import { createSheetStore } from '../src/store/sheet-store.ts';
import { createIssueMissions } from '../src/use-cases/issue-missions.ts';
import { createMissionCalendar } from '../src/use-cases/mission-calendar.ts';
import { drawHabits, seededRandom, spendAsBefore } from '../test/synthetic-user.ts';
import { categoryByPocketcSub } from '@orrery/contracts';

/**
 * The job that proposes a day's missions, for many users with 30 days of metrics each, against reading those metrics
 * and doing nothing with them. `MISSIONS_BENCH_USERS` sets the number of users.
 */
const USERS = Number(process.env['MISSIONS_BENCH_USERS'] ?? 100_000);
const DAYS = 30;
const PATTERNS = 400;
/** Reading and proposing take turns, so that what else the machine does falls on both. */
const ROUNDS = 10;
const TODAY = '2026-03-17';
const ZONE = 'Asia/Seoul';
/** Users of a batch and batches at once, as the job has them. */
const BATCH = 200;
const LANES = 3;

const userIdOf = (index: number): string => `user-${String(index).padStart(7, '0')}`;

const patternOf = (seed: number): DaySheet[] => {
  const random = seededRandom(seed);
  const range = { from: addDays(TODAY, -DAYS), to: addDays(TODAY, -1) };
  return sheetsOf(
    spendAsBefore(drawHabits(random), range, random).map((purchase) => {
      const day = dayFromNumber(purchase.dayNumber);
      return {
        rowVersion: 1,
        decisionVersion: 1,
        postedOn: day,
        day,
        minute: purchase.minute,
        amountMinor: purchase.amountMinor,
        currency: 'KRW',
        category: categoryByPocketcSub(purchase.sub)?.slug ?? null,
        shop: purchase.shop,
      };
    }),
  );
};

const database = await useTestDatabase();
const mongo = await openDatabase(database.uri, `bench_missions_${randomBytes(4).toString('hex')}`);
const clock = frozenClock(new Date('2026-03-16T15:05:00Z'));
const stores = {
  sheets: createSheetStore(mongo),
  profiles: createProfileStore(mongo),
  sets: createSetStore(mongo),
  missions: createMissionStore(mongo),
};
await Promise.all(Object.values(stores).map((store) => store.prepare()));
await prepareMessaging(mongo);
const outbox = createOutboxStore({ connection: mongo, producer: 'missions', clock });

const patterns = Array.from({ length: PATTERNS }, (_unused, seed) => patternOf(seed));
let purchases = 0;
for (let first = 0; first < USERS; first += BATCH) {
  const ids = Array.from({ length: Math.min(BATCH, USERS - first) }, (_unused, index) => first + index);
  const documents = ids.flatMap((index) =>
    (patterns[index % PATTERNS] ?? []).map((sheet) => ({
      _id: `${userIdOf(index)}:${sheet.day}:${sheet.currency}`,
      userId: userIdOf(index),
      ...sheet,
    })),
  );
  purchases += documents.reduce((sum, { subs }) => sum + subs.length, 0);
  await mongo.collection<{ _id: string }>('day_sheets').insertMany(documents, { ordered: false });
  await mongo.collection<{ _id: string }>('profiles').insertMany(
    ids.map((index) => ({
      _id: userIdOf(index),
      zone: ZONE,
      lastDay: addDays(TODAY, -1),
      // Not due yet; each round makes a share of the users due.
      issuedDay: TODAY,
      round: Math.floor((index * ROUNDS) / USERS),
      revision: 1,
    })),
    { ordered: false },
  );
}

let highestRss = 0;
const watch = setInterval(() => {
  highestRss = Math.max(highestRss, process.memoryUsage().rss);
}, 100);
const rssBefore = process.memoryUsage().rss;

const issue = createIssueMissions({
  ...stores,
  calendar: createMissionCalendar(clock, {
    MISSION_DAY_ROLL: '00:00',
    MISSION_SETTLE_HOURS: 24,
    DEFAULT_TIME_ZONE: ZONE,
  }),
  inTransaction: (work) => inTransaction(mongo, work),
  recordEvents: (session, events) => outbox.recordEvents(session, events),
});

const spent = { reading: 0, proposing: 0 };
const done = { read: 0, served: 0, issued: 0 };

const timed = async (kind: keyof typeof spent, work: () => Promise<void>): Promise<void> => {
  const started = performance.now();
  await work();
  spent[kind] += performance.now() - started;
};

for (let round = 0; round < ROUNDS; round += 1) {
  await mongo.collection('profiles').updateMany({ round }, { $set: { issuedDay: addDays(TODAY, -1) } });
  await timed('reading', async () => {
    const batches = stores.profiles.due(ZONE, TODAY, BATCH);
    const lane = async (): Promise<void> => {
      for (let next = await batches.next(); next.done !== true; next = await batches.next()) {
        const sheets = await stores.sheets.ofUsersSince(
          next.value.map(({ userId }) => userId),
          addDays(TODAY, -DAYS),
        );
        done.read += sheets.size;
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  });
  await timed('proposing', async () => {
    const result = await issue.everyone(new AbortController().signal);
    done.served += result.users;
    done.issued += result.missions;
  });
}
clearInterval(watch);

const perSecond = (users: number, ms: number): number => (users * 1000) / ms;
const reading = perSecond(done.read, spent.reading);
const proposing = perSecond(done.served, spent.proposing);
const ratio = proposing / reading;
const megabytes = (bytes: number): string => String(Math.round(bytes / 1_048_576));
console.log(
  `${String(USERS)} users x ${String(DAYS)} days, ${String(purchases)} purchases; ${String(done.issued)} missions issued`,
);
console.log(`reading the metrics alone: ${reading.toFixed(0)} users/s`);
console.log(`proposing and storing:     ${proposing.toFixed(0)} users/s`);
console.log(
  `memory: ${megabytes(rssBefore)} MiB before, at most ${megabytes(highestRss)} MiB while reading and proposing`,
);
const reached = ratio >= 0.3 && done.read === USERS && done.served === USERS;
console.log(`${reached ? 'ok  ' : 'MISS'} proposing / reading: ${ratio.toFixed(2)} (goal >= 0.3)`);

await mongo.dropDatabase();
await mongo.close();
await database.release();
process.exitCode = reached ? 0 : 1;
