import {
  FR_HABITS,
  FR_STANDING,
  KR_HABITS,
  KR_STANDING,
  UK_HABITS,
  UK_STANDING,
  US_HABITS,
  US_STANDING,
  type Habit,
  type Standing,
} from './merchants.ts';

/** An account as a persona has it; amounts in whole currency units. */
export interface PersonaAccount {
  key: string;
  type: 'depository' | 'credit' | 'loan' | 'investment';
  subtype: string;
  name: string;
  officialName: string;
  mask: string;
  current: number;
  limit: number | null;
}

/** Somebody with a bank account and a life. */
export interface Persona {
  username: string;
  country: string;
  currency: string;
  city: string;
  region: string | null;
  accounts: readonly PersonaAccount[];
  habits: readonly Habit[];
  standing: readonly Standing[];
  /** How far back the history goes, in days. */
  historyDays: number;
  /** What a refresh does beside bringing rows up to today. */
  onRefresh: 'nothing' | 'always-news' | 'every-other';
}

const account = (
  key: string,
  type: PersonaAccount['type'],
  subtype: string,
  name: string,
  officialName: string,
  mask: string,
  current: number,
  limit: number | null = null,
): PersonaAccount => ({ key, type, subtype, name, officialName, mask, current, limit });

const US_ACCOUNTS: readonly PersonaAccount[] = [
  account(
    'checking',
    'depository',
    'checking',
    'Plaid Checking',
    'Plaid Gold Standard 0% Interest Checking',
    '0000',
    3214.87,
  ),
  account(
    'savings',
    'depository',
    'savings',
    'Plaid Saving',
    'Plaid Silver Standard 0.1% Interest Saving',
    '1111',
    8420.13,
  ),
  account(
    'credit',
    'credit',
    'credit card',
    'Plaid Credit Card',
    'Plaid Diamond 12.5% APR Interest Credit Card',
    '3333',
    812.46,
    6000,
  ),
  account(
    'brokerage',
    'investment',
    'brokerage',
    'Plaid Brokerage',
    'Plaid Individual Brokerage',
    '5555',
    23631.98,
  ),
  account('student', 'loan', 'student', 'Plaid Student Loan', 'Plaid Standard Student Loan', '7777', 18262.4),
];

const person = (persona: Omit<Persona, 'historyDays' | 'onRefresh'> & Partial<Persona>): Persona => ({
  historyDays: 730,
  onRefresh: 'nothing',
  ...persona,
});

const american = {
  country: 'US',
  currency: 'USD',
  city: 'Portland',
  region: 'OR',
  standing: US_STANDING,
  habits: US_HABITS,
};

const PERSONAS: readonly Persona[] = [
  person({ username: 'user_us', ...american, accounts: US_ACCOUNTS }),
  person({
    username: 'user_uk',
    country: 'GB',
    currency: 'GBP',
    city: 'Bristol',
    region: null,
    habits: UK_HABITS.map((habit) => ({ ...habit, account: 'checking' })),
    standing: UK_STANDING,
    accounts: [
      account(
        'checking',
        'depository',
        'checking',
        'Current Account',
        'Royal Current Account',
        '4821',
        1486.22,
      ),
      account('savings', 'depository', 'savings', 'Saver', 'Royal Easy Saver', '9033', 5210),
    ],
  }),
  person({
    username: 'user_fr',
    country: 'FR',
    currency: 'EUR',
    city: 'Lyon',
    region: null,
    habits: FR_HABITS.map((habit) => ({ ...habit, account: 'checking' })),
    standing: FR_STANDING,
    accounts: [
      account(
        'checking',
        'depository',
        'checking',
        'Compte courant',
        'Compte de dépôt particulier',
        '7150',
        1274.36,
      ),
      account('savings', 'depository', 'savings', 'Livret A', 'Livret A', '2208', 6480.5),
    ],
  }),
  person({
    username: 'user_kr',
    country: 'KR',
    currency: 'KRW',
    city: '서울',
    region: null,
    habits: KR_HABITS,
    standing: KR_STANDING,
    accounts: [
      account('checking', 'depository', 'checking', '입출금통장', '한빛 주거래 통장', '3091', 2184300),
      account('savings', 'depository', 'savings', '자유적금', '한빛 자유적금', '6620', 9600000),
      account(
        'credit',
        'credit',
        'credit card',
        '체크플러스 카드',
        '한빛 체크플러스',
        '8412',
        614200,
        5000000,
      ),
    ],
  }),
  person({
    username: 'user_transactions_dynamic',
    ...american,
    accounts: US_ACCOUNTS.slice(0, 3),
    historyDays: 22,
    onRefresh: 'always-news',
  }),
  ...['user_ewa_user', 'user_yuppie', 'user_small_business'].map((username) =>
    person({
      username,
      ...american,
      accounts: US_ACCOUNTS.slice(0, 3),
      historyDays: 90,
      onRefresh: 'every-other',
    }),
  ),
];

/**
 * A persona by its user name.
 * @param username such as `user_uk`
 * @returns undefined when nobody has that name
 */
export const findPersona = (username: string): Persona | undefined =>
  PERSONAS.find((persona) => persona.username === username);
