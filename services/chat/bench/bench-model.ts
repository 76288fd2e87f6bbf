import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A model that says a few words with a pause before each, and remembers when the first one left. */
export interface BenchModel {
  url: string;
  /** `performance.now()` at which the first word of the latest conversation left. */
  firstWordAt(): number;
  stop(): Promise<void>;
}

const WORDS = ['Good', ' morning', ' and', ' welcome', ' back', ' to', ' you'];
const GAP_MS = 15;

/** Starts the model. Requests for titles are answered at once and not timed. */
export async function startBenchModel(): Promise<BenchModel> {
  let firstWordAt = 0;
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) {
        chunks.push(Buffer.from(chunk));
      }
      const asked = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { stream?: boolean };
      const base = { id: 'x', object: 'chat.completion.chunk', created: 0, model: 'bench' };
      if (asked.stream !== true) {
        const message = { role: 'assistant', content: 'A title' };
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify({ ...base, choices: [{ index: 0, message, finish_reason: 'stop' }] }));
        return;
      }
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.flushHeaders();
      for (const [index, content] of WORDS.entries()) {
        await pause(GAP_MS);
        if (index === 0) {
          firstWordAt = performance.now();
        }
        const choices = [{ index: 0, delta: { content }, finish_reason: null }];
        response.write(`data: ${JSON.stringify({ ...base, choices })}\n\n`);
      }
      const choices = [{ index: 0, delta: {}, finish_reason: 'stop' }];
      response.write(`data: ${JSON.stringify({ ...base, choices })}\n\n`);
      response.end('data: [DONE]\n\n');
    };
    answer().catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/v1`,
    firstWordAt: () => firstWordAt,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
