import { LRUCache } from 'lru-cache';
import { sizeClass } from './domain/combine.ts';
import { decideFromText } from './domain/decide-from-text.ts';
import type { Artifacts, TextDecision } from './domain/decide-from-text.ts';
import { readMerchantName } from './domain/merchant-name.ts';
import type { TextModel } from './domain/text-classifier.ts';
import type { MerchantName, Transaction } from './domain/types.ts';

/** A normalised name with what the text says. */
export interface ReadText {
  name: MerchantName;
  decision: TextDecision;
}

/** Decides from text with a memory of what was asked before; statements repeat themselves. */
export interface TextDecisions {
  read(transaction: Transaction): ReadText;
  /** What decides at present. */
  artifacts(): Artifacts;
  /**
   * Puts another classifier to work; what was remembered is forgotten.
   * @param model the classifier
   */
  useModel(model: TextModel): void;
}

/**
 * Makes the reader. The cache keeps nothing about users: descriptors and codes are its keys.
 * @param shipped loaded artifacts
 * @param cacheSize how many descriptors to remember; 0 remembers none
 */
export const createTextDecisions = (shipped: Artifacts, cacheSize = 20_000): TextDecisions => {
  let artifacts = shipped;
  const names = cacheSize === 0 ? null : new LRUCache<string, ReadText>({ max: cacheSize });
  return {
    artifacts: () => artifacts,
    useModel: (model) => {
      artifacts = { ...artifacts, version: model.version, model };
      names?.clear();
    },
    read: (transaction) => {
      const { description, merchantName, amountMinor, currency, country, mcc, providerCategory } =
        transaction;
      const decide = (): ReadText => {
        const name = readMerchantName(description, merchantName);
        return { name, decision: decideFromText(transaction, name, artifacts) };
      };
      if (names === null) {
        return decide();
      }
      const key = [
        description,
        merchantName,
        Math.sign(amountMinor),
        sizeClass(amountMinor, currency),
        country,
        mcc,
        providerCategory?.primary,
        providerCategory?.detailed,
      ].join('\u0000');
      const known = names.get(key);
      if (known !== undefined) {
        return known;
      }
      const read = decide();
      names.set(key, read);
      return read;
    },
  };
};
