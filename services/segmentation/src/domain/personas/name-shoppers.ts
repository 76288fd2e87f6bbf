import { bestPairing } from '../hungarian.ts';
import type { ClusterSummary, Texts } from '../segment-model.ts';
import { capitalised, joinTexts, strongestTraits } from './traits.ts';
import type { TraitWords } from './traits.ts';

/** Something that a persona's description says about its cluster's means: whether it is true of these distances. */
type Claim = (z: readonly number[]) => boolean;

interface ShopperType {
  names: Texts;
  /** Said where every claim is true of the cluster. */
  sentences: Texts;
  claims: readonly Claim[];
  /** Claims of the name itself, which the contract checks; a cluster of which they are false gets it last. */
  essential: readonly Claim[];
  /** Typical means, in standard deviations from those of all shoppers. */
  typical: readonly [age: number, amount: number, subscription: number, frequency: number];
}

const AGE = 0;
const AMOUNT = 1;
const SUBSCRIPTION = 2;
const FREQUENCY = 3;
/** Within this many standard deviations a mean may be called average. */
const CLOSE = 0.8;
const above =
  (feature: number): Claim =>
  (z) =>
    (z[feature] ?? 0) > 0;
const below =
  (feature: number): Claim =>
  (z) =>
    (z[feature] ?? 0) < 0;
const near =
  (feature: number): Claim =>
  (z) =>
    Math.abs(z[feature] ?? 0) < CLOSE;

/** The seven legacy names at their legacy numbers. */
const TYPES: readonly ShopperType[] = [
  {
    names: { en: 'Thrifty essentials shopper', fr: 'Acheteur économe', ko: '알뜰 실속형 쇼핑객' },
    sentences: {
      en: 'Spends little at a time and buys what is needed.',
      fr: 'Dépense peu à chaque fois et achète l’utile.',
      ko: '한 번에 적은 금액으로 꼭 필요한 것을 구매합니다.',
    },
    claims: [below(AMOUNT)],
    essential: [below(AMOUNT)],
    typical: [0.3, -1, -0.6, 0.1],
  },
  {
    names: { en: 'Loyal VIP customer', fr: 'Client VIP fidèle', ko: '충성도 높은 VIP 고객' },
    sentences: {
      en: 'Spends more than others, is more often subscribed and comes more often.',
      fr: 'Dépense plus que les autres, est plus souvent abonné et vient plus souvent.',
      ko: '다른 고객보다 구매 금액과 구독률이 높고 더 자주 구매합니다.',
    },
    claims: [above(AMOUNT), above(SUBSCRIPTION), above(FREQUENCY)],
    essential: [above(AMOUNT), above(SUBSCRIPTION)],
    typical: [0.2, 1, 1.5, 0.9],
  },
  {
    names: {
      en: 'Trend-led potential customer',
      fr: 'Client potentiel sensible aux tendances',
      ko: '유행에 민감한 잠재 고객',
    },
    sentences: {
      en: 'Younger than others and spends much; a subscription could make a VIP.',
      fr: 'Plus jeune que les autres et dépense beaucoup ; un abonnement en ferait un VIP.',
      ko: '다른 고객보다 젊고 구매 금액이 높아, 구독하면 VIP가 될 수 있습니다.',
    },
    claims: [below(AGE), above(AMOUNT)],
    essential: [below(AGE), above(AMOUNT)],
    typical: [-1.4, 0.9, -0.6, 0],
  },
  {
    names: { en: 'Steady subscriber', fr: 'Abonné régulier', ko: '안정적인 구독자' },
    sentences: {
      en: 'More often subscribed than others, with even spending.',
      fr: 'Plus souvent abonné que les autres, avec des dépenses régulières.',
      ko: '다른 고객보다 구독률이 높고 지출이 고른 편입니다.',
    },
    claims: [above(SUBSCRIPTION), near(AMOUNT)],
    essential: [above(SUBSCRIPTION)],
    typical: [0.2, -0.2, 1.5, -0.1],
  },
  {
    names: { en: 'Typical customer', fr: 'Client type', ko: '평균적인 일반 고객' },
    sentences: {
      en: 'Close to the average in age, amount and frequency; open to many products.',
      fr: 'Proche de la moyenne par l’âge, le montant et la fréquence ; ouvert à de nombreux produits.',
      ko: '나이, 구매 금액, 구매 빈도가 평균에 가까우며 다양한 상품에 열려 있습니다.',
    },
    claims: [near(AGE), near(AMOUNT), near(FREQUENCY)],
    essential: [],
    typical: [0.2, 0, -0.6, -0.2],
  },
  {
    names: { en: 'Seasonal big spender', fr: 'Gros acheteur saisonnier', ko: '시즌별 큰 손' },
    sentences: {
      en: 'Comes rarely and spends much at a time.',
      fr: 'Vient rarement et dépense beaucoup à chaque fois.',
      ko: '드물게 구매하지만 한 번에 큰 금액을 씁니다.',
    },
    claims: [above(AMOUNT), below(FREQUENCY)],
    essential: [below(FREQUENCY)],
    typical: [0.5, 1, -0.6, -1.5],
  },
  {
    names: { en: 'Frequent regular', fr: 'Habitué', ko: '자주 방문하는 단골손님' },
    sentences: {
      en: 'Comes more often than others with smaller purchases.',
      fr: 'Vient plus souvent que les autres, pour de plus petits achats.',
      ko: '다른 고객보다 자주 방문하며 한 번의 구매 금액은 적습니다.',
    },
    claims: [above(FREQUENCY), below(AMOUNT)],
    essential: [above(FREQUENCY)],
    typical: [-0.4, -1, -0.4, 1.3],
  },
];

