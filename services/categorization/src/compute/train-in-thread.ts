import { Worker } from 'node:worker_threads';
import type { AgreedCorrection } from '../domain/learning/train-candidate.ts';
import type { Scores } from '../domain/learning/score-outcomes.ts';
import type { TextModel } from '../domain/text-classifier.ts';

/** What to train. */
export interface TrainingOrder {
  /** Name of the new model. */
  version: string;
  /** The model in use, to compare with; null stands for the shipped one. */
  present: TextModel | null;
  corrections: readonly AgreedCorrection[];
}

/** A trained candidate with scores on the golden sets. */
export interface TrainingOutcome {
  model: TextModel;
  /** Texts that it was trained on. */
  texts: number;
  before: Record<string, Scores>;
  after: Record<string, Scores>;
}

/**
 * Trains a candidate in a thread of its own, which ends with it; decisions go on meanwhile.
 * @param order what to train
 * @param signal ends the thread
 * @throws Error when the thread fails or is ended
 */
export const trainInThread = (order: TrainingOrder, signal: AbortSignal): Promise<TrainingOutcome> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./training.worker.ts', import.meta.url), { workerData: order });
    const end = (): void => {
      void worker.terminate();
    };
    signal.addEventListener('abort', end, { once: true });
    worker.on('message', (outcome: TrainingOutcome) => resolve(outcome));
    worker.on('error', reject);
    worker.on('exit', () => {
      signal.removeEventListener('abort', end);
      reject(new Error('the training was ended before it was done'));
    });
  });
