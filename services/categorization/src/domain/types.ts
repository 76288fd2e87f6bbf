import type { DecisionKind, DecisionSource } from '@orrery/contracts';

/** A transaction as the cascade sees it. */
export interface Transaction {
  /** The bank's text. */
  description: string;
  /** Name given by the source beside the bank's text. */
  merchantName?: string | undefined;
  /** Minor units of `currency`; negative is money out. */
  amountMinor: number;
  currency: string;
  /** ISO 3166 alpha-2. */
  country?: string | undefined;
  mcc?: string | undefined;
  accountId?: string | undefined;
  /** The provider's PFC codes, a hint only. */
  providerCategory?: { primary: string; detailed?: string | undefined } | undefined;
}

/** How the money moved, read from the bank's text. */
export type Rail = 'card' | 'direct-debit' | 'transfer' | 'cash' | 'cheque' | 'other';

/** What the normaliser reads from a descriptor. */
export interface MerchantName {
  /** Lower-case text without Latin accents, white space collapsed. */
  folded: string;
  /** `folded` without rails, processors, masks, dates and phone numbers. */
  body: string;
  /** Words of `body`. */
  tokens: readonly string[];
  /** Words of `folded`, for phrases that name a rail. */
  allTokens: readonly string[];
  /** Letters of `body` without spaces and corporate marks when it has Hangul, else empty. */
  hangul: string;
  /** What stays equal when the same shop charges again; empty when nothing but noise was left. */
  key: string;
  rail: Rail;
  /** Payment processors and wallets that wrapped the name. */
  processors: readonly string[];
  /** Direction that the text itself states. */
  direction: 'in' | 'out' | null;
  storeNumber: string | null;
}

/** One reason for a category. `weight` is in natural-log odds towards the category. */
export interface Evidence {
  kind: DecisionSource;
  category: string;
  /** What was found: a brand, a keyword, a code, the words that counted. */
  text: string;
  weight: number;
}

/** The outcome of the cascade. */
export interface Decision {
  /** Slug of a leaf; null when undecided. */
  category: string | null;
  /** Calibrated probability, 0 to 1. */
  confidence: number;
  decision: DecisionKind;
  source: DecisionSource;
  /** The shop's name as people know it, when it could be told. */
  merchant: string | null;
  merchantKey: string;
  evidence: readonly Evidence[];
  /** Runners-up by falling confidence, at most three. */
  alternatives: readonly { category: string; confidence: number }[];
}

/** From which confidence on a decision is filed without a mark, and from which it is offered. */
export interface Thresholds {
  auto: number;
  suggest: number;
}

export type { DecisionKind, DecisionSource };
