import { parentPort, workerData } from 'node:worker_threads';
import { startEmbeddedMongo } from '@orrery/embedded-mongo';
import { z } from 'zod';

const where = z.object({ dataDirectory: z.string(), port: z.int() }).parse(workerData);

try {
  const server = await startEmbeddedMongo(where);
  parentPort?.on('message', () => {
    void server.stop().then(() => {
      parentPort?.close();
    });
  });
  parentPort?.postMessage({ kind: 'listening', uri: server.uri });
} catch (error) {
  parentPort?.postMessage({
    kind: 'failed',
    message: error instanceof Error ? error.message : String(error),
    ...(error instanceof Error && 'code' in error ? { code: error.code } : {}),
  });
}
