import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fold, readMerchantName, words } from './merchant-name.ts';

const read = (text: string) => {
  const { body, rail, processors, direction } = readMerchantName(text);
  return { body, rail, processors, direction };
};

describe('fold', () => {
  it('folds case, Latin accents and width, and keeps Hangul composed', () => {
    expect(fold('  Café  L’ÉTÉ ')).toBe('cafe lete');
    expect(fold('ＧＳ２５ 강남점')).toBe('gs25 강남점');
    expect(fold('한글'.normalize('NFD'))).toBe('한글');
  });
});

describe('words', () => {
  it('keeps short numbers in names and parts long ones from letters', () => {
    expect(words('b&q o2 h&m0448')).toEqual(['b', 'and', 'q', 'o2', 'h', 'and', 'm', '0448']);
  });
});

describe('readMerchantName', () => {
  it.each([
    ['POS SIG 01/05 VISA CORNER DELI', 'corner deli', 'card', []],
    ['TST* HARBOUR GRILL', 'harbour grill', 'card', ['Toast']],
    ['PAYPAL *SOMESHOP 402-935-7733 CA', 'someshop ca', 'card', ['PayPal']],
    ['FACTURE CARTE DU 120324 BOULANG DUPRE LYON CARTE XXXXXXXXXX', 'boulang dupre lyon', 'card', []],
    ['PRLV SEPA EDF ECH/120324 ID EMETTEUR/FR12ZZZ123456 MDT/X1', 'edf', 'direct-debit', []],
    ['나이스 - 동네서점', '동네서점', 'card', ['gateway']],
    ['(주)우리약국', '우리약국', 'other', []],
  ] as const)('reads %s', (text, body, rail, processors) => {
    expect(read(text)).toMatchObject({ body, rail, processors: [...processors] });
  });

  it('tells the direction that a French transfer states', () => {
    expect(read('VIR SEPA RECU /DE ACME SAS /MOTIF SALAIRE').direction).toBe('in');
    expect(read('VIR SEPA EMIS /BEN M MARTIN').direction).toBe('out');
  });

  it.each([
    ['SHOPRITE #0441 PARAMUS NJ', 'SHOPRITE #0912 PARAMUS NJ'],
    ['CB DEMO SHOP 12/03', 'CB DEMO SHOP 27/08'],
    ['동네카페 강남점', '동네카페 홍대점'],
  ])('gives %s and %s one key', (one, other) => {
    expect(readMerchantName(one).key).toBe(readMerchantName(other).key);
  });

  it('never fails and never takes long, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 512 }), (text) => {
        const started = performance.now();
        const name = readMerchantName(text);
        expect(name.folded).toBe(fold(text));
        expect(performance.now() - started).toBeLessThan(200);
      }),
      { numRuns: 300 },
    );
  });
});
