import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';

const POLL_MS = 200;
const PATIENCE_MS = 120_000;

const Models = z.object({
  data: z.array(z.object({ name: z.string(), serving: z.object({}).nullable() })),
});
const Started = z.object({ jobId: z.string() });
const Rebuild = z.object({ task_id: z.string() });
const Run = z.object({
  state: z.enum(['queued', 'running', 'succeeded', 'failed']),
  error: z.object({ message: z.string() }).nullable(),
});

export interface TrainingParts {
  gatewayUrl: string;
  /** Of an administrator. */
  token: string;
  progress(text: string): void;
}

const call = async (parts: TrainingParts, path: string, method = 'GET'): Promise<unknown> => {
  const response = await fetch(`${parts.gatewayUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${parts.token}` },
  });
  if (!response.ok) {
    throw new Error(`${method} ${path} was refused with ${response.status}`);
  }
  return response.json();
};

/** Jobs of the demo's trainings, by the model that each trains. */
export type Trainings = ReadonlyMap<string, string>;

/**
 * Starts the trainings of models that no version of serves yet; they go on while other demo data are loaded.
 * @param parts where and as whom
 * @param names the models that are wanted
 * @returns the started jobs
 * @throws Error when the constellation refuses
 */
export async function startTrainings(parts: TrainingParts, names: readonly string[]): Promise<Trainings> {
  const { data } = Models.parse(await call(parts, '/v1/models'));
  const missing = data.filter(({ name, serving }) => serving === null && names.includes(name));
  return new Map(
    await Promise.all(
      missing.map(async ({ name }): Promise<[string, string]> => {
        if (name === 'spending') {
          const reply = Rebuild.parse(await call(parts, '/admin/rebuild-clusters', 'POST'));
          return [name, reply.task_id];
        }
        return [name, Started.parse(await call(parts, `/v1/models/${name}/train`, 'POST')).jobId];
      }),
    ),
  );
}

/**
 * Waits for the ends of trainings.
 * @param parts where and as whom
 * @param trainings the started jobs
 * @throws Error when one fails or does not end in time
 */
export async function awaitTrainings(parts: TrainingParts, trainings: Trainings): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (const [name, jobId] of trainings) {
    for (;;) {
      const run = Run.parse(await call(parts, `/admin/jobs/${jobId}`));
      if (run.state === 'succeeded') {
        break;
      }
      if (run.state === 'failed' || Date.now() > deadline) {
        throw new Error(`the ${name} model was not trained: ${run.error?.message ?? 'it takes too long'}`);
      }
      parts.progress(`Demo data: training the ${name} model`);
      await pause(POLL_MS);
    }
  }
}
