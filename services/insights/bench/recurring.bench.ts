import { CLEAN, HARD, MIXED } from '../test/generators/recurring-user.ts';
import { scoreRecurring } from '../test/generators/score-recurring.ts';

/** Scores the detector of recurring payments on freshly generated users; a seed as argument repeats a run. */
const seed = Number(process.argv[2] ?? Math.floor(Math.random() * 1e9));
const seeds = Array.from({ length: 300 }, (_unused, index) => seed + index);
for (const [name, difficulty] of Object.entries({ clean: CLEAN, hard: HARD, mixed: MIXED })) {
  const score = scoreRecurring(seeds, difficulty);
  console.log(
    `recurring ${name} seed=${String(seed)} ${Object.entries(score)
      .map(([key, value]) => `${key}=${value.toFixed(3)}`)
      .join(' ')}`,
  );
}
