import { once } from 'node:events';
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
  /** One 32-bit number; the pipeline ends early when it is no longer 0. */
  cancelled: SharedArrayBuffer;
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
  cancel: () => void;
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
    const { error, results = [], output } = await this.ask(job, deadline);
    if (error !== undefined) {
      throw new MongoServerError(error.code, error.message, decodeDocument(buffer(error.details)));
    }
    if (output === undefined) {
      return { results, output };
    }
    const documents = output.documents.map((document): BsonDocument => decodeDocument(buffer(document)));
    return { results, output: { stage: decodeDocument(buffer(output.stage)), documents } };
  }

  /** Lets what is running end early, and ends the thread. */
  async stop(): Promise<void> {
    const { worker } = this;
    this.worker = undefined;
    this.failAll(new MongoServerError(11601, 'operation was interrupted'));
    if (worker !== undefined) {
      const exited = once(worker, 'exit');
      worker.postMessage('close');
      await exited;
    }
  }

  private ask(job: AggregationJob, deadline: number | undefined): Promise<ThreadReply> {
    const id = this.nextId;
    this.nextId += 1;
    const worker = this.start();
    const cancelled = new SharedArrayBuffer(4);
    const cancel = (): void => {
      Atomics.store(new Int32Array(cancelled), 0, 1);
    };
    return new Promise<ThreadReply>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      this.waiting.set(id, {
        cancel,
        resolve: (reply) => {
          clearTimeout(timer);
          resolve(reply);
        },
        reject: (reason) => {
          clearTimeout(timer);
          reject(reason);
        },
      });
      if (deadline !== undefined) {
        timer = setTimeout(
          () => {
            this.waiting.delete(id);
            cancel();
            reject(timeLimitError());
          },
          Math.max(0, deadline - performance.now()),
        );
      }
      const request: ThreadRequest = { id, job: encodeDocument({ ...job }), cancelled };
      worker.postMessage(request);
    });
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
    for (const { reject, cancel } of this.waiting.values()) {
      cancel();
      reject(reason);
    }
    this.waiting.clear();
  }
}
