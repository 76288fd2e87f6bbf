import { scoreAnomalies } from '../test/generators/score-anomalies.ts';

/** Scores the detector of unusual purchases on freshly generated users; a seed as argument repeats a run. */
const seed = Number(process.argv[2] ?? Math.floor(Math.random() * 1e9));
const { recallByKind, ...figures } = scoreAnomalies(
  Array.from({ length: 60 }, (_unused, index) => seed + index),
);
console.log(
  `anomalies seed=${String(seed)} ${[...Object.entries(figures), ...Object.entries(recallByKind)]
    .map(([key, value]) => `${key}=${value.toFixed(3)}`)
    .join(' ')}`,
);
