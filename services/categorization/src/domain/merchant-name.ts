import type { MerchantName, Rail } from './types.ts';

const NON_ASCII = /[\u0080-\uffff]/;
const COMBINING = /[\u0300-\u036f]/g;
const HANGUL = /[\uac00-\ud7a3]/;

/**
 * Folds case, compatibility forms and Latin accents and collapses white space; Hangul stays composed.
 * @param text any descriptor
 * @returns lower-case text
 */
export const fold = (text: string): string => {
  let folded = text;
  if (NON_ASCII.test(folded)) {
    folded = folded.normalize('NFKC').normalize('NFD').replace(COMBINING, '').normalize('NFC');
  }
  return folded
    .toLowerCase()
    .replace(/['’`´]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
};

/**
 * Splits folded text into words: letters and digits, `&` as the word "and", a long number apart from the letters before it.
 * @param folded result of `fold`
 * @returns words in order
 */
export const words = (folded: string): string[] => {
  const spaced = folded.replace(/&/g, ' and ').replace(/([a-z])(\d{3,})/g, '$1 $2');
  return spaced.match(/[a-z0-9\uac00-\ud7a3\u00c0-\uffff]+/g) ?? [];
};

interface Prefix {
  pattern: RegExp;
  rail?: Rail;
  direction?: 'in' | 'out';
  processor?: string;
}

const DAY = String.raw`\d{1,2}[/.-]\d{1,2}(?:[/.-]\d{2,4})?`;

/** Openings that say how the money moved; several may follow each other. */
const PREFIXES: readonly Prefix[] = [
  {
    pattern:
      /^(?:facture|paiement|achat)s? (?:par )?(?:carte|cb)(?: bancaire)?(?: du)?(?: \d{6,8})?(?: [x*]*\d{4}\b)?/,
    rail: 'card',
  },
  { pattern: new RegExp(String.raw`^(?:carte|cb) ?[x*]*\d{0,4}(?: du)? ${DAY}`), rail: 'card' },
  { pattern: /^cb(?:[* ]+\d{4}\b| debit (?:differe|immediat)(?= .)|(?= [a-z]))/, rail: 'card' },
  { pattern: /^carte (?:[x*]*\d{4} )?(?=[a-z])(?!bleue|a debit|debit)/, rail: 'card' },
  {
    pattern: /^(?:prlvt?|prelevement|prel)(?: europeen)?(?: sepa)?(?: emis)?(?: de\b)?/,
    rail: 'direct-debit',
  },
  {
    pattern: /^(?:vir|virt|virement)(?: (?:sepa|inst|instantane|europeen))*(?: recu)(?: ?\/?de\b)?/,
    rail: 'transfer',
    direction: 'in',
  },
  {
    pattern:
      /^(?:vir|virt|virement)(?: (?:sepa|inst|instantane|europeen|permanent))*(?: emis)(?: ?\/?(?:de|ben|vers|pour)\b)?/,
    rail: 'transfer',
    direction: 'out',
  },
  {
    pattern: /^(?:vir|virt|virement)(?: (?:sepa|inst|instantane|europeen|permanent))*\b(?: ?\/(?:de|ben)\b)?/,
    rail: 'transfer',
  },
  { pattern: /^avoir(?: carte| cb)?(?: du)?(?: \d{6})?(?= )/, rail: 'card', direction: 'in' },
  { pattern: /^\d{6} (?:cb|carte)\b(?:[* ]*\d{4,6}\b)?/, rail: 'card' },
  {
    pattern: new RegExp(
      String.raw`^(?:pinned |pin |recurring |contactless |visa |non-pin |dda |international |mastercard |point of sale )*(?:pos|debit card|check ?card|chkcard|credit card(?= purchase)|visa card|card(?! services| bill)|eftpos|visa|mc|purchase|pur|dbt crd|debit crd|debit purchase|pos pch|ckcd|crd)(?: (?:sig|pin|purchase|purch|pur|debit|withdrawal|withdrwl|w/d|wd|payment|transaction|trans|visa|auth|authorized|authorised|pmt|signature|dda|recurring|csc|to|at|from|on|return|refund))*(?:[ :*#-]+(?:${DAY}|\d{4,6})(?=[ -]))?(?: \d\d:\d\d)?(?=[ :*-])[ :*-]*(?:(?:visa|mc|purchase|sig)\b)?`,
    ),
    rail: 'card',
  },
  {
    pattern:
      /^(?:d\/d|dd|direct debit|debicheck payment|acb debit:?\w*|debit order)(?: to| payment)?(?=[ :*-])[ :*-]*/,
    rail: 'direct-debit',
  },
  { pattern: /^bill pay(?:ment|mt)?(?: to)?(?=[ :#-])[ :#-]*/, rail: 'direct-debit' },
  { pattern: /^web (?:pmt|authorized pmt)(?: recur| single)?[- ]*/, rail: 'direct-debit' },
  {
    pattern: /^ach (?:web |tel |hold |electronic )?(?:debit|withdrawal|pmt|payment)\b[ -]*/,
    rail: 'direct-debit',
  },
  { pattern: /^ach (?:credit|deposit|in)\b[ -]*/, rail: 'transfer', direction: 'in' },
  { pattern: /^recurring (?=[a-z])/, rail: 'card' },
  { pattern: /^(?:sq|gosq|squ) ?\*+ ?/, processor: 'Square' },
  { pattern: /^(?:tst|toast) ?\*+ ?-? ?/, processor: 'Toast' },
  { pattern: /^(?:paypal|pp|pypl|paypal inst xfer) ?\*+ ?/, processor: 'PayPal' },
  { pattern: /^paypal (?=[a-z]{4,})(?!transfer|inst|payment)/, processor: 'PayPal' },
  {
    pattern:
      /^(?:sumup|zettle|izettle|iz|yoco|payfast|peach|ozow|snapscan|zapper|wpy|ikh|crv|smp|nyx|eb|dri|fs|ppl|py|clv|spo|ec|int|eig|paddle\.net|pdl|cko|wl|lsp|ezi|bt|stripe|adyen|mollie|worldpay|fsp|ptp|cke|ss|pos|in|sp|sub|ic|b2p|act|ctlp|usa|spi|olo|par|grubhubp|toasttab) ?[_]?\*+ ?/,
    processor: 'processor',
  },
  { pattern: /^(?:sp|sumup|zettle|yoco|izettle) (?=[a-z]{3,})(?!\+)/, processor: 'processor' },
  {
    pattern: /^(?:apple pay|applepay|google pay|gpay|samsung pay|aplpay|googlepay)(?=[ *-])[ *-]*/,
    processor: 'wallet',
  },
  {
    pattern:
      /^(?:나이스|나이스페이|이니시스|kg이니시스|kcp|nhn kcp|토스|토스페이|토스페이먼츠|카카오페이|네이버페이|페이코|차이|엘지유플러스|스마일페이|다날|모빌리언스|헥토파이낸셜)(?: ?[-_(*/:] ?)(?=.{2})/,
    processor: 'gateway',
  },
  { pattern: /^(?:\(주\)|주식회사|\(유\)|유한회사|\(재\)|\(사\)|재단법인|사단법인|학교법인|의료법인) ?/ },
  { pattern: new RegExp(String.raw`^(?:${DAY}|\d{6,8}) (?=\S)`) },
  { pattern: /^\d{1,4}\.\d\d (?=[a-z])/ },
  { pattern: /^#(?=[a-z])/ },
];

const SUFFIXES: readonly RegExp[] = [
  /\bcard ending in.*$/,
  / (?:ech|id emetteur|id em|mdt|rum|refdo|ref|lib)[/ :].*$/,
  / carte x{4,}.*$/,
  / carte(?: ?[x*\d]+)?$/,
  /(?<=.) ?(?:자동이체|자동납부|정기결제)$/,
  / cartes?$/,
  / \(card ?\)$/,
  / \* ?\d{1,2} [a-z]{3}$/,
  / on \d{1,2}[/ -](?:\d{1,2}|[a-z]{3})\b.*$/,
  / card [x*]*\d{4}\b.*$/,
  / \d{1,2}\/\d{1,2}(?:\/\d{2,4})?$/,
  / ?-?\d{1,2}:\d{2}$/,
];

const US_STATES = new Set(
  'al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa ri sc sd tn tx ut vt va wa wv wi wy dc'.split(
    ' ',
  ),
);
const COUNTRY_MARKS = new Set([
  'us',
  'usa',
  'gb',
  'gbr',
  'nz',
  'nzl',
  'au',
  'aus',
  'za',
  'fr',
  'fra',
  'kr',
  'ie',
  'uk',
]);
const LEGAL_FORMS = new Set(
  'inc llc ltd limited co corp corporation company plc pty gmbh sa sas sarl eurl sasu snc sci bv ag the'.split(
    ' ',
  ),
);
const KOREAN_MARKS = /\(주\)|㈜|주식회사|\(유\)|유한회사|[\s().,·_*/:-]+/g;
const KOREAN_BRANCH = /^(.{2,}?) +\S{1,8}(?:점|지점|본점)$/;

const stripPrefixes = (folded: string) => {
  let body = folded;
  let rail: Rail = 'other';
  let direction: 'in' | 'out' | null = null;
  const processors: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    let changed = false;
    for (const prefix of PREFIXES) {
      const match = prefix.pattern.exec(body);
      if (match !== null && match[0].length > 0) {
        const rest = body.slice(match[0].length).replace(/^[ :*/#.-]+/, '');
        if (rest.length >= 2) {
          body = rest;
          changed = true;
          if (prefix.processor !== undefined) {
            processors.push(prefix.processor);
          }
        }
        rail = rail === 'other' ? (prefix.rail ?? rail) : rail;
        direction ??= prefix.direction ?? null;
        if (changed) {
          break;
        }
      }
    }
    if (!changed) {
      break;
    }
  }
  return { body, rail, direction, processors };
};

const stripNoise = (text: string): string => {
  let body = text;
  for (const suffix of SUFFIXES) {
    const shorter = body.replace(suffix, '').trim();
    if (shorter.length >= 2) {
      body = shorter;
    }
  }
  return body
    .replace(
      /\b(?=[x*]*\d)[x*\d]{9,}\b|[x*]{4,}\d*|\b\d{3}[-.]\d{3}[-.]\d{4}\b|\b\d{3}-[x\d]{7}\b|\b\d{3}-\d{4}\b/g,
      ' ',
    )
    .replace(/\s+/g, ' ')
    .trim();
};

const latinKey = (tokens: readonly string[]): string => {
  const kept: string[] = [];
  for (const [index, token] of tokens.entries()) {
    const noise =
      /\d{3,}/.test(token) ||
      (index > 0 && /^\d+$/.test(token)) ||
      (index > 0 && (LEGAL_FORMS.has(token) || token === 'com' || token === 'www')) ||
      (index >= 2 && (US_STATES.has(token) || COUNTRY_MARKS.has(token)));
    if (!noise && token !== 'www' && token !== 'the') {
      kept.push(token);
    }
    if (kept.length === 4) {
      break;
    }
  }
  return kept.join(' ');
};

const hangulKey = (body: string): string => {
  const branch = KOREAN_BRANCH.exec(body);
  return (branch?.[1] ?? body).replace(KOREAN_MARKS, '');
};

/**
 * Reads a bank's line: what is rail and noise, what is the name, and the key by which the same shop is known again.
 * @param description the bank's text
 * @param merchantName name that the source gives beside it; preferred for the name, the text is kept for the rail
 */
export const readMerchantName = (description: string, merchantName?: string): MerchantName => {
  const folded = fold(description);
  const stripped = stripPrefixes(folded);
  const given = merchantName === undefined ? '' : fold(merchantName);
  let body = given === '' ? stripNoise(stripped.body) : given;
  if (body === '') {
    body = stripped.body;
  }
  const tokens = words(body);
  const hasHangul = HANGUL.test(body);
  const hangul = hasHangul ? body.replace(KOREAN_MARKS, '') : '';
  const rail: Rail =
    stripped.rail !== 'other' ? stripped.rail : stripped.processors.length > 0 ? 'card' : 'other';
  return {
    folded,
    body,
    tokens,
    allTokens: words(folded),
    hangul,
    key: hasHangul ? hangulKey(body) : latinKey(tokens),
    rail,
    processors: stripped.processors,
    direction: stripped.direction,
    storeNumber: /#\s?(\d{2,6})\b/.exec(folded)?.[1] ?? null,
  };
};
