import { Long } from 'bson';
import { newUuid } from '../src/catalog.ts';
import { checkConsistency } from '../src/index.ts';
import { type ChildServer, startChildServer } from './child-server.ts';
import { CLOSED, RawClient } from './raw-client.ts';

type Command = Record<string, unknown>;

/** What several rounds of killing a server under load showed. */
export interface KillReport {
  rounds: number;
  acknowledged: number;
  /** Writes that had no answer when the server was killed, and were sent again with the same number. */
  repeated: number;
  slowestStartMs: number;
  documents: number;
  /** One sentence for each broken promise; empty when all were kept. */
  problems: string[];
}

/** Settings of `runKillRounds`. */
export interface KillOptions {
  directory: string;
  rounds: number;
  seed: number;
  writers?: number;
  /** Longest time in milliseconds until the server is killed. */
  longestMs?: number;
  onRound?: (round: number, report: KillReport) => void;
}

/** A small seeded generator of numbers from 0 to 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const ACCOUNTS = 20;
const START_BALANCE = 1000;

/** One client that writes until its connection ends, and knows what it was promised. */
class Writer {
  readonly inserted = new Map<string, boolean>();
  count = 0;
  acknowledged = 0;
  repeated = 0;
  private readonly id: number;
  private readonly random: () => number;
  private readonly lsid = { id: newUuid() };
  private number = 0;
  private next = 0;
  private pending: { command: Command; done: () => void } | undefined;

  constructor(id: number, random: () => number) {
    this.id = id;
    this.random = random;
  }

  /** Writes until the server is gone. */
  async work(client: RawClient): Promise<void> {
    try {
      for (;;) {
        await this.step(client);
      }
    } catch (error) {
      client.close();
      if (!(error instanceof Error) || error.message !== CLOSED) {
        throw error;
      }
    }
  }

  /** Sends again what had no answer, and nothing more. */
  async finish(client: RawClient): Promise<void> {
    if (this.pending !== undefined) {
      this.repeated += 1;
      await this.send(client, this.pending.command, this.pending.done);
    }
  }

  private async step(client: RawClient): Promise<void> {
    const choice = this.random();
    if (choice < 0.5) {
      const key = `${this.id}-${this.next}`;
      this.next += 1;
      const documents = [
        { _id: key, writer: this.id, size: this.next, tags: [this.next % 7, 'x'], text: 'x'.repeat(200) },
      ];
      await this.numbered(client, { insert: 'documents', documents }, () => this.inserted.set(key, true));
    } else if (choice < 0.7) {
      const updates = [{ q: { _id: this.id }, u: { $inc: { count: 1 } }, upsert: true }];
      await this.numbered(client, { update: 'counters', updates }, () => {
        this.count += 1;
      });
    } else if (choice < 0.8) {
      const alive = [...this.inserted].find(([, present]) => present);
      if (alive !== undefined) {
        const deletes = [{ q: { _id: alive[0] }, limit: 1 }];
        await this.numbered(client, { delete: 'documents', deletes }, () =>
          this.inserted.set(alive[0], false),
        );
      }
    } else {
      await this.transfer(client);
    }
  }

  private async numbered(client: RawClient, command: Command, done: () => void): Promise<void> {
    this.number += 1;
    const whole = { ...command, $db: 'kill', lsid: this.lsid, txnNumber: Long.fromNumber(this.number) };
    this.pending = { command: whole, done };
    await this.send(client, whole, done);
  }

  private async send(client: RawClient, command: Command, done: () => void): Promise<void> {
    const reply = await client.command(command);
    if (reply.ok !== 1 || reply.writeErrors !== undefined || reply.n !== 1) {
      throw new Error(`unexpected reply ${JSON.stringify(reply)}`);
    }
    this.pending = undefined;
    this.acknowledged += 1;
    done();
  }

  /** Moves money between two accounts; the sum over all stays the same whether or not it happens. */
  private async transfer(client: RawClient): Promise<void> {
    this.number += 1;
    const part = { $db: 'kill', lsid: this.lsid, txnNumber: Long.fromNumber(this.number), autocommit: false };
    const amount = Math.floor(this.random() * 50);
    const accounts = [this.random(), this.random()].map((random) => Math.floor(random * ACCOUNTS));
    for (const [at, account] of accounts.entries()) {
      const updates = [{ q: { _id: account }, u: { $inc: { balance: at === 0 ? -amount : amount } } }];
      const start = at === 0 ? { startTransaction: true } : {};
      const reply = await client.command({ update: 'accounts', updates, ...part, ...start });
      if (reply.ok !== 1) {
        return;
      }
    }
    await client.command({ commitTransaction: 1, ...part, $db: 'admin' });
  }
}

