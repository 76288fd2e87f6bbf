import { loadArtifacts, parseLexicon } from '../src/artifacts/load-artifacts.ts';
import { decideFromText } from '../src/domain/decide-from-text.ts';
import { findByScanning } from '../src/domain/merchant-lexicon.ts';
import { readMerchantName } from '../src/domain/merchant-name.ts';
import { createTextDecisions } from '../src/text-decisions.ts';
import { lexiconText } from '../training/build-lexicon.ts';
import { loadGolden } from '../training/load-sources.ts';

const ROUNDS = 15;
const rows = ['en', 'fr', 'ko'].flatMap(loadGolden);
const artifacts = loadArtifacts();
const texts = createTextDecisions(artifacts);
const entries = parseLexicon(lexiconText());

/** The shape of categoriser that this one replaces: thirty patterns, the first match wins. */
const PATTERNS = Array.from({ length: 30 }, (_unused, index) => {
  const forms = entries.slice(index * 40, index * 40 + 12).map((entry) => entry.forms[0] ?? '');
  return new RegExp(forms.map((form) => form.replace(/[^a-z0-9\uac00-\ud7a3 ]/g, '')).join('|'), 'i');
});

/** Rows a second of processor time, after one round to warm up: neighbours on the machine do not count. */
const perSecond = (count: number, work: () => void): number => {
  work();
  const started = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(started);
  return (count * 1_000_000) / (user + system);
};

const cold = perSecond(rows.length * ROUNDS, () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const row of rows) {
      decideFromText(row, readMerchantName(row.description), artifacts);
    }
  }
});
const cached = perSecond(rows.length * ROUNDS, () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const row of rows) {
      texts.read(row);
    }
  }
});
const patterns = perSecond(rows.length * ROUNDS, () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const row of rows) {
      PATTERNS.find((pattern) => pattern.test(row.description));
    }
  }
});
const sample = rows.slice(0, 60);
const scanning = perSecond(sample.length, () => {
  for (const row of sample) {
    findByScanning(entries, readMerchantName(row.description).body);
  }
});

const PASSES = 5;
/** The 99th percentile of single decisions; the best of some passes, since a pass may be interrupted. */
const slowest = Math.min(
  ...Array.from({ length: PASSES }, () => {
    const times = rows.map((row) => {
      const started = performance.now();
      decideFromText(row, readMerchantName(row.description), artifacts);
      return performance.now() - started;
    });
    times.sort((a, b) => a - b);
    return times[Math.floor(times.length * 0.99)] ?? 0;
  }),
);

const rounded = (value: number): string => Math.round(value).toLocaleString('en');
process.stdout.write(
  [
    `every text new:          ${rounded(cold)} a second and core`,
    `texts seen before:       ${rounded(cached)} a second and core`,
    `30 patterns in a row:    ${rounded(patterns)} a second (ratio ${(cold / patterns).toFixed(2)})`,
    `scanning ${rounded(entries.length)} names:   ${rounded(scanning)} a second (ratio ${(cold / scanning).toFixed(0)})`,
    `one decision, p99:       ${slowest.toFixed(3)} ms`,
    '',
  ].join('\n'),
);
