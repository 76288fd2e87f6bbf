import { CATEGORIES, categoryBySlug, type Language } from '@orrery/contracts';
import { escaped, fold } from './fold.ts';

/** Everyday words for categories, beside their names; English, French, Korean. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  groceries: [
    'groceries',
    'grocery',
    'food shopping',
    'supermarket',
    'supermarkets',
    'courses',
    'supermarche',
    'supermarches',
    'epicerie',
    '장보기',
    '마트',
    '식료품',
    '식재료',
  ],
  restaurants: [
    'restaurants',
    'restaurant',
    'eating out',
    'dining out',
    'dining',
    'restos',
    'resto',
    '외식',
    '식당',
  ],
  coffee: ['coffee', 'coffees', 'coffee shops', 'cafes', 'cafe', 'le cafe', '커피', '카페'],
  'fast-food': ['fast food', 'fast-food', 'takeaway', 'takeaways', '패스트푸드'],
  'food-delivery': ['food delivery', 'delivery food', 'livraison de repas', '배달', '배달음식', '배달 음식'],
  'food-and-drink': [
    'food',
    'food and drink',
    'nourriture',
    'alimentation',
    'alimentaire',
    '식비',
    '먹는 데',
    '음식',
  ],
  bars: ['bars', 'pubs', 'pub', 'alcohol', 'drinks', '술', '술값'],
  transport: ['transport', 'transportation', 'transports', 'travel to work', '교통비', '교통'],
  'public-transit': [
    'public transport',
    'trains',
    'train',
    'bus',
    'tube',
    'metro',
    'transports en commun',
    '대중교통',
    '지하철',
  ],
  taxis: ['taxis', 'taxi', 'cabs', 'ride shares', 'vtc', '택시', '택시비'],
  fuel: ['fuel', 'petrol', 'gasoline', 'essence', 'carburant', '주유', '기름값', '주유비'],
  parking: ['parking', 'stationnement', '주차', '주차비'],
  shopping: ['shopping', 'achats', '쇼핑'],
  clothing: ['clothes', 'clothing', 'fashion', 'vetements', '옷', '의류', '옷값'],
  electronics: ['electronics', 'gadgets', 'electronique', '전자제품'],
  'online-marketplaces': ['online shopping', 'achats en ligne', '온라인 쇼핑'],
  entertainment: [
    'entertainment',
    'fun',
    'leisure',
    'loisirs',
    'divertissement',
    'sorties',
    '여가',
    '문화생활',
    '문화',
  ],
  streaming: ['streaming', 'streaming services', '스트리밍', 'ott'],
  'video-games': ['games', 'video games', 'gaming', 'jeux video', '게임'],
  'tv-and-movies': ['cinema', 'movies', 'films', '영화'],
  rent: ['rent', 'loyer', 'loyers', '월세', '집세'],
  'home-bills': [
    'bills',
    'household bills',
    'utilities',
    'utility bills',
    'rent and utilities',
    'factures',
    'charges',
    '공과금',
    '주거비',
  ],
  electricity: ['electricity', 'electricite', '전기세', '전기요금'],
  water: ['water bill', 'water', 'eau', '수도세', '수도요금'],
  internet: ['internet', 'broadband', '인터넷'],
  telephone: [
    'phone',
    'phone bill',
    'mobile',
    'telephone',
    'forfait mobile',
    '통신비',
    '휴대폰 요금',
    '휴대폰',
  ],
  medical: ['health', 'healthcare', 'medical', 'sante', '의료비', '의료', '건강'],
  pharmacies: ['pharmacy', 'pharmacies', 'medicine', 'pharmacie', '약국', '약값'],
  doctors: ['doctor', 'doctors', 'medecin', 'medecins', '병원', '병원비'],
  'personal-care': ['personal care', 'beauty', 'beaute', '미용'],
  gyms: ['gym', 'gyms', 'fitness', 'salle de sport', '헬스', '헬스장'],
  travel: ['travel', 'holidays', 'trips', 'voyages', 'voyage', 'vacances', '여행', '여행비'],
  lodging: ['hotels', 'hotel', 'accommodation', '숙박', '호텔'],
  flights: ['flights', 'flight', 'plane tickets', 'vols', '항공권', '비행기'],
  insurance: ['insurance', 'assurance', 'assurances', '보험', '보험료'],
  education: ['education', 'school', 'courses of study', 'etudes', '교육비', '학원', '학원비'],
  books: ['books', 'livres et librairie', '책', '도서'],
  'bank-fees': ['bank fees', 'bank charges', 'frais bancaires', 'frais de banque', '수수료'],
  'pet-supplies': ['pets', 'pet', 'animaux', '반려동물'],
  donations: ['charity', 'donations', 'dons', '기부'],
  'loan-payments': ['loan payments', 'remboursements', '대출 상환'],
  salary: ['salary', 'wages', 'pay packet', 'salaire', '월급', '급여'],
};

interface Entry {
  slug: string;
  pattern: RegExp;
  length: number;
}

const patternOf = (word: string): RegExp =>
  /\p{Script=Hangul}/u.test(word)
    ? new RegExp(escaped(word))
    : new RegExp(String.raw`(?<![\p{L}\p{N}])${escaped(word)}(?![\p{L}\p{N}])`, 'u');

const isUseful = (word: string): boolean =>
  word.length > 1 && word !== 'other' && word !== 'autres' && word !== '기타';

// Longer words first: `food delivery` is not `food`.
const LEXICON: readonly Entry[] = [
  ...Object.entries(WORDS)
    .filter(([slug]) => categoryBySlug(slug) !== undefined)
    .flatMap(([slug, words]) => words.map((word) => ({ slug, word: fold(word) }))),
  ...CATEGORIES.flatMap(({ slug, names }) =>
    [slug.replaceAll('-', ' '), ...Object.values(names)].map((word) => ({ slug, word: fold(word) })),
  ),
]
  .filter(({ word }) => isUseful(word))
  .map(({ slug, word }) => ({ slug, pattern: patternOf(word), length: word.length }))
  .sort((left, right) => right.length - left.length);

/**
 * The category that a text talks about, by its names and everyday words in three languages.
 * @param text what the user wrote
 * @returns its slug and where the word stands in the folded text, or undefined
 */
export function categoryOf(text: string): { slug: string; start: number; end: number } | undefined {
  const folded = fold(text);
  for (const { slug, pattern, length } of LEXICON) {
    const match = pattern.exec(folded);
    if (match !== null) {
      return { slug, start: match.index, end: match.index + length };
    }
  }
  return undefined;
}

/**
 * The category that a word of a model means: a slug, or a name in any of our languages.
 * @param word for instance `groceries`, `Courses`, `식비`
 */
export const categoryNamed = (word: string): string | undefined =>
  categoryBySlug(fold(word).replaceAll(/[ _]/g, '-'))?.slug ?? categoryOf(word)?.slug;

/**
 * Name of a category for people.
 * @param slug its slug
 * @param language in which language
 */
export const categoryName = (slug: string, language: Language): string =>
  categoryBySlug(slug)?.names[language] ?? slug;