async function prepare(server: ChildServer): Promise<void> {
  const client = await RawClient.connect(server.port);
  const accounts = Array.from({ length: ACCOUNTS }, (_unused, _id) => ({ _id, balance: START_BALANCE }));
  await client.command({ insert: 'accounts', documents: accounts, $db: 'kill' });
  const indexes = [
    { key: { writer: 1, size: -1 }, name: 'writer' },
    { key: { tags: 1 }, name: 'tags' },
    { key: { size: 1 }, name: 'partial', partialFilterExpression: { size: { $gt: 100 } } },
  ];
  await client.command({ createIndexes: 'documents', indexes, $db: 'kill' });
  client.close();
}

async function everything(client: RawClient, collection: string): Promise<Command[]> {
  const first = await client.command({
    find: collection,
    batchSize: 1_000_000,
    projection: { text: 0 },
    $db: 'kill',
  });
  return first.cursor.firstBatch as Command[];
}

async function verify(server: ChildServer, writers: readonly Writer[], problems: string[]): Promise<void> {
  const client = await RawClient.connect(server.port);
  const found = new Set((await everything(client, 'documents')).map((document) => document._id));
  const counters = new Map((await everything(client, 'counters')).map((one) => [one._id, one.count]));
  const accounts = await everything(client, 'accounts');
  client.close();
  for (const [id, writer] of writers.entries()) {
    for (const [key, present] of writer.inserted) {
      if (found.has(key) !== present) {
        problems.push(`document ${key} is ${present ? 'lost' : 'back'}`);
      }
    }
    if ((counters.get(id) ?? 0) !== writer.count) {
      problems.push(`counter ${id} is ${String(counters.get(id))} instead of ${writer.count}`);
    }
  }
  const sum = accounts.reduce((total, account) => total + Number(account.balance), 0);
  if (sum !== ACCOUNTS * START_BALANCE) {
    problems.push(`the accounts hold ${sum} instead of ${ACCOUNTS * START_BALANCE}`);
  }
}

/**
 * Kills a server under load again and again. After each restart, writes without an answer are sent again with the
 * same number; then every acknowledged write must be there once, the sum of transfers unchanged, and every index
 * in agreement with its documents.
 */
export async function runKillRounds(options: KillOptions): Promise<KillReport> {
  const { directory, rounds, seed, writers: count = 10, longestMs = 1200 } = options;
  const random = seeded(seed);
  const report: KillReport = {
    rounds: 0,
    acknowledged: 0,
    repeated: 0,
    slowestStartMs: 0,
    documents: 0,
    problems: [],
  };
  const writers = Array.from({ length: count }, (_unused, id) => new Writer(id, random));
  for (let round = 0; round <= rounds; round += 1) {
    const server = await startChildServer(directory);
    report.slowestStartMs = Math.max(report.slowestStartMs, server.startupMs);
    if (round === 0) {
      await prepare(server);
    } else {
      await settle(server, writers);
      await verify(server, writers, report.problems);
    }
    const clients = await Promise.all(writers.map(() => RawClient.connect(server.port)));
    const work = writers.map((writer, id) => {
      const client = clients[id];
      return client === undefined ? Promise.resolve() : writer.work(client);
    });
    await new Promise((resolve) => setTimeout(resolve, 100 + random() * longestMs));
    if (round === rounds) {
      // The last time the writers stop between two writes, so that everything they did was answered.
      for (const client of clients) {
        client.close();
      }
      await Promise.all(work);
      await settle(server, writers);
      await verify(server, writers, report.problems);
      await server.stop();
    } else {
      await server.kill();
      await Promise.all(work);
      report.rounds += 1;
    }
    const checked = await checkConsistency(directory);
    report.problems.push(...checked.problems);
    report.documents = checked.documents;
    report.acknowledged = writers.reduce((sum, writer) => sum + writer.acknowledged, 0);
    report.repeated = writers.reduce((sum, writer) => sum + writer.repeated, 0);
    options.onRound?.(round, report);
  }
  return report;
}

/** Sends again what the closed connections left without an answer. */
async function settle(server: ChildServer, writers: readonly Writer[]): Promise<void> {
  for (const writer of writers) {
    const client = await RawClient.connect(server.port);
    await writer.finish(client);
    client.close();
  }
}
