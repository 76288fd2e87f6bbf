import { describe, expect, it } from '@jest/globals';
import { readMerchantName } from './merchant-name.ts';
import { offerRule } from './offer-rule.ts';
import { compileRule } from './rule-matching.ts';
import type { Transaction } from './types.ts';

const paid = (description: string): Transaction => ({ description, amountMinor: -900, currency: 'GBP' });
const offerFor = (transaction: Transaction) =>
  offerRule(transaction, readMerchantName(transaction.description), null, 'gifts');

describe('an offered rule', () => {
  it.each(['SQ *HARBOUR LANE CERAMICS 0441', 'CARTE 12/03 LIBRAIRIE DU PORT', '온누리중앙약국'])(
    'applies to the transaction it was made for: %s',
    (description) => {
      const offer = offerFor(paid(description));

      expect(offer).not.toBeNull();
      expect(offer !== null && compileRule({ id: 'r', ...offer }).matches(paid(description))).toBe(true);
      expect(
        offer !== null &&
          compileRule({ id: 'r', ...offer }).matches({ ...paid(description), amountMinor: 900 }),
      ).toBe(false);
    },
  );

  it('is not made from noise', () => {
    expect(offerFor(paid('0000 9999'))).toBeNull();
  });
});
