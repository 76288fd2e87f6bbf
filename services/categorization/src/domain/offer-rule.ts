import { fold } from './merchant-name.ts';
import type { RuleConditions } from './rule-matching.ts';
import type { MerchantName, Transaction } from './types.ts';

/** A rule that a correction suggests; the user decides. */
export interface OfferedRule {
  name: string;
  conditions: RuleConditions;
  category: string;
}

/** A shorter text would catch strangers. */
const MIN_LETTERS = 3;

/** The longest run of the name's first words that stands in the bank's text as it is. */
const textToLookFor = (transaction: Transaction, name: MerchantName): string | null => {
  const places = [fold(transaction.description), fold(transaction.merchantName ?? '')];
  const words = name.key.split(' ');
  for (let count = words.length; count > 0; count -= 1) {
    const part = words.slice(0, count).join(' ');
    if (
      part.length >= (name.hangul === '' ? MIN_LETTERS : 2) &&
      places.some((place) => place.includes(part))
    ) {
      return part;
    }
  }
  return null;
};

/**
 * The rule that would have made a correction needless: the merchant's name in the text and the direction of the money.
 * @param transaction the corrected transaction
 * @param name its normalised name
 * @param merchant the shop's name as people know it, when it could be told
 * @param category slug that the user chose
 * @returns null when the text holds no name to look for
 */
export const offerRule = (
  transaction: Transaction,
  name: MerchantName,
  merchant: string | null,
  category: string,
): OfferedRule | null => {
  const text = textToLookFor(transaction, name);
  return text === null
    ? null
    : {
        name: (merchant ?? text).slice(0, 100),
        conditions: { text, direction: transaction.amountMinor > 0 ? 'in' : 'out' },
        category,
      };
};
