import { parentPort, workerData } from 'node:worker_threads';
import type { AggregationJob } from './aggregation.ts';
import { runWholePipeline } from './aggregation.ts';
import type { ThreadReply, ThreadRequest } from './aggregation-thread.ts';
import { Catalog, readCollation } from './catalog.ts';
import {
  documentOption,
  documentsOption,
  hintOption,
  optionalField,
  requiredString,
} from './command-options.ts';
import { MongoServerError } from './semantics/errors.ts';
import { openLmdbStore } from './storage/lmdb-store.ts';
import { decodeDocument } from './wire/bson-decode.ts';
import { encodeDocument } from './wire/bson-encode.ts';

const { directory } = workerData as { directory: string };
const store = openLmdbStore(directory, { durability: 'sync' });
const catalog = new Catalog();

function readJob(bytes: Uint8Array): AggregationJob {
  const document = decodeDocument(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const collection = document.collection;
  const collation = readCollation(optionalField(document, 'collation'));
  const variables = documentOption(document, 'let');
  const hint = hintOption(document);
  return {
    database: requiredString(document, 'database'),
    ...(typeof collection === 'string' ? { collection } : {}),
    pipeline: documentsOption(document, 'pipeline') ?? [],
    ...(collation === undefined ? {} : { collation }),
    ...(variables === undefined ? {} : { let: variables }),
    now: document.now instanceof Date ? document.now : new Date(),
    ...(hint === undefined ? {} : { hint }),
  };
}

function answer(request: ThreadRequest): ThreadReply {
  const cancelled = new Int32Array(request.cancelled);
  const checkpoint = (): void => {
    if (Atomics.load(cancelled, 0) !== 0) {
      throw new MongoServerError(11601, 'operation was interrupted');
    }
  };
  const snapshot = store.snapshot();
  try {
    const { results, output } = runWholePipeline(snapshot, catalog, readJob(request.job), checkpoint);
    return {
      id: request.id,
      results: results.map((document) => encodeDocument(document)),
      ...(output === undefined
        ? {}
        : {
            output: {
              stage: encodeDocument(output.stage),
              documents: output.documents.map((document) => encodeDocument(document)),
            },
          }),
    };
  } catch (error) {
    const known = error instanceof MongoServerError ? error : new MongoServerError(1, String(error));
    return {
      id: request.id,
      error: { code: known.code, message: known.message, details: encodeDocument(known.details) },
    };
  } finally {
    snapshot.release();
  }
}

parentPort?.on('message', (request: ThreadRequest | 'close') => {
  if (request === 'close') {
    // The store is closed here and the thread ends by itself: ending it from outside would tear the store down
    // under the other threads of the process.
    void store.close().then(() => parentPort?.close());
  } else {
    parentPort?.postMessage(answer(request));
  }
});
