import { randomUUID } from 'node:crypto';
import { EVENTS } from '@orrery/contracts';
import { planTopology } from '@orrery/messaging';
import { eventually } from '@orrery/testing';
import { connect } from 'amqplib';
import { startFaultProxy } from './fault-proxy.ts';
import { beginJourney, completeJourney } from './journey.ts';
import { runKills } from './journey-kill.ts';
import type { ServiceProcess } from './processes.ts';
import {
  HEALTHY_MS,
  JOURNEY,
  RETRY_DELAYS_MS,
  type Scenario,
  check,
  pause,
  startAll,
  withProcesses,
} from './scenario.ts';
import { shuffled } from './seeded-random.ts';
import { readyAgain, restarts } from './start-scenarios.ts';
import { frozen, slowUpstream } from './upstream-scenarios.ts';

const killJourney: Scenario = {
  name: 'kills',
  fault: 'SIGKILL of services and broker at random moments while rows flow',
  promise: 'nothing lost, nothing doubled',
  inShort: false,
  async run({ mongoUri, seed, isShort, log }) {
    const rows = isShort ? 1_000 : 6_000;
    const result = await runKills({ mongoUri, rows, kills: isShort ? 3 : 8, seed, log });
    check(
      result.raw === rows &&
        result.ledger === rows &&
        result.decisions === rows &&
        result.decidedAgain.length === 0 &&
        result.wrongMetrics.length === 0,
      `lost or doubled: ${JSON.stringify({ ...result, kills: result.kills.length })}`,
    );
    return `${rows} rows, ${result.kills.length} kills, ${result.seconds} s`;
  },
};

const cutServers: Scenario = {
  name: 'cut database and broker connections',
  fault: 'every connection to MongoDB and RabbitMQ is reset again and again while rows flow',
  promise: 'nothing lost, nothing doubled',
  inShort: false,
  async run(setting) {
    const mongoPort = Number(new URL(setting.mongoUri).port);
    const toMongo = await startFaultProxy(mongoPort, setting.random);
    const toBroker = await startFaultProxy(setting.broker.port, setting.random);
    const mongo = new URL(setting.mongoUri);
    mongo.port = String(toMongo.port);
    // Without it the driver would learn the server's own address and go around the proxy.
    mongo.searchParams.set('directConnection', 'true');
    mongo.searchParams.delete('replicaSet');
    const broker = new URL(setting.broker.url);
    broker.port = String(toBroker.port);
    try {
      return await withProcesses(
        setting,
        { names: JOURNEY, env: { MONGODB_URI: mongo.href, RABBITMQ_URL: broker.href } },
        async (processes) => {
          await startAll(processes.all);
          const journey = beginJourney(processes, 3_000);
          let cuts = 0;
          for (let count = 0; count < 8; count += 1) {
            await pause(300 + setting.random() * 1_200);
            cuts += (setting.random() < 0.5 ? toMongo : toBroker).cutAll();
          }
          await completeJourney(processes, journey);
          return `3000 rows, ${cuts} connections reset`;
        },
      );
    } finally {
      await toMongo.stop();
      await toBroker.stop();
    }
  },
};

/** Copies of all events of a namespace, taken from the exchange itself. */
async function recordEvents(url: string, namespace: string) {
  const model = await connect(url);
  const channel = await model.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  const exchange = `${namespace}.events`;
  await channel.bindQueue(queue, exchange, '#');
  const taken: { routingKey: string; content: Buffer; properties: object }[] = [];
  await channel.consume(
    queue,
    (message) => {
      if (message !== null) {
        taken.push({
          routingKey: message.fields.routingKey,
          content: message.content,
          properties: message.properties,
        });
      }
    },
    { noAck: true },
  );
  return { model, channel, exchange, queue, taken };
}

const duplicates: Scenario = {
  name: 'duplicates and shuffles',
  fault: 'every event of a journey is published twice more, in random order',
  promise: 'the state does not change',
  inShort: true,
  run: (setting) =>
    withProcesses(setting, { names: JOURNEY }, async (processes) => {
      await startAll(processes.all);
      const recorder = await recordEvents(setting.broker.url, processes.namespace);
      const journey = beginJourney(processes, setting.isShort ? 600 : 3_000);
      await completeJourney(processes, journey);
      await recorder.channel.unbindQueue(recorder.queue, recorder.exchange, '#');
      const events = [...recorder.taken];
      check(events.length > 3, 'no events were recorded');
      for (const { routingKey, content, properties } of shuffled([...events, ...events], setting.random)) {
        recorder.channel.publish(recorder.exchange, routingKey, content, properties);
      }
      await recorder.channel.waitForConfirms();
      await recorder.model.close();
      await untilQueuesAreEmpty(setting.broker.url, processes.namespace);
      await completeJourney(processes, journey);
      return `${events.length} events, each three times`;
    }),
};

