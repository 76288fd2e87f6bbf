/** A bank of the sandbox. */
export interface SandboxInstitution {
  id: string;
  name: string;
  countries: readonly string[];
  products: readonly string[];
  oauth: boolean;
  url: string;
  color: string;
  /** Who banks there when the caller names nobody in particular. */
  defaultPersona: string;
  routingNumbers: readonly string[];
}

const US_PRODUCTS = ['auth', 'balance', 'identity', 'investments', 'liabilities', 'transactions', 'transfer'];
const EUROPEAN_PRODUCTS = ['auth', 'balance', 'identity', 'payment_initiation', 'transactions'];

const american = (
  id: string,
  name: string,
  color: string,
  routing: string,
  oauth = false,
): SandboxInstitution => ({
  id,
  name,
  countries: ['US'],
  products: US_PRODUCTS,
  oauth,
  url: `https://${name.toLowerCase().replaceAll(/[^a-z]/gu, '')}.example`,
  color,
  defaultPersona: 'user_us',
  routingNumbers: [routing],
});

/** Every bank of the sandbox; the first one is the default. */
export const INSTITUTIONS: readonly SandboxInstitution[] = [
  american('ins_109508', 'First Platypus Bank', '#1f1f1f', '110000001'),
  american('ins_109509', 'First Gingham Credit Union', '#174e8c', '110000002'),
  american('ins_109510', 'Tattersall Federal Credit Union', '#7b2d26', '110000003'),
  american('ins_109511', 'Tartan Bank', '#195f4c', '110000004'),
  american('ins_109512', 'Houndstooth Bank', '#454545', '110000005'),
  american('ins_127287', 'Platypus OAuth Bank', '#3a6ea5', '110000006', true),
  {
    id: 'ins_117650',
    name: 'Royal Bank of Plaid',
    countries: ['GB'],
    products: EUROPEAN_PRODUCTS,
    oauth: true,
    url: 'https://royalbankofplaid.example',
    color: '#4b2e83',
    defaultPersona: 'user_uk',
    routingNumbers: [],
  },
  {
    id: 'ins_990033',
    name: 'Banque Platypus',
    countries: ['FR'],
    products: EUROPEAN_PRODUCTS,
    oauth: true,
    url: 'https://banqueplatypus.example',
    color: '#00438a',
    defaultPersona: 'user_fr',
    routingNumbers: [],
  },
  {
    id: 'ins_990082',
    name: 'Platypus Bank Seoul',
    countries: ['US'],
    products: ['auth', 'balance', 'transactions'],
    oauth: false,
    url: 'https://platypusseoul.example',
    color: '#0b6b3a',
    defaultPersona: 'user_kr',
    routingNumbers: [],
  },
];

const ALIASES: Readonly<Record<string, string>> = { ins_1: 'ins_109508' };

/**
 * A bank by its id; `ins_1` stands for the first one.
 * @param id institution id as the caller gave it
 * @returns undefined when there is none
 */
export const findInstitution = (id: string): SandboxInstitution | undefined =>
  INSTITUTIONS.find((institution) => institution.id === (ALIASES[id] ?? id));
