import { anAdmin, aUser, startTestService } from '@orrery/testing';
import { segmentation } from '../src/index.ts';

/** How long predictions take while a model is trained, beside the same when nothing else is at work. */
const EXAMPLE = { sex: 'Male', age: 35, annual_income: 65, spending_score: 75, purchase_frequency: 12 };
const IDLE_CALLS = 150;

const service = await startTestService(segmentation);
const admin = anAdmin();
const user = aUser();

const predict = async (): Promise<number> => {
  const startedAt = performance.now();
  await service.call('/predict', { as: user, method: 'POST', json: EXAMPLE });
  return performance.now() - startedAt;
};
const shown = (times: readonly number[]): string => {
  const sorted = [...times].sort((left, right) => left - right);
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);
  return `${String(times.length)} predictions, median ${at(0.5)} ms, 99 % ${at(0.99)} ms, slowest ${at(1)} ms`;
};

await service.call('/train', { as: admin, method: 'POST' });
const idle: number[] = [];
for (let call = 0; call < IDLE_CALLS; call += 1) {
  idle.push(await predict());
}
let isTraining = true;
const training = service.call('/train', { as: admin, method: 'POST' }).finally(() => {
  isTraining = false;
});
const busy: number[] = [];
while (isTraining) {
  busy.push(await predict());
}
await training;
await service.stop();

process.stdout.write(
  `alone:           ${shown(idle)}\nwhile training:  ${shown(busy)} (goal: all within 200 ms)\n`,
);