/** Messages in all consumer queues of a namespace, and those that are parked. */
async function queueTotals(url: string, namespace: string): Promise<{ waiting: number; parked: number }> {
  const { consumerQueues } = planTopology(EVENTS, { namespace, retryDelaysMs: RETRY_DELAYS_MS });
  const model = await connect(url);
  const channel = await model.createChannel();
  let waiting = 0;
  let parked = 0;
  for (const { consumer, name, parking, retries } of consumerQueues) {
    if (JOURNEY.includes(consumer)) {
      for (const queue of [name, ...retries.map((retry) => retry.name)]) {
        waiting += (await channel.checkQueue(queue)).messageCount;
      }
      parked += (await channel.checkQueue(parking)).messageCount;
    }
  }
  await model.close();
  return { waiting, parked };
}

const untilQueuesAreEmpty = async (url: string, namespace: string): Promise<void> => {
  await eventually(
    () => queueTotals(url, namespace),
    ({ waiting }) => waiting === 0,
    { timeoutMs: 120_000, intervalMs: 300 },
  );
};

const poison: Scenario = {
  name: 'poison messages',
  fault: 'bytes that are no JSON, no envelope, another version and wrong data between healthy events',
  promise: 'each is parked with its reason, healthy neighbours arrive',
  inShort: true,
  run: (setting) =>
    withProcesses(setting, { names: JOURNEY }, async (processes) => {
      await startAll(processes.all);
      const model = await connect(setting.broker.url);
      const channel = await model.createConfirmChannel();
      const journey = beginJourney(processes, setting.isShort ? 400 : 2_000);
      const envelope = {
        specversion: '1.0',
        id: 'poison',
        source: 'orrery/ingestion',
        type: 'transactions.ingested.v1',
        time: '2026-03-01T00:00:00.000Z',
        subject: 'nobody',
        datacontenttype: 'application/json',
      };
      const bodies = [
        Buffer.from([0xff, 0xfe, 0x00]),
        Buffer.from('{"not":"an envelope"}'),
        Buffer.from(
          JSON.stringify({ ...envelope, dataschema: 'urn:orrery:event:transactions.ingested:99', data: {} }),
        ),
        Buffer.from(
          JSON.stringify({
            ...envelope,
            dataschema: 'urn:orrery:event:transactions.ingested:1',
            data: { userId: 7 },
          }),
        ),
      ];
      const count = setting.isShort ? 12 : 60;
      for (let sent = 0; sent < count; sent += 1) {
        const body = bodies[sent % bodies.length] ?? Buffer.alloc(0);
        channel.publish(`${processes.namespace}.events`, 'transactions.ingested.v1', body);
        await pause(setting.random() * 20);
      }
      await channel.waitForConfirms();
      await model.close();
      await completeJourney(processes, journey);
      await untilQueuesAreEmpty(setting.broker.url, processes.namespace);
      const { parked } = await queueTotals(setting.broker.url, processes.namespace);
      check(parked === count, `${parked} of ${count} are parked`);
      return `${count} parked, ${journey.rows.length} rows arrived`;
    }),
};

/** Shifts the clock of a process before anything else runs in it. */
const shiftedBy = (ms: number): readonly string[] => [
  '--import',
  `data:text/javascript,${encodeURIComponent(
    `const Real = Date; const ahead = ${ms};
     globalThis.Date = class extends Real {
       constructor(...given) { given.length === 0 ? super(Real.now() + ahead) : super(...given); }
       static now() { return Real.now() + ahead; }
     };`,
  )}`,
];

const clockSkew: Scenario = {
  name: 'clock skew',
  fault: 'the clock of categorization is an hour ahead, that of insights an hour behind',
  promise: 'nothing lost, nothing doubled, nothing waits an hour',
  inShort: false,
  run: (setting) =>
    withProcesses(
      setting,
      {
        names: JOURNEY,
        special: {
          categorization: { nodeArguments: shiftedBy(3_600_000) },
          insights: { nodeArguments: shiftedBy(-3_600_000) },
        },
      },
      async (processes) => {
        await startAll(processes.all);
        const journey = beginJourney(processes, 1_000);
        await completeJourney(processes, journey);
        return '1000 rows between clocks two hours apart';
      },
    ),
};

