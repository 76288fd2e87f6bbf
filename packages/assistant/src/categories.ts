import { CATEGORIES, categoryBySlug, type Language } from '@orrery/contracts';
import { fold } from './fold.ts';
import { unreadWords } from './vocabulary.ts';

/** Everyday words for categories, beside their names; English, French, Korean. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  groceries: [
    'food shop',
    'weekly shop',
    'food shops',
    'grocery shopping',
    'grocery shop',
    'grocery store',
    'grocery stores',
    'bouffe',
    '식료품비',
    '장본',
    '장보는',
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
    'meals out',
    '외식비',
    '맛집',
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
  coffee: [
    'caffeine',
    'coffee habit',
    'latte',
    'lattes',
    '커피값',
    '카페비',
    'coffee',
    'coffees',
    'coffee shops',
    'cafes',
    'cafe',
    'le cafe',
    '커피',
    '카페',
  ],
  'fast-food': ['fast food', 'fast-food', 'fastfood', '패스트푸드'],
  'food-delivery': [
    'meal delivery',
    'delivered food',
    'repas livres',
    'livraisons de repas',
    '배달비',
    '배달앱',
    '배달 앱',
    'food delivery',
    'delivery food',
    'livraison de repas',
    '배달',
    '배달음식',
    '배달 음식',
  ],
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
    'buses',
    'trains and buses',
    'buses and trains',
    'commute',
    'commuting',
    'fares',
    'bus fares',
    'transit',
    '버스',
    '버스비',
    'public transport',
    'bus',
    'transports en commun',
    '대중교통',
  ],
  taxis: [
    'cab',
    'cab rides',
    'ride hailing',
    'taxis',
    'taxi',
    'cabs',
    'ride shares',
    'vtc',
    '택시',
    '택시비',
  ],
  fuel: [
    'gas station',
    'gas stations',
    'diesel',
    'gazole',
    '기름',
    'fuel',
    'petrol',
    'gasoline',
    'essence',
    'carburant',
    '주유',
    '기름값',
    '주유비',
  ],
  parking: ['car park', 'car parks', 'parking', 'stationnement', '주차', '주차비'],
  shopping: ['shopping', '쇼핑'],
  clothing: [
    'fringues',
    'fringue',
    '옷 쇼핑',
    'clothes',
    'clothing',
    'fashion',
    'vetements',
    '옷',
    '의류',
    '옷값',
  ],
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
  rent: ['집 월세', 'rent', 'loyer', 'loyers', '월세', '집세'],
  'home-bills': [
    'bills',
    'household bills',
    'utilities',
    'utility bills',
    'rent and utilities',
    'factures',
    'charges locatives',
    'mes charges',
    'les charges',
    '공과금',
    '주거비',
  ],
  electricity: ['facture d electricite'],
  water: ['water bill', 'water', 'eau', '수도세', '수도요금'],
  internet: ['wifi', 'wi-fi', 'box internet', '인터넷 요금', 'internet', 'broadband', '인터넷'],
  telephone: [
    'cell phone',
    'cell phone bill',
    'cell',
    'phone plan',
    'mobile bill',
    'mobile phone',
    'forfait',
    'telephone portable',
    '핸드폰',
    '통신요금',
    '핸드폰 요금',
    '휴대폰비',
    '핸드폰비',
    '폰요금',
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
  pharmacies: [
    'chemist',
    'chemists',
    'drugstore',
    'drugstores',
    'pharmacy stuff',
    '약',
    'pharmacy',
    'pharmacies',
    'medicine',
    'pharmacie',
    '약국',
    '약값',
  ],
  doctors: ['doctor', 'doctors', 'medecin', 'medecins', '병원', '병원비'],
  'personal-care': ['personal care', 'beauty', 'beaute', '미용'],
  gyms: [
    'gym membership',
    'my gym',
    'sport',
    '헬스비',
    'gym',
    'gyms',
    'fitness',
    'salle de sport',
    '헬스',
    '헬스장',
  ],
  travel: ['travel', 'holidays', 'trips', 'voyages', 'voyage', 'vacances', '여행', '여행비'],
  lodging: [
    'hotel stays',
    'hebergement',
    '호텔비',
    '숙박비',
    '숙소',
    'hotels',
    'hotel',
    'accommodation',
    '숙박',
    '호텔',
  ],
  flights: [
    'airfare',
    'plane',
    'billets d avion',
    'avion',
    '항공료',
    '비행기표',
    'flights',
    'flight',
    'plane tickets',
    'vols',
    '항공권',
    '비행기',
  ],
  insurance: [
    'car insurance',
    'home insurance',
    '보험비',
    'insurance',
    'assurance',
    'assurances',
    '보험',
    '보험료',
  ],
  education: [
    'tuition',
    'school fees',
    'school tuition',
    'scolarite',
    '학비',
    '등록금',
    'education',
    'school',
    'courses of study',
    'etudes',
    '교육비',
    '학원',
    '학원비',
  ],
  books: ['books', 'livres et librairie', '책', '도서'],
  'bank-fees': ['bank fees', 'bank charges', 'frais bancaires', 'frais de banque', '수수료'],
  'pet-supplies': ['pets', 'pet', 'animaux', '반려동물'],
  donations: ['charities', 'charity', 'donations', 'dons', '기부'],
  'loan-payments': ['loan payments', 'remboursements', '대출 상환'],
  salary: [
    'paychecks',
    'paycheck',
    'paycheques',
    'pay cheque',
    'wage',
    'salaires',
    'salary',
    'wages',
    'pay packet',
    'salaire',
    '월급',
    '급여',
  ],
  'train-tickets': ['기차', '기차표', 'ktx'],
  'gas-and-electricity': ['gas and electric', 'facture d energie'],
  'snacks-and-desserts': [
    'bakery',
    'bakeries',
    'snacks',
    'boulangerie',
    'boulangeries',
    'pain',
    'le pain',
    'bread',
    'boulanger',
    'patisserie',
    '빵집',
    '빵',
    '간식',
    '디저트',
  ],
  'convenience-stores': ['convenience store', 'corner shop', 'corner shops', '편의점'],
  'hair-and-beauty': ['haircut', 'haircuts', 'hairdresser', 'barber', 'coiffeur', '미용실'],
  tobacco: ['cigarettes', 'cigs', 'vapes', 'clopes', 'tabac', '담배값'],
  gifts: ['presents', 'gift', 'cadeaux', 'cadeau', '선물'],
  taxes: ['tax', 'impots', 'impot', '세금'],
  'cash-withdrawals': ['cash withdrawals', 'withdrawals', 'atm', 'retraits', 'retrait', '현금 인출'],
  'liquor-stores': ['booze', 'wine', 'beer', 'alcool', 'biere'],
  furniture: ['meubles'],
  vets: ['vet'],
  dentists: ['dentist', 'dentiste'],
};

/** Words that people use for several categories at once, and words whose meaning depends on where people live. */
const WIDE: readonly (readonly [words: readonly string[], slugs: readonly string[]])[] = [
  [
    ['takeaway', 'takeaways', 'take away', 'takeout', 'take out', 'takeouts', 'plats a emporter'],
    ['food-delivery', 'fast-food'],
  ],
  [
    [
      'electricity',
      'electric',
      'electric bill',
      'electricity bill',
      'power bill',
      'energy',
      'energy bill',
      'energy bills',
      'electricite',
      'energie',
      '전기세',
      '전기요금',
      '전기',
    ],
    ['electricity', 'gas-and-electricity'],
  ],
  [
    [
      'train',
      'trains',
      'train ticket',
      'train tickets',
      'train fares',
      'billet de train',
      'billets de train',
      'le train',
    ],
    ['train-tickets', 'public-transit'],
  ],
  [
    ['tube', 'the tube', 'metro', 'subway', '지하철', '지하철비', '전철'],
    ['metro', 'public-transit'],
  ],
];
const WIDE_WORDS: ReadonlySet<string> = new Set(WIDE.flatMap(([words]) => words.map(fold)));
const AMERICAN: ReadonlySet<string> = new Set(['USD', 'CAD']);
const gasOf = (currency: string): readonly string[] =>
  AMERICAN.has(currency) ? ['fuel'] : ['household-gas', 'gas-and-electricity'];

