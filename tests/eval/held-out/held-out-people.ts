import { live, type Person } from '../people.ts';

const GB = '66c0000000000000000000b1';
const US = '66c0000000000000000000b2';
const FR = '66c0000000000000000000b3';
const KR = '66c0000000000000000000b4';

/** @returns four people whose merchants no rule was written for, the same every time */
export const heldOutPeople = (): Record<'gb' | 'us' | 'fr' | 'kr', Person> => ({
  gb: live({
    userId: GB,
    language: 'en',
    currency: 'GBP',
    digits: 2,
    seed: 101,
    step: 1,
    shops: [
      { merchant: 'Aldi', description: 'ALDI STORES 4411', visits: 5, usual: 2_810 },
      { merchant: 'Waitrose', description: 'WAITROSE 233', visits: 3, usual: 3_420 },
      { merchant: 'Greggs', description: 'GREGGS PLC', visits: 5, usual: 430 },
      { merchant: 'Deliveroo', description: 'DELIVEROO', visits: 3, usual: 1_890 },
      { merchant: 'Pret', description: 'PRET A MANGER', visits: 4, usual: 655 },
      { merchant: 'TfL', description: 'TFL TRAVEL CH', visits: 8, usual: 560 },
      { merchant: 'BP', description: 'BP PETROL STATION', visits: 1, usual: 5_200 },
      { merchant: 'Amazon', description: 'AMAZON.CO.UK', visits: 3, usual: 2_230 },
      { merchant: 'Superdrug', description: 'SUPERDRUG STORES', visits: 1, usual: 940 },
    ],
    regulars: [
      { merchant: 'Disney+', description: 'DISNEY PLUS', day: 14, minor: -899 },
      { merchant: 'Vodafone', description: 'VODAFONE LTD', day: 6, minor: -2_800 },
      { merchant: 'Octopus Energy', description: 'OCTOPUS ENERGY', day: 4, minor: -9_500 },
      { merchant: 'PureGym', description: 'PUREGYM LTD', day: 2, minor: -2_499 },
      { merchant: 'Hargreaves Lettings', description: 'RENT HARGREAVES LETTINGS', day: 1, minor: -95_000 },
      { merchant: 'Brightwell', description: 'SALARY BRIGHTWELL LTD', day: 28, minor: 261_000 },
    ],
  }),
  us: live({
    userId: US,
    language: 'en',
    currency: 'USD',
    digits: 2,
    seed: 202,
    step: 1,
    shops: [
      { merchant: "Trader Joe's", description: "TRADER JOE'S #552", visits: 5, usual: 4_310 },
      { merchant: 'Walmart', description: 'WALMART SUPERCENTER', visits: 3, usual: 6_150 },
      { merchant: 'DoorDash', description: 'DOORDASH', visits: 4, usual: 2_760 },
      { merchant: 'Starbucks', description: 'STARBUCKS STORE 0231', visits: 6, usual: 615 },
      { merchant: 'Chevron', description: 'CHEVRON 00912', visits: 3, usual: 4_480 },
      { merchant: 'Lyft', description: 'LYFT *RIDE', visits: 3, usual: 1_820 },
      { merchant: 'CVS', description: 'CVS/PHARMACY #0881', visits: 1, usual: 1_990 },
    ],
    regulars: [
      { merchant: 'Hulu', description: 'HULU', day: 7, minor: -1_799 },
      { merchant: 'Planet Fitness', description: 'PLANET FITNESS', day: 17, minor: -1_000 },
      { merchant: 'Verizon', description: 'VERIZON WIRELESS', day: 21, minor: -7_500 },
      { merchant: 'Geico', description: 'GEICO AUTO INSURANCE', day: 5, minor: -11_200 },
      { merchant: 'Acme Robotics', description: 'PAYROLL ACME ROBOTICS', day: 1, minor: 195_000 },
      { merchant: 'Acme Robotics', description: 'PAYROLL ACME ROBOTICS', day: 15, minor: 195_000 },
    ],
  }),
  fr: live({
    userId: FR,
    language: 'fr',
    currency: 'EUR',
    digits: 2,
    seed: 303,
    step: 1,
    shops: [
      { merchant: 'Leclerc', description: 'CB E.LECLERC', visits: 5, usual: 4_120 },
      { merchant: 'Auchan', description: 'CB AUCHAN SUPERMARCHE', visits: 3, usual: 2_950 },
      { merchant: 'Deliveroo', description: 'CB DELIVEROO', visits: 3, usual: 2_190 },
      { merchant: 'Boulangerie Paul', description: 'CB BOULANGERIE PAUL', visits: 7, usual: 480 },
      { merchant: 'SNCF', description: 'CB SNCF CONNECT', visits: 2, usual: 3_870 },
      { merchant: 'Sephora', description: 'CB SEPHORA', visits: 1, usual: 3_350 },
      { merchant: 'Pharmacie du Marché', description: 'CB PHARMACIE DU MARCHE', visits: 1, usual: 1_450 },
    ],
    regulars: [
      { merchant: 'Orange', description: 'PRLV ORANGE SA', day: 8, minor: -2_999 },
      { merchant: 'Canal+', description: 'PRLV CANAL+', day: 13, minor: -2_299 },
      { merchant: 'Basic-Fit', description: 'PRLV BASIC-FIT', day: 6, minor: -2_299 },
      { merchant: 'Agence Dupin', description: 'VIR LOYER AGENCE DUPIN', day: 3, minor: -78_000 },
      { merchant: 'MAIF', description: 'PRLV MAIF ASSURANCE', day: 12, minor: -5_410 },
      { merchant: 'Atelier Nord', description: 'VIR SALAIRE ATELIER NORD', day: 29, minor: 224_000 },
    ],
  }),
  kr: live({
    userId: KR,
    language: 'ko',
    currency: 'KRW',
    digits: 0,
    seed: 404,
    step: 100,
    shops: [
      { merchant: '홈플러스', description: '홈플러스 합정점', visits: 4, usual: 52_300 },
      { merchant: '롯데마트', description: '롯데마트 서울역점', visits: 2, usual: 41_800 },
      { merchant: 'CU', description: 'CU 합정점', visits: 7, usual: 4_900 },
      { merchant: '쿠팡이츠', description: '쿠팡이츠', visits: 4, usual: 21_500 },
      { merchant: '투썸플레이스', description: '투썸플레이스 홍대점', visits: 5, usual: 6_400 },
      { merchant: '티머니', description: '티머니 지하철', visits: 8, usual: 2_300 },
      { merchant: '온누리약국', description: '온누리약국', visits: 1, usual: 12_700 },
    ],
    regulars: [
      { merchant: '왓챠', description: '왓챠', day: 9, minor: -12_900 },
      { merchant: 'KT', description: 'KT 통신요금', day: 18, minor: -49_000 },
      { merchant: '월세', description: '월세 김영수', day: 5, minor: -550_000 },
      { merchant: '새빛소프트', description: '급여 새빛소프트', day: 25, minor: 2_950_000 },
    ],
  }),
});
