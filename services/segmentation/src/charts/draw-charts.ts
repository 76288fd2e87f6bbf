import type { Language } from '@orrery/contracts';
import type { CurvePoint } from '../domain/choose-k.ts';
import type { Persona, SegmentModel, Texts } from '../domain/segment-model.ts';
import { atX, atY, axes, scaleFor } from './axes.ts';
import { colourOf, element, label, picture, WIDTH } from './svg.ts';
import type { Svg } from './svg.ts';

const WORDS = {
  shares: { en: 'Share of each segment', fr: 'Part de chaque segment', ko: '세그먼트별 비중' },
  sizes: { en: 'Size of each segment', fr: 'Taille de chaque segment', ko: '세그먼트별 크기' },
  size: { en: 'rows', fr: 'lignes', ko: '행' },
  profile: {
    en: 'How segments differ from the average',
    fr: 'Écart des segments à la moyenne',
    ko: '평균과의 차이',
  },
  deviations: { en: 'standard deviations', fr: 'écarts-types', ko: '표준편차' },
  segment: { en: 'segment', fr: 'segment', ko: '세그먼트' },
  elbow: {
    en: 'Inertia by number of segments',
    fr: 'Inertie selon le nombre de segments',
    ko: '세그먼트 수별 관성',
  },
  silhouette: {
    en: 'Silhouette and stability by number of segments',
    fr: 'Silhouette et stabilité selon le nombre de segments',
    ko: '세그먼트 수별 실루엣과 안정성',
  },
  count: { en: 'number of segments', fr: 'nombre de segments', ko: '세그먼트 수' },
  inertia: { en: 'inertia', fr: 'inertie', ko: '관성' },
  silhouetteLine: { en: 'silhouette', fr: 'silhouette', ko: '실루엣' },
  stabilityLine: { en: 'stability', fr: 'stabilité', ko: '안정성' },
  chosen: { en: 'chosen', fr: 'choisi', ko: '선택' },
  scatter: {
    en: 'Segments in the plane of two components',
    fr: 'Segments dans le plan de deux composantes',
    ko: '두 주성분 평면의 세그먼트',
  },
  component: { en: 'component', fr: 'composante', ko: '주성분' },
} as const satisfies Record<string, Texts>;

const LEGEND_X = 430;
const MAX_NAME = 30;

