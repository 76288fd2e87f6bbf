import { bestPairing } from '../hungarian.ts';
import type { ClusterSummary, PopulationSummary, Texts } from '../segment-model.ts';
import { capitalised, distinctNames, joinTexts, strongestTraits } from './traits.ts';
import type { TraitWords } from './traits.ts';

interface NamedType {
  names: Texts;
  /** The typical means, in standard deviations from those of all customers. */
  typical: readonly [age: number, income: number, score: number, frequency: number];
  /** Whether the name is true of a cluster; each argument says whether its mean is above the median of all. */
  isTrue(above: { income: boolean; score: boolean; frequency: boolean }, z: readonly number[]): boolean;
}

/** A name that claims nothing unusual is true only of what is near the middle. */
const MIDDLE = 0.5;

/** The eight legacy names; each goes to the cluster that it fits best, and only to one of which it is true. */
const TYPES: readonly NamedType[] = [
  {
    names: { en: 'Budget Conscious', fr: 'Économe', ko: '알뜰형' },
    typical: [0, -1, -1, 0],
    isTrue: ({ income, score }) => !income && !score,
  },
  {
    names: { en: 'High Value', fr: 'Forte valeur', ko: '고가치형' },
    typical: [0, 0.8, 1, 0],
    isTrue: ({ income, score }) => income && score,
  },
  {
    names: { en: 'Average Spender', fr: 'Dépense moyenne', ko: '평균 소비형' },
    typical: [0, 0, 0, 0],
    isTrue: (_above, [, income = 0, score = 0]) => Math.abs(score) < MIDDLE && Math.abs(income) < MIDDLE,
  },
  {
    names: { en: 'Premium Customer', fr: 'Client premium', ko: '프리미엄 고객' },
    typical: [0.5, 1.2, 0.8, -0.8],
    isTrue: ({ income, score }) => income && score,
  },
  {
    names: { en: 'Occasional Buyer', fr: 'Acheteur occasionnel', ko: '가끔 구매형' },
    typical: [0, 0.3, 0.3, -1],
    isTrue: ({ frequency }) => !frequency,
  },
  {
    names: { en: 'Loyal Shopper', fr: 'Client fidèle', ko: '단골형' },
    typical: [0, -0.3, 0.5, 1],
    isTrue: ({ frequency }) => frequency,
  },
  {
    names: { en: 'Window Shopper', fr: 'Lèche-vitrines', ko: '아이쇼핑형' },
    typical: [0, 0.5, -1, 0],
    isTrue: ({ score }) => !score,
  },
  {
    names: { en: 'VIP Elite', fr: 'Élite VIP', ko: 'VIP 엘리트' },
    typical: [0, 1, 1, 1],
    isTrue: ({ income, score, frequency }) => income && score && frequency,
  },
];

const TRAITS: readonly TraitWords[] = [
  {
    high: { en: 'older', fr: 'plus âgés', ko: '연령대 높음' },
    low: { en: 'younger', fr: 'plus jeunes', ko: '연령대 낮음' },
  },
  {
    high: { en: 'high income', fr: 'revenu élevé', ko: '고소득' },
    low: { en: 'low income', fr: 'revenu modeste', ko: '저소득' },
  },
  {
    high: { en: 'spends much', fr: 'dépense beaucoup', ko: '지출 많음' },
    low: { en: 'spends little', fr: 'dépense peu', ko: '지출 적음' },
  },
  {
    high: { en: 'comes often', fr: 'vient souvent', ko: '자주 방문' },
    low: { en: 'comes rarely', fr: 'vient rarement', ko: '드물게 방문' },
  },
];

const UNLIKE = -1_000;

const rounded = (value: number): string => value.toFixed(1);

const descriptionOf = ({
  averages: [age = 0, income = 0, score = 0, frequency = 0],
  share,
}: ClusterSummary): Texts => {
  const percent = (share * 100).toFixed(0);
  return {
    en: `${percent} % of customers: ${rounded(age)} years, income ${rounded(income)}k, spending score ${rounded(score)}, ${rounded(frequency)} purchases on average.`,
    fr: `${percent} % des clients : en moyenne ${rounded(age)} ans, revenu ${rounded(income)}k, score de dépense ${rounded(score)}, ${rounded(frequency)} achats.`,
    ko: `고객의 ${percent} %: 평균 ${rounded(age)}세, 소득 ${rounded(income)}k, 소비 점수 ${rounded(score)}, 구매 ${rounded(frequency)}회.`,
  };
};

/**
 * Names for clusters of customers: the legacy names where they are true, else what sets the cluster apart.
 * @param clusters summaries with the features of `CUSTOMER_SPECS`
 * @param population all customers
 * @returns a name and a description for each cluster, no two names alike
 */
export const nameCustomers = (
  clusters: readonly ClusterSummary[],
  population: PopulationSummary,
): { names: Texts; descriptions: Texts }[] => {
  const isAbove = (cluster: ClusterSummary, index: number): boolean =>
    (cluster.averages[index] ?? 0) > (population.medians[index] ?? 0);
  const isTrue = (type: NamedType, cluster: ClusterSummary): boolean =>
    type.isTrue(
      { income: isAbove(cluster, 1), score: isAbove(cluster, 2), frequency: isAbove(cluster, 3) },
      cluster.z,
    );
  const fit = (type: NamedType, cluster: ClusterSummary): number =>
    isTrue(type, cluster)
      ? -type.typical.reduce((sum, typical, index) => sum + (typical - (cluster.z[index] ?? 0)) ** 2, 0)
      : UNLIKE;
  const paired = bestPairing(clusters.map((cluster) => TYPES.map((type) => fit(type, cluster))));
  const names = clusters.map((cluster, index) => {
    const type = TYPES[paired[index] ?? -1];
    if (type !== undefined && isTrue(type, cluster)) {
      return type.names;
    }
    const traits = strongestTraits(cluster.z, TRAITS, 2);
    return traits.length === 0
      ? { en: 'Ordinary customers', fr: 'Clients ordinaires', ko: '보통 고객' }
      : capitalised(joinTexts(traits, ', '));
  });
  return distinctNames(names).map((name, index) => ({
    names: name,
    descriptions: descriptionOf(clusters[index] ?? { size: 0, share: 0, averages: [], z: [] }),
  }));
};
