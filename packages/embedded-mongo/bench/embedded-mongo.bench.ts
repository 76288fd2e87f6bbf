import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collection, MongoClient } from 'mongodb';
import { type ChildServer, startChildServer } from '../test/child-server.ts';

const SECONDS = 2;
const BIG_BYTES = 500 * 1024 * 1024;

interface Goal {
  name: string;
  value: number;
  goal: string;
  reached: boolean;
}

const goals: Goal[] = [];

function report(name: string, value: number, goal: string, reached: boolean): void {
  goals.push({ name, value, goal, reached });
  console.log(`${reached ? 'ok  ' : 'MISS'} ${name}: ${value.toFixed(2)} (goal ${goal})`);
}

/** How often an operation can be done a second, by so many clients at once. */
async function rate(operation: () => Promise<unknown>, clients = 1): Promise<number> {
  await operation();
  let count = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() - start < SECONDS * 1000) {
        await operation();
        count += 1;
      }
    }),
  );
  return (count / (performance.now() - start)) * 1000;
}

async function fill(collection: Collection, count: number, text: string): Promise<void> {
  const batch = 5000;
  for (let start = 0; start < count; start += batch) {
    await collection.insertMany(
      Array.from({ length: Math.min(batch, count - start) }, (_unused, n) => ({
        _id: (start + n) as never,
        key: start + n,
        copy: start + n,
        group: (start + n) % 50,
        name: `name ${start + n}`,
        at: new Date((start + n) * 1000),
        text,
      })),
    );
  }
}

async function measure(server: ChildServer): Promise<void> {
  const client = await new MongoClient(server.uri, { maxPoolSize: 60, minPoolSize: 50 }).connect();
  const db = client.db('bench');
  const things = db.collection('things');
  await fill(things, 200_000, 'x'.repeat(150));
  await things.createIndex({ key: 1 });

  const pings = await rate(() => db.command({ ping: 1 }));
  let at = 0;
  const finds = await rate(() => {
    at = (at + 7919) % 200_000;
    return things.findOne({ _id: at as never });
  });
  console.log(`ping ${Math.round(pings)}/s, findOne by _id ${Math.round(finds)}/s`);
  report('findOne by _id / ping', finds / pings, '>= 0.7', finds / pings >= 0.7);

  const inserts = db.collection('inserts');
  const single = await rate(() => inserts.insertOne({ text: 'x'.repeat(200) }));
  const many = await rate(() => inserts.insertOne({ text: 'x'.repeat(200) }), 50);
  console.log(`insert: one client ${Math.round(single)}/s, 50 clients ${Math.round(many)}/s`);
  report('inserts by 50 clients / by one', many / single, '>= 5', many / single >= 5);

  const indexed = await rate(() => things.findOne({ key: 199_000 }));
  const scanStart = performance.now();
  const scans = 3;
  for (let run = 0; run < scans; run += 1) {
    await things.find({ copy: 199_000 }).toArray();
  }
  const scan = (scans / (performance.now() - scanStart)) * 1000;
  console.log(`indexed query ${Math.round(indexed)}/s, scan of 200,000 documents ${scan.toFixed(2)}/s`);
  report('indexed query / scan of 200,000', indexed / scan, '>= 50', indexed / scan >= 50);
  console.log(`scan: ${Math.round(scan * 200_000)} documents/s`);
  await client.close();
}

async function measureStart(directory: string): Promise<void> {
  const first = await startChildServer(directory, ['--nosync']);
  console.log(`start with an empty store: ${Math.round(first.startupMs)} ms`);
  const client = await new MongoClient(first.uri).connect();
  const big = client.db('bench').collection('big');
  await big.createIndex({ key: 1 });
  let size = 0;
  for (let start = 0; size < BIG_BYTES; start += 5000) {
    await big.insertMany(
      Array.from({ length: 5000 }, (_unused, n) => ({ key: start + n, text: 'x'.repeat(400) })),
    );
    ({ size } = await stat(join(directory, 'data.mdb')));
  }
  await client.close();
  await first.kill();
  const second = await startChildServer(directory, ['--nosync']);
  const asking = await new MongoClient(second.uri).connect();
  await asking.db('bench').collection('big').findOne({ key: 77 });
  await asking.close();
  await second.stop();
  report(
    `start after kill -9 with ${Math.round(size / 1048576)} MB (ms)`,
    second.startupMs,
    '< 2000',
    second.startupMs < 2000,
  );
}

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'embedded-mongo-bench-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

await inDirectory(async (directory) => {
  const server = await startChildServer(directory);
  await measure(server);
  await server.stop();
});
await inDirectory(measureStart);
process.exitCode = goals.every((goal) => goal.reached) ? 0 : 1;