/** Personas of the legacy contract. */
export const SHOPPER_PERSONAS = TYPES.length;

const TRAITS: readonly TraitWords[] = [
  {
    high: { en: 'older', fr: 'plus âgés', ko: '연령대 높음' },
    low: { en: 'younger', fr: 'plus jeunes', ko: '연령대 낮음' },
  },
  {
    high: { en: 'larger purchases', fr: 'achats plus élevés', ko: '구매 금액 높음' },
    low: { en: 'smaller purchases', fr: 'achats plus faibles', ko: '구매 금액 낮음' },
  },
  {
    high: { en: 'mostly subscribed', fr: 'plutôt abonnés', ko: '구독률 높음' },
    low: { en: 'rarely subscribed', fr: 'rarement abonnés', ko: '구독률 낮음' },
  },
  {
    high: { en: 'frequent', fr: 'fréquents', ko: '자주 구매' },
    low: { en: 'infrequent', fr: 'peu fréquents', ko: '드물게 구매' },
  },
];

/** A false claim costs more than any distance from the typical means, and a false name more than all claims. */
const FALSE_CLAIM = 100;
const FALSE_NAME = 1_000;

const fit = (type: ShopperType, cluster: ClusterSummary): number =>
  -type.typical.reduce((sum, typical, index) => sum + (typical - (cluster.z[index] ?? 0)) ** 2, 0) -
  FALSE_CLAIM * type.claims.filter((claim) => !claim(cluster.z)).length -
  FALSE_NAME * type.essential.filter((claim) => !claim(cluster.z)).length;

const figuresOf = ({
  averages: [age = 0, amount = 0, subscription = 0, frequency = 0],
}: ClusterSummary): Texts => {
  const percent = (subscription * 100).toFixed(0);
  return {
    en: `On average ${age.toFixed(0)} years, $${amount.toFixed(0)} a purchase, ${percent} % subscribed, ${frequency.toFixed(0)} purchases a year.`,
    fr: `En moyenne ${age.toFixed(0)} ans, ${amount.toFixed(0)} $ par achat, ${percent} % d’abonnés, ${frequency.toFixed(0)} achats par an.`,
    ko: `평균 나이 ${age.toFixed(0)}세, 구매 금액 ${amount.toFixed(0)}달러, 구독률 ${percent} %, 연 ${frequency.toFixed(0)}회 구매.`,
  };
};

/**
 * The legacy persona of each cluster: all seven names are given out, each to the cluster that it fits best, and a
 * description claims nothing that the cluster's means contradict.
 * @param clusters seven summaries with the features of `SHOPPER_FEATURES`
 * @returns legacy number, name and description of each cluster
 */
export const nameShoppers = (
  clusters: readonly ClusterSummary[],
): { number: number; names: Texts; descriptions: Texts }[] => {
  const paired = bestPairing(clusters.map((cluster) => TYPES.map((type) => fit(type, cluster))));
  return clusters.map((cluster, index) => {
    const number = paired[index] ?? -1;
    const type = TYPES[number];
    if (type === undefined) {
      throw new RangeError(`shoppers have ${String(SHOPPER_PERSONAS)} personas`);
    }
    const traits = strongestTraits(cluster.z, TRAITS, 2);
    const isTrue = type.claims.every((claim) => claim(cluster.z));
    const { en, fr, ko } = capitalised(joinTexts(traits, ', '));
    const told = traits.length === 0 ? [] : [{ en: `${en}.`, fr: `${fr}.`, ko: `${ko}.` }];
    const opening = isTrue ? [type.sentences] : told;
    return {
      number,
      names: type.names,
      descriptions: joinTexts([...opening, figuresOf(cluster)], ' '),
    };
  });
};
