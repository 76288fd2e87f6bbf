import { listen } from '@orrery/service-kit';
import { createFaults, Fault } from './faults.ts';
import { createRequestListener } from './request-listener.ts';
import type { z } from 'zod';

const CLOSE_WITHIN_MS = 1_000;

/** How a sandbox is started. */
export interface ModelSandboxOptions {
  /** 0 takes a free one. */
  port: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** Name that `/v1/models` lists; default `orrery-rules-1`. */
  model?: string;
  /** Business time; default the machine's clock. */
  now?: () => Date;
  /** Told about faults of the sandbox itself. */
  onFault?: (error: unknown) => void;
}

/** A sandbox that runs. */
export interface ModelSandbox {
  /** Value for `OPENAI_BASE_URL`. */
  url: string;
  /** Completions that were asked for. */
  completions(): number;
  /** Makes the next requests fail, as `POST /_control/faults` does. */
  fail(fault: z.input<typeof Fault>): void;
  /** Forgets the faults that wait. */
  heal(): void;
  stop(): Promise<void>;
}

/**
 * Starts a local server that speaks OpenAI's protocol and answers by rules.
 * @param options where it listens
 * @throws when the port is taken
 */
export async function startModelSandbox(options: ModelSandboxOptions): Promise<ModelSandbox> {
  const faults = createFaults();
  const counts = { completions: 0 };
  const server = await listen(
    createRequestListener({
      model: options.model ?? 'orrery-rules-1',
      faults,
      counts,
      now: options.now ?? (() => new Date()),
      onFault:
        options.onFault ??
        ((error) => {
          process.emitWarning(error instanceof Error ? error : String(error));
        }),
    }),
    { host: options.host ?? '127.0.0.1', port: options.port },
  );
  return {
    url: `${server.url}/v1`,
    completions: () => counts.completions,
    fail: (fault) => {
      faults.add(Fault.parse(fault));
    },
    heal: () => {
      faults.clear();
    },
    async stop() {
      await server.close(CLOSE_WITHIN_MS);
    },
  };
}
