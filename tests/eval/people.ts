/** The synthetic people of the evaluation: every payment is made here, so that the truth is known without the product. */

export type EvalLanguage = 'en' | 'fr' | 'ko';

/** A payment as the bank's file has it; minor units, negative is money out. */
export interface Payment {
  date: string;
  description: string;
  /** How people call the merchant. */
  merchant: string;
  minor: number;
}

export interface Person {
  userId: string;
  language: EvalLanguage;
  currency: 'GBP' | 'EUR' | 'KRW' | 'USD';
  /** Digits after the decimal point. */
  digits: number;
  payments: Payment[];
}

/** The day on which everybody asks. */
export const TODAY = '2026-11-15';
const MONTHS = 14;
const SECONDS_OF_DAY = 86_400_000;

/** A small generator of its own (mulberry32), so that the same seed always makes the same people. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Shop {
  merchant: string;
  description: string;
  /** Visits a month and usual amount in minor units. */
  visits: number;
  usual: number;
}

interface Regular {
  merchant: string;
  description: string;
  day: number;
  minor: number;
}

/** What a person buys and earns. */
export interface Life {
  userId: string;
  language: EvalLanguage;
  currency: Person['currency'];
  digits: number;
  seed: number;
  /** Amounts are multiples of this. */
  step: number;
  shops: Shop[];
  regulars: Regular[];
}

const LIVES: readonly Life[] = [
  {
    userId: '66c0000000000000000000a1',
    language: 'en',
    currency: 'GBP',
    digits: 2,
    seed: 11,
    step: 1,
    shops: [
      { merchant: 'Tesco', description: 'TESCO STORES 2041', visits: 6, usual: 3_150 },
      { merchant: 'Sainsburys', description: 'SAINSBURYS S/MKTS', visits: 3, usual: 2_240 },
      { merchant: 'Starbucks', description: 'STARBUCKS LONDON', visits: 5, usual: 420 },
      { merchant: 'Nandos', description: 'NANDOS CAMDEN', visits: 2, usual: 2_350 },
      { merchant: 'Shell', description: 'SHELL GARAGE', visits: 2, usual: 5_430 },
      { merchant: 'Uber', description: 'UBER *TRIP', visits: 3, usual: 1_240 },
      { merchant: 'Boots', description: 'BOOTS PHARMACY', visits: 1, usual: 1_120 },
    ],
    regulars: [
      { merchant: 'Netflix', description: 'NETFLIX.COM', day: 12, minor: -1_099 },
      { merchant: 'Spotify', description: 'SPOTIFY UK', day: 3, minor: -1_199 },
      { merchant: 'Thames Water', description: 'THAMES WATER UTILITIES', day: 8, minor: -3_450 },
      { merchant: 'Northgate Payroll', description: 'SALARY NORTHGATE PAYROLL', day: 1, minor: 284_000 },
    ],
  },
  {
    userId: '66c0000000000000000000a2',
    language: 'fr',
    currency: 'EUR',
    digits: 2,
    seed: 22,
    step: 1,
    shops: [
      { merchant: 'Carrefour', description: 'CB CARREFOUR CITY', visits: 6, usual: 2_870 },
      { merchant: 'Monoprix', description: 'CB MONOPRIX PARIS', visits: 3, usual: 1_930 },
      { merchant: 'McDonalds', description: 'CB MCDONALDS', visits: 2, usual: 1_180 },
      { merchant: 'Total', description: 'CB TOTALENERGIES STATION', visits: 2, usual: 6_100 },
      { merchant: 'Fnac', description: 'CB FNAC', visits: 1, usual: 4_590 },
      { merchant: 'Starbucks', description: 'CB STARBUCKS', visits: 4, usual: 510 },
      { merchant: 'Decathlon', description: 'CB DECATHLON', visits: 1, usual: 3_999 },
    ],
    regulars: [
      { merchant: 'Netflix', description: 'NETFLIX.COM', day: 9, minor: -1_349 },
      { merchant: 'Free Mobile', description: 'PRLV FREE MOBILE', day: 5, minor: -1_999 },
      { merchant: 'EDF', description: 'PRLV EDF', day: 10, minor: -6_230 },
      { merchant: 'Studio Lumen', description: 'VIR SALAIRE STUDIO LUMEN', day: 2, minor: 231_500 },
    ],
  },
  {
    userId: '66c0000000000000000000a3',
    language: 'ko',
    currency: 'KRW',
    digits: 0,
    seed: 33,
    step: 100,
    shops: [
      { merchant: '이마트', description: '이마트 성수점', visits: 5, usual: 48_200 },
      { merchant: '스타벅스', description: '스타벅스 강남점', visits: 7, usual: 5_600 },
      { merchant: 'GS25', description: 'GS25 역삼점', visits: 6, usual: 4_300 },
      { merchant: '배달의민족', description: '배달의민족', visits: 3, usual: 22_900 },
      { merchant: '카카오택시', description: '카카오택시', visits: 3, usual: 9_800 },
      { merchant: '올리브영', description: '올리브영', visits: 1, usual: 31_500 },
      { merchant: '쿠팡', description: '쿠팡', visits: 2, usual: 27_400 },
    ],
    regulars: [
      { merchant: '넷플릭스', description: '넷플릭스', day: 11, minor: -17_000 },
      { merchant: 'SK텔레콤', description: 'SK텔레콤 통신요금', day: 20, minor: -55_000 },
      { merchant: '한빛테크', description: '급여 한빛테크', day: 10, minor: 3_400_000 },
    ],
  },
];

const dayText = (time: number): string => new Date(time).toISOString().slice(0, 10);

/**
 * Fourteen months of a life, the same every time.
 * @param life what is bought and earned
 */
export function live(life: Life): Person {
  const next = random(life.seed);
  const payments: Payment[] = [];
  const today = Date.parse(TODAY);
  for (let back = MONTHS - 1; back >= 0; back -= 1) {
    const year = 2026 + Math.floor((10 - back) / 12);
    const month = (((10 - back) % 12) + 12) % 12;
    const first = Date.UTC(year, month, 1);
    const days = Math.round((Date.UTC(year, month + 1, 1) - first) / SECONDS_OF_DAY);
    for (const { merchant, description, day, minor } of life.regulars) {
      payments.push({ date: dayText(first + (day - 1) * SECONDS_OF_DAY), description, merchant, minor });
    }
    for (const { merchant, description, visits, usual } of life.shops) {
      for (let visit = 0; visit < visits; visit += 1) {
        const date = dayText(first + Math.floor(next() * days) * SECONDS_OF_DAY);
        const factor = 0.55 + next() * 0.95;
        const amount = Math.max(life.step, Math.round((usual * factor) / life.step) * life.step);
        payments.push({ date, description, merchant, minor: -amount });
      }
    }
  }
  const past = payments.filter(({ date }) => Date.parse(date) <= today);
  past.sort((left, right) => (left.date < right.date ? -1 : 1));
  const { userId, language, currency, digits } = life;
  return { userId, language, currency, digits, payments: past };
}

/** @returns three people with fourteen months of payments, the same every time */
export const people = (): Person[] => LIVES.map(live);

/**
 * The file that the person's bank would give.
 * @param person whose
 */
export function statementOf({ payments, currency, digits }: Person): string {
  const lines = payments.map(({ date, description, minor }) =>
    [date, `"${description}"`, (minor / 10 ** digits).toFixed(digits), currency].join(','),
  );
  return ['date,description,amount,currency', ...lines].join('\n');
}
