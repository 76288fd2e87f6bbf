import { randomUUID } from 'node:crypto';
import type { Clock } from '@orrery/calendar';
import { CategorizerTrained } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import type { Runtime } from '@orrery/service-kit';
import type { ActiveModel } from '../active-model.ts';
import { mayReplace } from '../domain/learning/train-candidate.ts';
import type { Scores } from '../domain/learning/score-outcomes.ts';
import type { TrainingOrder, TrainingOutcome } from '../compute/train-in-thread.ts';
import type { ModelScore, ModelStore, TrainedModel } from '../store/model-store.ts';
import type { PoolStore } from '../store/pool-store.ts';

export interface RetrainParts extends Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'> {
  models: ModelStore;
  pool: PoolStore;
  active: ActiveModel;
  clock: Clock;
  /** Version of the shipped model. */
  shippedVersion: string;
  /** Fingerprint of the shipped files. */
  base: string;
  /** Users who must have filed a merchant alike before it is learnt for everybody. */
  minUsers: number;
  train(order: TrainingOrder, signal: AbortSignal): Promise<TrainingOutcome>;
}

const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;

const summaryOf = (scores: Readonly<Record<string, Scores>>): Record<string, ModelScore> =>
  Object.fromEntries(
    Object.entries(scores).map(([name, { rows, accuracy, macroF1 }]) => [
      name,
      { rows, accuracy: rounded(accuracy), macroF1: rounded(macroF1) },
    ]),
  );

const meanOf = (scores: Readonly<Record<string, ModelScore>>, pick: 'accuracy' | 'macroF1'): number => {
  const values = Object.values(scores).map((score) => score[pick]);
  return rounded(values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length));
};

/**
 * Makes the use case of a training: the shipped texts and what enough users agreed on, in a thread; the result decides
 * from then on only when it is not worse on the golden sets than the model at work.
 * @param parts stores, the model at work, clock, transactions and the training
 */
export const createRetrain =
  ({
    models,
    pool,
    active,
    clock,
    shippedVersion,
    base,
    minUsers,
    train,
    inTransaction,
    recordEvents,
  }: RetrainParts) =>
  async (signal: AbortSignal): Promise<TrainedModel> => {
    await active.refresh();
    const corrections = await pool.agreed(minUsers);
    const version = `${shippedVersion}.${randomUUID().slice(0, 8)}`;
    const { model, before, after } = await train({ version, present: active.current(), corrections }, signal);
    const promoted = mayReplace(before, after);
    const packed = promoted ? await models.pack(model) : null;
    const trained: TrainedModel = {
      version,
      base,
      trainedAt: clock.now(),
      promoted,
      corrections: corrections.length,
      scores: summaryOf(after),
    };
    await inTransaction(async (session) => {
      await models.save(trained, packed === null ? null : { model, packed }, session);
      await recordEvents(session, [
        newEvent(CategorizerTrained, 'categorizer', {
          modelVersion: version,
          promoted,
          accuracy: meanOf(trained.scores, 'accuracy'),
          macroF1: meanOf(trained.scores, 'macroF1'),
          corrections: corrections.length,
        }),
      ]);
    });
    await active.refresh();
    return trained;
  };

export type Retrain = ReturnType<typeof createRetrain>;