interface Entry {
  slugs: readonly string[];
  word: string;
}

const isHangul = (word: string): boolean => /\p{Script=Hangul}/u.test(word);

const isUseful = (word: string): boolean =>
  word.length > 0 && (word.length > 1 || isHangul(word)) && !/^(?:other|autres|기타|gas)$/.test(word);

const LEXICON: readonly Entry[] = [
  ...WIDE.flatMap(([words, slugs]) => words.map((word) => ({ slugs, word: fold(word) }))),
  ...[
    ...Object.entries(WORDS)
      .filter(([slug]) => categoryBySlug(slug) !== undefined)
      .flatMap(([slug, words]) => words.map((word) => ({ slugs: [slug], word: fold(word) }))),
    ...CATEGORIES.flatMap(({ slug, names }) =>
      [slug.replaceAll('-', ' '), ...Object.values(names)].map((word) => ({
        slugs: [slug],
        word: fold(word),
      })),
    ),
  ].filter(({ word }) => !WIDE_WORDS.has(word)),
].filter(({ word }) => isUseful(word));

/** Entries by their first letter, longer words first: `food delivery` is not `food`. */
const BY_LETTER = new Map<string, Entry[]>();
for (const entry of [...LEXICON].sort((left, right) => right.word.length - left.word.length)) {
  const letter = entry.word.charAt(0);
  BY_LETTER.set(letter, [...(BY_LETTER.get(letter) ?? []), entry]);
}
const KOREAN_WORDS: ReadonlySet<string> = new Set(LEXICON.map(({ word }) => word).filter(isHangul));