const fullDisk: Scenario = {
  name: 'full disk for logs',
  fault: 'every write of a log line fails with ENOSPC (/dev/full)',
  promise: 'the services stay up and the work is done',
  inShort: true,
  run: (setting) =>
    withProcesses(
      setting,
      {
        names: JOURNEY,
        env: { LOG_LEVEL: 'info' },
        special: Object.fromEntries(JOURNEY.map((name) => [name, { logTo: '/dev/full' }])),
      },
      async (processes) => {
        await startAll(processes.all);
        const journey = beginJourney(processes, 400);
        await completeJourney(processes, journey);
        const ended = processes.all
          .filter(({ unexpectedExits }) => unexpectedExits > 0)
          .map(({ name }) => name);
        check(ended.length === 0, `ended: ${ended.join(', ')}`);
        return '400 rows without a line of log';
      },
    ),
};

const twoSchedulers: Scenario = {
  name: 'two schedulers',
  fault: 'two replicas of insights reach the same ticks of a job that runs each minute',
  promise: 'one run for each tick',
  inShort: false,
  run: (setting) =>
    withProcesses(setting, { names: ['insights'] }, async (processes) => {
      const first = processes.of('insights');
      const second = await first.replica();
      try {
        await startAll([first, second]);
        const rows = processes.collection<{ _id: string; name: string; state: string }>('insights', 'jobs');
        const ticks = await eventually(
          () =>
            rows.find({ name: 'refresh-stale-analyses', state: { $in: ['succeeded', 'failed'] } }).toArray(),
          (runs) => runs.length >= 2,
          { timeoutMs: 150_000, intervalMs: 500 },
        );
        check(
          ticks.every(({ state }) => state === 'succeeded'),
          `runs ended as ${ticks.map(({ state }) => state).join(', ')}`,
        );
        const minutes = new Set(ticks.map(({ _id }) => _id));
        check(minutes.size === ticks.length, 'a tick ran twice');
        return `${ticks.length} ticks, ${ticks.length} runs`;
      } finally {
        await second.end('SIGKILL');
      }
    }),
};

/** The most memory that a process held while something went on. */
async function peakOf(service: ServiceProcess, work: Promise<void>): Promise<number> {
  let peak = 0;
  let isDone = false;
  const watching = (async () => {
    while (!isDone) {
      peak = Math.max(peak, service.residentBytes());
      await pause(50);
    }
  })();
  await work.finally(() => {
    isDone = true;
  });
  await watching;
  return peak;
}

const herd: Scenario = {
  name: 'thundering herd',
  fault: 'a consumer comes back to 2,000 events that waited for it',
  promise: 'ten times as many take at most 1.5 times the memory; all are done',
  inShort: false,
  run: (setting) =>
    withProcesses(setting, { names: JOURNEY }, async (processes) => {
      const insights = processes.of('insights');
      await startAll(processes.all);
      const recorder = await recordEvents(setting.broker.url, processes.namespace);
      const small = beginJourney(processes, 10);
      await completeJourney(processes, small);
      const known = recorder.taken.find(({ routingKey }) => routingKey === 'transactions.categorized.v1');
      check(known !== undefined, 'no event was seen');
      await recorder.channel.unbindQueue(recorder.queue, recorder.exchange, '#');
      const envelope = JSON.parse(String(known?.content)) as Record<string, unknown>;
      // The same facts under new ids: each is handled like any other, and the state stays comparable.
      const backlogOf = async (events: number): Promise<number> => {
        await insights.end('SIGTERM');
        for (let sent = 0; sent < events; sent += 1) {
          const body = Buffer.from(JSON.stringify({ ...envelope, id: randomUUID() }));
          recorder.channel.publish(recorder.exchange, 'transactions.categorized.v1', body, known?.properties);
        }
        await recorder.channel.waitForConfirms();
        insights.start();
        await insights.untilReady(HEALTHY_MS);
        return peakOf(insights, untilQueuesAreEmpty(setting.broker.url, processes.namespace));
      };
      const few = await backlogOf(200);
      const many = await backlogOf(2_000);
      await recorder.model.close();
      await completeJourney(processes, small);
      const ratio = many / few;
      check(ratio <= 1.5, `memory rose to ${ratio.toFixed(2)} times`);
      return `2000 events, ${(many / 1e6).toFixed(0)} MB, ${ratio.toFixed(2)} times that of 200`;
    }),
};

/** Every scenario, the cheapest first. */
export const SCENARIOS: readonly Scenario[] = [
  fullDisk,
  duplicates,
  poison,
  clockSkew,
  herd,
  cutServers,
  slowUpstream,
  frozen,
  readyAgain,
  ...restarts,
  twoSchedulers,
  killJourney,
];
