import { join } from 'node:path';
import { forecast } from '../src/domain/forecast/forecast.ts';
import { readEvaluationSeries, score } from './forecast-score.ts';

/** Scores the forecaster on `forecast/dev.csv` below the folder that ORRERY_EVALUATION_DATA names. */
const folder = process.env['ORRERY_EVALUATION_DATA'];
if (folder === undefined) {
  console.log('forecast: skipped, ORRERY_EVALUATION_DATA names no folder with evaluation data');
} else {
  const series = readEvaluationSeries(join(folder, 'forecast', 'dev.csv'));
  const sets = Map.groupBy(series, ({ source, frequency }) => `${frequency} ${source.split('/')[0] ?? ''}`);
  const daily = series.filter(({ frequency }) => frequency === 'daily');
  for (const [name, set] of [...sets, ['daily all', daily] as const]) {
    const result = score(set, ({ train, test, period }) => forecast(train, { period, horizon: test.length }));
    console.log(
      [
        `forecast ${name}`,
        `series=${String(result.series)}`,
        `owa=${result.owa.toFixed(3)}`,
        'naive2=1',
        `smape=${result.smape.toFixed(3)}/${result.naiveSmape.toFixed(3)}`,
        `mase=${result.mase.toFixed(3)}/${result.naiveMase.toFixed(3)}`,
        `coverage80=${result.coverage.toFixed(3)}`,
        `ms=${result.msPerSeries.toFixed(1)}`,
      ].join(' '),
    );
  }
}
