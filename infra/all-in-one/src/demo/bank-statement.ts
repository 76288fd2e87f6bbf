/** One line of the demo statement. Amounts are pence, negative is money out. */
export interface StatementLine {
  day: string;
  description: string;
  amountMinor: number;
}

/**
 * A small, fast generator of evenly spread numbers in [0, 1), so that the demo is the same on every machine.
 * Mulberry32, public domain, by Tommy Ettinger.
 */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Bills on fixed days of a month: day, text, amount in pence. */
const MONTHLY: readonly (readonly [number, string, number])[] = [
  [1, 'STO MARLOW LETTINGS RENT', -95_000],
  [2, 'DD BRISTOL CITY COUNCIL COUNCIL TAX', -14_850],
  [3, 'DD OCTOPUS ENERGY', -9_800],
  [5, 'DD WESSEX WATER', -3_275],
  [8, 'DD VODAFONE LTD', -2_200],
  [10, 'CARD PAYMENT NETFLIX.COM', -1_099],
  [12, 'CARD PAYMENT SPOTIFY P1A2B3', -1_199],
  [14, 'DD PUREGYM LIMITED', -2_499],
  [20, 'DD AVIVA CAR INSURANCE', -4_120],
  [22, 'DD AMERICAN EXPRESS', -21_000],
  [28, 'BACS SEVERN LOGISTICS LTD SALARY', 248_500],
];

/** Purchases by chance: chance a day, text, least and most pence. */
const PURCHASES: readonly (readonly [number, string, number, number])[] = [
  [0.32, 'CARD PAYMENT TESCO STORES 3217 BRISTOL', 450, 6_800],
  [0.12, 'CARD PAYMENT LIDL GB BRISTOL', 800, 4_500],
  [0.24, 'CARD PAYMENT GREGGS PLC BRISTOL', 220, 780],
  [0.18, 'CARD PAYMENT COSTA COFFEE 43012', 310, 890],
  [0.1, 'CARD PAYMENT DELIVEROO.CO.UK', 1_250, 3_900],
  [0.06, 'CARD PAYMENT NANDOS BRISTOL CRIBBS', 1_400, 4_600],
  [0.1, 'CARD PAYMENT SHELL ASHTON GATE', 2_500, 7_200],
  [0.14, 'CARD PAYMENT FIRST BUS', 220, 600],
  [0.05, 'CARD PAYMENT TRAINLINE', 890, 6_500],
  [0.04, 'CARD PAYMENT UBER *TRIP', 620, 2_400],
  [0.09, 'CARD PAYMENT AMAZON.CO.UK*MK1AB2', 499, 8_900],
  [0.03, 'CARD PAYMENT PRIMARK BRISTOL', 900, 5_200],
  [0.03, 'CARD PAYMENT BOOTS 1204', 300, 2_600],
  [0.02, 'CARD PAYMENT VUE CINEMAS', 799, 3_200],
  [0.03, 'LNK CASH WITHDRAWAL BROADMEAD', 1_000, 6_000],
  [0.01, 'CARD PAYMENT IKEA LTD BRISTOL', 2_500, 18_000],
];

const dayText = (day: Date): string => day.toISOString().slice(0, 10);

/**
 * A believable British current account: rent, bills, salary and everyday purchases, the same for the same seed.
 * @param lastDay last day of the statement, `YYYY-MM-DD`
 * @param days length in days
 * @param seed any integer
 * @returns lines in the order a bank would print them, oldest first
 */
export function bankStatement(lastDay: string, days: number, seed: number): StatementLine[] {
  const random = randomNumbers(seed);
  const lines: StatementLine[] = [];
  const first = new Date(`${lastDay}T00:00:00Z`).getTime() - (days - 1) * 86_400_000;
  for (let index = 0; index < days; index += 1) {
    const day = new Date(first + index * 86_400_000);
    for (const [dayOfMonth, description, amountMinor] of MONTHLY) {
      if (day.getUTCDate() === dayOfMonth) {
        lines.push({ day: dayText(day), description, amountMinor });
      }
    }
    const isDecember = day.getUTCMonth() === 11;
    for (const [chance, description, least, most] of PURCHASES) {
      if (random() < chance) {
        const amount = Math.round((least + (most - least) * random() ** 2) * (isDecember ? 1.25 : 1));
        lines.push({ day: dayText(day), description, amountMinor: -amount });
      }
    }
  }
  return lines;
}

/**
 * The statement as a British bank exports it: day first, separate columns for money out and in, oldest first.
 * @param lines the statement
 */
export function statementCsv(lines: readonly StatementLine[]): string {
  const pounds = (pence: number): string =>
    `${Math.trunc(pence / 100)}.${String(pence % 100).padStart(2, '0')}`;
  const rows = lines.map(({ day, description, amountMinor }) => {
    const [year, month, date] = day.split('-');
    const out = amountMinor < 0 ? pounds(-amountMinor) : '';
    const paidIn = amountMinor > 0 ? pounds(amountMinor) : '';
    return `${date}/${month}/${year},"${description}",${out},${paidIn}`;
  });
  return ['Date,Description,Money out,Money in', ...rows, ''].join('\r\n');
}
