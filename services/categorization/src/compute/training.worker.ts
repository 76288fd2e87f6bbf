import { parentPort, workerData } from 'node:worker_threads';
import { loadArtifacts, loadTrainingMaterial } from '../artifacts/load-artifacts.ts';
import { measureGolden, toAgreedTexts, trainClassifier } from '../domain/learning/train-candidate.ts';
import type { TrainingOrder, TrainingOutcome } from './train-in-thread.ts';

/** The order comes from `trainInThread` in the same release, over a typed call. */
const { version, present, corrections } = workerData as TrainingOrder;
const artifacts = loadArtifacts();
const material = loadTrainingMaterial();
const model = trainClassifier(
  [...material.texts, ...toAgreedTexts(corrections)],
  material.settings,
  material.seed + 1,
  version,
);
const outcome: TrainingOutcome = {
  model,
  texts: material.texts.length + corrections.length,
  before: measureGolden(material.golden, { ...artifacts, model: present ?? artifacts.model }),
  after: measureGolden(material.golden, { ...artifacts, model }),
};
parentPort?.postMessage(outcome);