/** Single Latin words of the lexicon, for putting misspelt ones right. */
export const CATEGORY_WORDS: readonly string[] = [
  ...new Set(LEXICON.flatMap(({ word }) => (/^[a-z]{4,}$/.test(word) ? [word] : []))),
];

const KOREAN_TAIL = /^[\p{Script=Hangul}]*/u;
const IN_WORD = /[\p{L}\p{N}]/u;

/** Categories where a text names them; one word may mean several. */
export interface FoundCategory {
  slugs: readonly string[];
  start: number;
  end: number;
}

/** Whether a word of the lexicon ends where a word of the text does; Hangul may go on with particles. */
const endsAt = (folded: string, word: string, end: number): boolean => {
  if (!isHangul(word)) {
    return !/[a-z0-9]/.test(folded.charAt(end));
  }
  const tail = KOREAN_TAIL.exec(folded.slice(end))?.[0] ?? '';
  return unreadWords(tail).length === 0 || KOREAN_WORDS.has(tail);
};

/**
 * Every category that a text names, by names and everyday words in three languages, in the order of the text.
 * @param folded folded text
 * @param currency of the user: `gas` goes into American cars and British kitchens
 */
export function categoriesIn(folded: string, currency: string): FoundCategory[] {
  const found: FoundCategory[] = [];
  const gas: Entry = { word: 'gas', slugs: gasOf(currency) };
  for (let start = 0; start < folded.length; start += 1) {
    if (start > 0 && IN_WORD.test(folded.charAt(start - 1))) {
      continue;
    }
    const letter = folded.charAt(start);
    const entries = BY_LETTER.get(letter) ?? [];
    const entry = (letter === 'g' ? [...entries, gas] : entries).find(
      ({ word }) => folded.startsWith(word, start) && endsAt(folded, word, start + word.length),
    );
    if (entry !== undefined) {
      const end = start + entry.word.length;
      found.push({ slugs: entry.slugs, start, end });
      start = end - 1;
    }
  }
  return found;
}

/**
 * The first category that a text talks about.
 * @param text what the user wrote
 */
export const categoryOf = (text: string): { slug: string; start: number; end: number } | undefined => {
  const [first] = categoriesIn(fold(text), 'GBP');
  const slug = first?.slugs[0];
  return first === undefined || slug === undefined ? undefined : { slug, start: first.start, end: first.end };
};

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
