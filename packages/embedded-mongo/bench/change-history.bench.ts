import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collection, MongoClient } from 'mongodb';
import { type ChildServer, startChildServer } from '../test/child-server.ts';

/**
 * What change history costs the server, in its own processor time: the same writes to a database that nobody
 * watches, and to one that a stream was opened on.
 */
const ROUNDS = 5;
const CLIENTS = 20;
const OPERATIONS = 6000;
const TEXT = 'x'.repeat(200);

type Costs = Record<string, number[]>;

/** Processor time of a process so far, in milliseconds (Linux counts in hundredths of a second). */
async function processorTime(server: ChildServer): Promise<number> {
  const text = await readFile(`/proc/${server.process.pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function inParallel(work: (index: number) => Promise<unknown>): Promise<void> {
  const share = OPERATIONS / CLIENTS;
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_unused, client) => {
      for (let index = 0; index < share; index += 1) {
        await work(client * share + index);
      }
    }),
  );
}

async function writesOf(server: ChildServer, rows: Collection<{ _id: string }>, costs: Costs): Promise<void> {
  const timed = async (name: string, count: number, work: () => Promise<void>): Promise<void> => {
    const start = await processorTime(server);
    await work();
    (costs[name] ??= []).push((((await processorTime(server)) - start) * 1000) / count);
  };
  await inParallel((n) => rows.insertOne({ _id: `w${n}` }));
  await timed('insertOne', OPERATIONS, () =>
    inParallel((n) => rows.insertOne({ _id: `a${n}`, n, text: TEXT } as { _id: string })),
  );
  await timed('updateOne', OPERATIONS, () =>
    inParallel((n) => rows.updateOne({ _id: `a${n}` }, { $set: { n: -n }, $inc: { m: 1 } })),
  );
  await timed('insertMany', OPERATIONS * 5, async () => {
    for (let batch = 0; batch < 15; batch += 1) {
      await rows.insertMany(
        Array.from({ length: (OPERATIONS * 5) / 15 }, (_unused, n) => ({
          _id: `m${batch}.${n}`,
          text: TEXT,
        })),
      );
    }
  });
  await timed('deleteOne', OPERATIONS, () => inParallel((n) => rows.deleteOne({ _id: `a${n}` })));
}

async function measure(watched: boolean, costs: Costs): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'embedded-mongo-bench-'));
  const server = await startChildServer(directory, ['--nosync']);
  const client = await new MongoClient(server.uri, { maxPoolSize: CLIENTS }).connect();
  const rows = client.db('bench').collection<{ _id: string }>('rows');
  if (watched) {
    const stream = rows.watch();
    await stream.tryNext();
    await stream.close();
  }
  await writesOf(server, rows, costs);
  await client.close();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}

const plain: Costs = {};
const watched: Costs = {};
for (let round = 0; round < ROUNDS; round += 1) {
  await measure(false, plain);
  await measure(true, watched);
}
const smallest = (values: readonly number[] = []): number => Math.min(...values);
for (const name of Object.keys(plain)) {
  const without = smallest(plain[name]);
  const within = smallest(watched[name]);
  console.log(
    `${name}: ${without.toFixed(0)} us without a stream, ${within.toFixed(0)} us after one was opened (${(within / without).toFixed(2)})`,
  );
}
