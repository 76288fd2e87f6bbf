import { PFC_PRIMARIES } from '@orrery/contracts';
import { ceilingOf, combine, primaryIndex } from './combine.ts';
import type { CombinerWeights } from './combine.ts';
import { categoryOfMcc } from './mcc-prior.ts';
import type { MccTable } from './mcc-prior.ts';
import { findInHangul, findInWords } from './merchant-lexicon.ts';
import type { Lexicon, LexiconHit } from './merchant-lexicon.ts';
import { categoryOfHint } from './provider-hint.ts';
import { findRails } from './structural-rails.ts';
import { CLASS_COUNT, scoreText, strongestPieces } from './text-classifier.ts';
import type { TextModel } from './text-classifier.ts';
import type { Evidence, MerchantName, Transaction } from './types.ts';

/** Everything learnt or looked up, passed in; the domain reads no file. */
export interface Artifacts {
  version: string;
  lexicon: Lexicon;
  mcc: MccTable;
  model: TextModel | null;
  weights: CombinerWeights;
}

/** What the text, the codes and the amount say together, before anything about the user. */
export interface TextDecision {
  category: string;
  confidence: number;
  /** Strongest kind of evidence for the category. */
  source: 'rail' | 'merchant' | 'mcc' | 'provider' | 'model' | 'none';
  /** The brand that the text names; null when it only tells the trade, for “boulangerie” is nobody's name. */
  merchant: string | null;
  evidence: readonly Evidence[];
  alternatives: readonly { category: string; confidence: number }[];
}

/** Leaf for a primary when nothing narrower is known, by direction. */
const PLAIN_LEAF: Readonly<Record<string, readonly [out: string, into: string]>> = {
  INCOME: ['other-income', 'other-income'],
  TRANSFER_IN: ['other-transfers-in', 'other-transfers-in'],
  TRANSFER_OUT: ['other-transfers-out', 'other-transfers-out'],
  LOAN_PAYMENTS: ['other-loan-payments', 'other-loan-payments'],
  BANK_FEES: ['other-bank-fees', 'other-bank-fees'],
  ENTERTAINMENT: ['other-entertainment', 'other-entertainment'],
  FOOD_AND_DRINK: ['restaurants', 'restaurants'],
  GENERAL_MERCHANDISE: ['other-shopping', 'other-shopping'],
  HOME_IMPROVEMENT: ['other-home', 'other-home'],
  MEDICAL: ['other-medical', 'other-medical'],
  PERSONAL_CARE: ['other-personal-care', 'other-personal-care'],
  GENERAL_SERVICES: ['other-services', 'other-services'],
  GOVERNMENT_AND_NON_PROFIT: ['other-government', 'other-government'],
  TRANSPORTATION: ['other-transport', 'other-transport'],
  TRAVEL: ['other-travel', 'other-travel'],
  RENT_AND_UTILITIES: ['other-utilities', 'other-utilities'],
};

const leafFor = (index: number, evidence: readonly Evidence[], moneyIn: boolean): string => {
  const known = evidence.find((item) => primaryIndex(item.category) === index);
  if (known !== undefined) {
    return known.category;
  }
  const plain = PLAIN_LEAF[PFC_PRIMARIES[index] ?? ''];
  return plain?.[moneyIn ? 1 : 0] ?? 'other';
};

const PIECES = 3;

/** Adds what the classifier saw when nothing else speaks for the category. */
const withModel = (
  evidence: Evidence[],
  model: TextModel | null,
  name: MerchantName,
  index: number,
  category: string,
): Evidence[] => {
  if (model === null || evidence.some((item) => primaryIndex(item.category) === index)) {
    return evidence;
  }
  const text = strongestPieces(model, name, index, PIECES).join(', ');
  return [{ kind: 'model', category, text, weight: 1 }, ...evidence];
};

const LETTER = /\p{L}/u;
const HANGUL_SYLLABLE = /[\uac00-\ud7a3]/;

/**
 * Whether the classifier can read a name that nothing else knows. Digits alone name nobody, and Korean shops that only
 * it can tell write Hangul: "qwpoeiru" in won would get the prior dressed up as a decision.
 */
const isReadable = (name: MerchantName, { currency, country }: Transaction): boolean =>
  (country === 'KR' || currency === 'KRW' ? HANGUL_SYLLABLE : LETTER).test(name.body);

const logs = new Float64Array(CLASS_COUNT);

/**
 * Decides from the descriptor, the codes and the amount alone. Pure: equal input and artifacts give an equal answer.
 * @param transaction the transaction
 * @param name its normalised name
 * @param artifacts lexicon, codes, model and weights
 * @param skip entries to overlook, used while training so that a brand does not vouch for itself
 */
export const decideFromText = (
  transaction: Transaction,
  name: MerchantName,
  artifacts: Artifacts,
  skip?: (hit: LexiconHit) => boolean,
): TextDecision => {
  const moneyIn = transaction.amountMinor > 0;
  const found = findInWords(artifacts.lexicon, name.tokens);
  if (name.hangul !== '') {
    found.push(...findInHangul(artifacts.lexicon, name.hangul));
  }
  const hits = skip === undefined ? found : found.filter((hit) => !skip(hit));
  if (artifacts.model !== null) {
    scoreText(artifacts.model, name, logs);
  }
  const folded = name.hangul === '' ? '' : name.folded.replace(/[\s().,·_*/:-]+/g, '');
  const { probabilities, evidence } = combine(
    {
      name,
      amountMinor: transaction.amountMinor,
      currency: transaction.currency,
      country: transaction.country,
      rails: findRails(name.rail === 'card' ? name.tokens : name.allTokens, folded, moneyIn),
      hits,
      modelLogs: artifacts.model === null ? null : logs,
      mccCategory: categoryOfMcc(artifacts.mcc, transaction.mcc),
      providerCategory: categoryOfHint(transaction.providerCategory),
    },
    artifacts.weights,
  );
  const ranked = [...probabilities.keys()].sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0));
  const best = ranked[0] ?? 0;
  const category = leafFor(best, evidence, moneyIn);
  const forIt = evidence.filter((item) => primaryIndex(item.category) === best);
  const ceiling = ceilingOf(
    category,
    forIt.length === 0,
    { name, country: transaction.country },
    artifacts.weights,
  );
  const kind = forIt[0]?.kind;
  const isBrand = (text: string): boolean =>
    hits.some(({ entry }) => entry.kind === 'brand' && entry.name === text);
  const brand = evidence.find(
    (item) => item.kind === 'merchant' && item.category === category && isBrand(item.text),
  );
  return {
    category,
    confidence:
      evidence.length === 0 && !isReadable(name, transaction)
        ? 0
        : Math.min(ceiling, probabilities[best] ?? 0),
    source: kind === 'rail' || kind === 'merchant' || kind === 'mcc' || kind === 'provider' ? kind : 'model',
    merchant: brand?.text ?? null,
    evidence: withModel(evidence.slice(0, 5), artifacts.model, name, best, category),
    alternatives: ranked.slice(1, 4).map((index) => ({
      category: leafFor(index, evidence, moneyIn),
      confidence: probabilities[index] ?? 0,
    })),
  };
};