const shortened = (name: string): string =>
  name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 1)}…` : name;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

const legend = (personas: readonly Persona[], language: Language): Svg =>
  personas
    .map(({ number, names, share }, index) => {
      const y = 90 + index * 30;
      return (
        element('rect', { x: LEGEND_X, y: y - 12, width: 14, height: 14, fill: colourOf(number) }) +
        label(LEGEND_X + 22, y, `${shortened(names[language])} (${percent(share)})`)
      );
    })
    .join('');

/** Shares as a pie with a legend. */
export const pieChart = ({ personas }: SegmentModel, language: Language): Svg => {
  const centre = { x: 215, y: 240 };
  const radius = 165;
  let from = 0;
  const slices = personas.map(({ number, share }) => {
    const to = from + share;
    const at = (turn: number): string =>
      `${(centre.x + radius * Math.sin(2 * Math.PI * turn)).toFixed(2)} ${(centre.y - radius * Math.cos(2 * Math.PI * turn)).toFixed(2)}`;
    // An arc that ends where it begins is no arc, so a whole pie is a circle.
    const slice =
      share >= 1
        ? element('circle', { cx: centre.x, cy: centre.y, r: radius, fill: colourOf(number) })
        : element('path', {
            d: `M${String(centre.x)} ${String(centre.y)} L${at(from)} A${String(radius)} ${String(radius)} 0 ${share > 0.5 ? '1' : '0'} 1 ${at(to)} Z`,
            fill: colourOf(number),
            stroke: '#ffffff',
          });
    from = to;
    return slice;
  });
  return picture(WORDS.shares[language], slices.join('') + legend(personas, language));
};

/** Numbers of rows as bars. */
export const sizeChart = ({ personas }: SegmentModel, language: Language): Svg => {
  const y = scaleFor(
    personas.map(({ size }) => size),
    { fromZero: true },
  );
  const x = { low: 0, high: personas.length, ticks: [] };
  const bars = personas.map(({ number, size }, index) => {
    const left = atX(x, index + 0.15);
    const width = atX(x, index + 0.85) - left;
    return (
      element('rect', {
        x: left,
        y: atY(y, size),
        width,
        height: atY(y, 0) - atY(y, size),
        fill: colourOf(number),
      }) +
      label(left + width / 2, atY(y, size) - 6, String(size), { anchor: 'middle', size: 12 }) +
      label(left + width / 2, atY(y, 0) + 18, String(number), { anchor: 'middle', size: 12 })
    );
  });
  return picture(
    WORDS.sizes[language],
    axes(undefined, y, { x: WORDS.segment[language], y: WORDS.size[language] }) + bars.join(''),
  );
};

const MOST_FEATURES = 6;

/** How far the means of each segment are from those of all rows: a group of bars for each feature. */
export const profileChart = ({ personas, features }: SegmentModel, language: Language): Svg => {
  const spread = features.map((_unused, index) =>
    Math.max(...personas.map(({ z }) => Math.abs(z[index] ?? 0))),
  );
  const shown = features
    .map(({ name }, index) => ({ name, index }))
    .sort((left, right) => (spread[right.index] ?? 0) - (spread[left.index] ?? 0))
    .slice(0, MOST_FEATURES)
    .sort((left, right) => left.index - right.index);
  const values = personas.flatMap(({ z }) => shown.map(({ index }) => z[index] ?? 0));
  const y = scaleFor(values, { fromZero: true });
  const x = { low: 0, high: shown.length, ticks: [] };
  const zero = atY(y, 0);
  const groups = shown.map(({ name, index }, place) => {
    const bars = personas.map(({ number, z }, order) => {
      const left = atX(x, place + 0.1 + (0.8 * order) / personas.length);
      const width = (atX(x, 1) - atX(x, 0)) * (0.8 / personas.length);
      const top = atY(y, z[index] ?? 0);
      return element('rect', {
        x: left,
        y: Math.min(top, zero),
        width: Math.max(1, width - 1),
        height: Math.abs(zero - top),
        fill: colourOf(number),
      });
    });
    return (
      bars.join('') + label(atX(x, place + 0.5), atY(y, y.low) + 18, name, { anchor: 'middle', size: 12 })
    );
  });
  return picture(
    WORDS.profile[language],
    axes(undefined, y, { x: '', y: WORDS.deviations[language] }) +
      element('line', { x1: atX(x, 0), x2: atX(x, shown.length), y1: zero, y2: zero, stroke: '#333333' }) +
      groups.join(''),
  );
};

interface Line {
  name: string;
  colour: string;
  values: readonly number[];
}

const lines = (
  title: string,
  curve: readonly CurvePoint[],
  chosen: number,
  drawn: readonly Line[],
  titles: { x: string; y: string; chosen: string },
): Svg => {
  const ks = curve.map(({ k }) => k);
  const x = { low: (ks[0] ?? 1) - 0.5, high: (ks.at(-1) ?? 1) + 0.5, ticks: ks };
  const y = scaleFor(
    drawn.flatMap(({ values }) => values),
    { fromZero: true },
  );
  const paths = drawn.map(({ name, colour, values }, order) => {
    const points = values.map(
      (value, index) => `${atX(x, ks[index] ?? 0).toFixed(2)},${atY(y, value).toFixed(2)}`,
    );
    const dots = values.map((value, index) =>
      element('circle', { cx: atX(x, ks[index] ?? 0), cy: atY(y, value), r: 4, fill: colour }),
    );
    return (
      element('polyline', { points: points.join(' '), fill: 'none', stroke: colour, 'stroke-width': 2 }) +
      dots.join('') +
      (drawn.length > 1
        ? element('rect', { x: WIDTH - 160, y: 60 + order * 22, width: 14, height: 4, fill: colour }) +
          label(WIDTH - 138, 66 + order * 22, name)
        : '')
    );
  });
  const marker =
    element('line', {
      x1: atX(x, chosen),
      x2: atX(x, chosen),
      y1: atY(y, y.low),
      y2: atY(y, y.high),
      stroke: '#d55e00',
      'stroke-dasharray': '6 4',
    }) + label(atX(x, chosen) + 6, atY(y, y.high) + 14, `${titles.chosen}: ${String(chosen)}`, { size: 12 });
  return picture(title, axes(x, y, titles) + paths.join('') + marker);
};

/**
 * Inertia by number of segments, the chosen one marked.
 * @param curve measured numbers
 * @param chosen the chosen one
 * @param language of the words
 */
export const elbowChart = (curve: readonly CurvePoint[], chosen: number, language: Language): Svg =>
  lines(
    WORDS.elbow[language],
    curve,
    chosen,
    [{ name: WORDS.inertia[language], colour: colourOf(0), values: curve.map(({ inertia }) => inertia) }],
    { x: WORDS.count[language], y: WORDS.inertia[language], chosen: WORDS.chosen[language] },
  );

/**
 * Silhouette and stability by number of segments, the chosen one marked.
 * @param curve measured numbers
 * @param chosen the chosen one
 * @param language of the words
 */
export const silhouetteChart = (curve: readonly CurvePoint[], chosen: number, language: Language): Svg =>
  lines(
    WORDS.silhouette[language],
    curve,
    chosen,
    [
      {
        name: WORDS.silhouetteLine[language],
        colour: colourOf(0),
        values: curve.map(({ silhouette }) => silhouette),
      },
      {
        name: WORDS.stabilityLine[language],
        colour: colourOf(2),
        values: curve.map(({ stability }) => stability),
      },
    ],
    { x: WORDS.count[language], y: '', chosen: WORDS.chosen[language] },
  );

/** A sample of the rows in the plane of two principal components. */
export const scatterChart = ({ projection }: SegmentModel, language: Language): Svg => {
  const x = scaleFor(projection.points.map(([first]) => first));
  const y = scaleFor(projection.points.map(([, second]) => second));
  const dots = projection.points.map(([first, second, number]) =>
    element('circle', {
      cx: atX(x, first),
      cy: atY(y, second),
      r: 3,
      fill: colourOf(number),
      'fill-opacity': 0.7,
    }),
  );
  const axis = (number: 1 | 2): string =>
    `${WORDS.component[language]} ${String(number)} (${percent(projection.explained[number - 1] ?? 0)})`;
  return picture(WORDS.scatter[language], axes(x, y, { x: axis(1), y: axis(2) }) + dots.join(''));
};

/** Charts by name. */
export const CHARTS = {
  pie: pieChart,
  sizes: sizeChart,
  profile: profileChart,
  elbow: (model: SegmentModel, language: Language): Svg =>
    elbowChart(model.curve, model.personas.length, language),
  silhouette: (model: SegmentModel, language: Language): Svg =>
    silhouetteChart(model.curve, model.personas.length, language),
  scatter: scatterChart,
} as const;
export type ChartName = keyof typeof CHARTS;
