import { Worker } from 'node:worker_threads';
import type { AggregationJob, PipelineOutput } from './aggregation.ts';
import { timeLimitError } from './engine.ts';
import { MongoServerError } from './semantics/errors.ts';
import type { BsonDocument } from './semantics/types.ts';
import { decodeDocument } from './wire/bson-decode.ts';
import { encodeDocument } from './wire/bson-encode.ts';

/** What goes to the thread. */
export interface ThreadRequest {
  id: number;
  /** The job as BSON. */
  job: Uint8Array;
}

/** What comes back: results, or an error. */
export interface ThreadReply {
  id: number;
  results?: Uint8Array[];
  output?: { stage: Uint8Array; documents: Uint8Array[] };
  error?: { code: number; message: string; details: Uint8Array };
}

interface Waiting {
  resolve: (reply: ThreadReply) => void;
  reject: (reason: unknown) => void;
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Runs long pipelines on another thread that reads the same store, so that they hold up nobody. */
export class AggregationThread {
  private readonly directory: string;
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;

  /** `directory` is that of the store. The thread starts when it is first needed. */
  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Runs a pipeline over what is committed now. `deadline` (as of performance.now()) ends it with
   * MongoServerError 50.
   */
  async run(
    job: AggregationJob,
    deadline: number | undefined,
  ): Promise<{ results: Uint8Array[]; output: PipelineOutput | undefined }> {
    const id = this.nextId;
    this.nextId += 1;
    const worker = this.start();
    const reply = await new Promise<ThreadReply>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      const timer =
        deadline === undefined
          ? undefined
          : setTimeout(
              () => {
                reject(timeLimitError());
                this.waiting.delete(id);
                // The only way to end a pipeline that is running; others that wait there fail with it.
                void this.stop();
              },
              Math.max(0, deadline - performance.now()),
            );
      const settle = this.waiting.get(id);
      if (timer !== undefined && settle !== undefined) {
        this.waiting.set(id, {
          resolve: (value) => {
            clearTimeout(timer);
            resolve(value);
          },
          reject: (reason) => {
            clearTimeout(timer);
            reject(reason);
          },
        });
      }
      const request: ThreadRequest = { id, job: encodeDocument({ ...job }) };
      worker.postMessage(request);
    });
    if (reply.error !== undefined) {
      throw new MongoServerError(
        reply.error.code,
        reply.error.message,
        decodeDocument(buffer(reply.error.details)),
      );
    }
    const { output } = reply;
    return {
      results: reply.results ?? [],
      output:
        output === undefined
          ? undefined
          : {
              stage: decodeDocument(buffer(output.stage)),
              documents: output.documents.map((document): BsonDocument => decodeDocument(buffer(document))),
            },
    };
  }

  /** Ends the thread. */
  async stop(): Promise<void> {
    const { worker } = this;
    this.worker = undefined;
    this.failAll(new MongoServerError(11601, 'operation was interrupted'));
    await worker?.terminate();
  }

  private start(): Worker {
    if (this.worker !== undefined) {
      return this.worker;
    }
    const worker = new Worker(new URL('./aggregation-worker.ts', import.meta.url), {
      workerData: { directory: this.directory },
    });
    worker.unref();
    worker.on('message', (reply: ThreadReply) => {
      const waiting = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      waiting?.resolve(reply);
    });
    worker.on('error', (error) => {
      this.abandon(worker, error);
    });
    worker.on('exit', () => {
      this.abandon(worker, new MongoServerError(11601, 'operation was interrupted'));
    });
    this.worker = worker;
    return worker;
  }

  private abandon(worker: Worker, reason: unknown): void {
    if (this.worker === worker) {
      this.worker = undefined;
      this.failAll(reason);
    }
  }

  private failAll(reason: unknown): void {
    for (const { reject } of this.waiting.values()) {
      reject(reason);
    }
    this.waiting.clear();
  }
}
