import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { StartError, orPortTaken } from './settings.ts';

/** A database server that runs beside the services. */
export interface EmbeddedDatabase {
  uri: string;
  stop(): Promise<void>;
}

const FromWorker = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('listening'), uri: z.string() }),
  z.object({ kind: z.literal('failed'), message: z.string(), code: z.unknown().optional() }),
  z.object({ kind: z.literal('stopped') }),
]);

/**
 * Starts the embedded database in a thread of its own, so that a long query never delays a request.
 * @param where data directory and port
 * @throws StartError when the port is taken or the directory is in use
 */
export async function startEmbeddedDatabase(where: {
  dataDirectory: string;
  port: number;
}): Promise<EmbeddedDatabase> {
  const worker = new Worker(new URL('./embedded-database.worker.ts', import.meta.url), { workerData: where });
  const [raw] = (await once(worker, 'message')) as [unknown];
  const message = FromWorker.parse(raw);
  if (message.kind !== 'listening') {
    const error = new StartError(
      `The embedded database did not start: ${message.kind === 'failed' ? message.message : 'it stopped'}`,
    );
    const code = message.kind === 'failed' ? message.code : undefined;
    throw orPortTaken(Object.assign(error, { code }), where.port, 'EMBEDDED_MONGO_PORT');
  }
  worker.on('error', (error) => {
    console.error(`The embedded database failed: ${error.message}`);
    process.exit(1);
  });
  return {
    uri: message.uri,
    async stop() {
      const stopped = once(worker, 'exit');
      worker.postMessage('stop');
      await stopped;
    },
  };
}
