import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../setup/free-ports.ts';
import { startOwnDatabase } from '../setup/servers.ts';
import { beginTrickle, completeJourney } from './journey.ts';
import type { ServiceProcess } from './processes.ts';
import {
  HEALTHY_MS,
  type Scenario,
  type Setting,
  check,
  pause,
  startAll,
  withProcesses,
} from './scenario.ts';
import { shuffled } from './seeded-random.ts';

const READY_AGAIN_MS = 5_000;
const ALL_HEALTHY_S = 60;
const LATE_MS = 30_000;

const seconds = (ms: number): string => (ms / 1_000).toFixed(1);

const noneEnded = (services: readonly ServiceProcess[]): void => {
  const ended = services.filter(({ unexpectedExits }) => unexpectedExits > 0).map(({ name }) => name);
  check(ended.length === 0, `ended by themselves: ${ended.join(', ')}`);
};

/** Kills the broker and starts it again; returns how long after that the last process was ready, in milliseconds. */
async function readyAfterBroker(setting: Setting, services: readonly ServiceProcess[]): Promise<number> {
  await setting.broker.kill9();
  await setting.broker.restart();
  return Math.max(...(await Promise.all(services.map((service) => service.untilReady(HEALTHY_MS)))));
}

/** Kills one after the other in the middle of work. */
export const readyAgain: Scenario = {
  name: 'ready again',
  fault: 'SIGKILL of each process of the running constellation, then of the broker, while rows flow',
  promise:
    'each is ready again within 5 s of its start, all within 5 s of the broker’s; nothing lost or doubled',
  inShort: true,
  run: (setting) =>
    withProcesses(setting, {}, async (processes) => {
      await startAll(processes.all);
      const trickle = beginTrickle(processes);
      const order = shuffled(processes.all, setting.random);
      let slowest = { name: '', ms: 0 };
      for (const service of setting.isShort ? order.slice(0, 4) : order) {
        await service.end('SIGKILL');
        service.start();
        const ms = await service.untilReady(HEALTHY_MS);
        slowest = ms > slowest.ms ? { name: service.name, ms } : slowest;
      }
      const afterBroker = setting.isShort ? 0 : await readyAfterBroker(setting, processes.all);
      const journey = await trickle.stop();
      await completeJourney(processes, journey);
      noneEnded(processes.all);
      const measured = `slowest: ${slowest.name}, ${seconds(slowest.ms)} s; after the broker ${seconds(afterBroker)} s`;
      check(slowest.ms <= READY_AGAIN_MS && afterBroker <= READY_AGAIN_MS, measured);
      return `${measured}; ${journey.rows.length} rows`;
    }),
};

/** How long after the first process the servers behind the services come up, in milliseconds. */
interface Lateness {
  broker: number;
  database: number;
}

async function startInAnyOrder(setting: Setting, late: Lateness): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'orrery-order-'));
  const [port = 0] = await freePorts(1);
  let database = await startOwnDatabase(directory, { port });
  try {
    return await withProcesses({ ...setting, mongoUri: database.uri }, {}, async ({ all }) => {
      await startAll(all);
      await Promise.all(all.map((service) => service.end('SIGKILL')));
      await Promise.all([setting.broker.kill9(), database.stop('SIGKILL')]);

      const startedAt = performance.now();
      const servers = Promise.all([
        pause(late.broker).then(() => setting.broker.restart()),
        pause(late.database).then(async () => {
          database = await startOwnDatabase(directory, { port });
        }),
      ]);
      for (const service of shuffled(all, setting.random)) {
        service.start();
        await pause(setting.random() * 400);
      }
      await servers;
      await Promise.all(all.map((service) => service.untilReady(HEALTHY_MS)));
      const took = performance.now() - startedAt;
      noneEnded(all);
      check(took / 1_000 <= ALL_HEALTHY_S, `it took ${seconds(took)} s`);
      return `${all.length} processes healthy after ${seconds(took)} s, broker after ${seconds(late.broker)} s, database after ${seconds(late.database)} s`;
    });
  } finally {
    await database.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

const inAnyOrder = (
  scenario: Pick<Scenario, 'name' | 'fault' | 'inShort'>,
  lateness: (random: () => number) => Lateness,
): Scenario => ({
  ...scenario,
  promise: 'all healthy within 60 s, no process ends by itself',
  run: (setting) => startInAnyOrder(setting, lateness(setting.random)),
});

/** Everything is killed and comes back in another order. */
export const restarts: readonly Scenario[] = [
  inAnyOrder(
    {
      name: 'start in any order',
      fault: 'broker, database and all processes are killed, then started in random order',
      inShort: true,
    },
    (random) => ({ broker: random() * 4_000, database: random() * 4_000 }),
  ),
  inAnyOrder(
    { name: 'broker last', fault: 'the same, and the broker comes up 30 s late', inShort: false },
    (random) => ({ broker: LATE_MS, database: random() * 4_000 }),
  ),
  inAnyOrder(
    { name: 'database last', fault: 'the same, and the database comes up 30 s late', inShort: false },
    (random) => ({ broker: random() * 4_000, database: LATE_MS }),
  ),
];
