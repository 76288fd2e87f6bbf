import { categoryBySlug } from '@orrery/contracts';
import type { ClusterSummary, PopulationSummary, Texts } from '../segment-model.ts';
import { SHARE_PREFIX } from '../spending/spending-row.ts';
import { capitalised, distinctNames, joinTexts, NOTABLE_Z, strongestTraits } from './traits.ts';
import type { TraitWords } from './traits.ts';

/** Spending types that PocketC's product names, in its words. */
const LEGACY_KOREAN: Readonly<Record<string, string>> = {
  'food-delivery': '배달 음식',
  'online-marketplaces': '온라인 쇼핑',
};

const HABITS: Readonly<Record<string, TraitWords>> = {
  spending_level: {
    high: { en: 'spends more than others', fr: 'dépense plus que les autres', ko: '지출 많음' },
    low: { en: 'spends less than others', fr: 'dépense moins que les autres', ko: '지출 적음' },
  },
  purchases_per_week: {
    high: { en: 'buys often', fr: 'achète souvent', ko: '자주 구매' },
    low: { en: 'buys rarely', fr: 'achète rarement', ko: '드물게 구매' },
  },
  night_share: {
    high: { en: 'buys at night', fr: 'achète la nuit', ko: '야간 소비' },
    low: { en: 'buys by day', fr: 'achète le jour', ko: '주간 소비' },
  },
};

const BALANCED: Texts = { en: 'Balanced spending', fr: 'Dépenses équilibrées', ko: '균형 소비형' };

const categoryName = (slug: string): Texts => {
  const names = categoryBySlug(slug)?.names ?? { en: slug, fr: slug, ko: slug };
  return { ...names, ko: LEGACY_KOREAN[slug] ?? names.ko };
};

/** Categories of which the cluster buys notably more than others, most telling first. */
const favourites = (features: readonly string[], { z }: ClusterSummary): string[] =>
  features
    .map((feature, index) => ({ feature, z: z[index] ?? 0 }))
    .filter(({ feature, z: distance }) => feature.startsWith(SHARE_PREFIX) && distance >= NOTABLE_Z)
    .sort((left, right) => right.z - left.z)
    .map(({ feature }) => feature.slice(SHARE_PREFIX.length));

const nameOf = (features: readonly string[], cluster: ClusterSummary): Texts => {
  const [first, second] = favourites(features, cluster);
  if (first !== undefined) {
    const one = categoryName(first);
    if (second === undefined) {
      return { en: `${one.en} type`, fr: `Profil ${one.fr}`, ko: `${one.ko}형` };
    }
    const two = categoryName(second);
    return {
      en: `${one.en} and ${two.en.toLowerCase()} type`,
      fr: `Profil ${one.fr} et ${two.fr.toLowerCase()}`,
      ko: `${one.ko}·${two.ko}형`,
    };
  }
  const habits = strongestTraits(
    cluster.z,
    features.map((feature) => HABITS[feature]),
    1,
  );
  return habits.length === 0 ? BALANCED : capitalised(joinTexts(habits, ', '));
};

const describe = (features: readonly string[], cluster: ClusterSummary): Texts => {
  const names = favourites(features, cluster).slice(0, 3).map(categoryName);
  const habits = strongestTraits(
    cluster.z,
    features.map((feature) => HABITS[feature]),
    2,
  );
  const more = joinTexts(names, ', ');
  const opening: Texts =
    names.length === 0
      ? {
          en: 'Spends much like others.',
          fr: 'Dépense comme les autres.',
          ko: '다른 사람들과 비슷하게 소비합니다.',
        }
      : {
          en: `A larger share than others goes to: ${more.en}.`,
          fr: `Une part plus grande que chez les autres va à : ${more.fr}.`,
          ko: `다른 사람들보다 지출 비중이 큰 항목: ${more.ko}.`,
        };
  const { en, fr, ko } = capitalised(joinTexts(habits, ', '));
  return habits.length === 0
    ? opening
    : joinTexts([opening, { en: `${en}.`, fr: `${fr}.`, ko: `${ko}.` }], ' ');
};

/**
 * Names for spending segments: the categories that take a larger share than elsewhere, else habits, else that nothing
 * stands out.
 * @param clusters summaries of the segments
 * @param _population all users
 * @param features names of the features
 * @returns a name and a description for each segment, no two names alike
 */
export const nameSpenders = (
  clusters: readonly ClusterSummary[],
  _population: PopulationSummary,
  features: readonly string[],
): { names: Texts; descriptions: Texts }[] =>
  distinctNames(clusters.map((cluster) => nameOf(features, cluster))).map((names, index) => ({
    names,
    descriptions: describe(features, clusters[index] ?? { size: 0, share: 0, averages: [], z: [] }),
  }));
