import { beforeAll, describe, expect, it } from '@jest/globals';
import { loadArtifacts } from '../artifacts/load-artifacts.ts';
import { categorize, STRANGER } from './categorize.ts';
import type { UserKnowledge } from './categorize.ts';
import { decideFromText } from './decide-from-text.ts';
import type { Artifacts } from './decide-from-text.ts';
import { explain } from './explain.ts';
import { readMerchantName } from './merchant-name.ts';
import { compileRule } from './rule-matching.ts';
import { DEFAULT_THRESHOLDS } from './thresholds.ts';
import type { Decision, Transaction } from './types.ts';
import { remember } from './user-memory.ts';

let artifacts: Artifacts;

beforeAll(() => {
  artifacts = loadArtifacts();
});

const decide = (fields: Partial<Transaction>, user: UserKnowledge = STRANGER): Decision => {
  const transaction: Transaction = { description: '', amountMinor: -1000, currency: 'USD', ...fields };
  const name = readMerchantName(transaction.description, transaction.merchantName);
  return categorize(transaction, name, user, DEFAULT_THRESHOLDS, () =>
    decideFromText(transaction, name, artifacts),
  );
};

const korean = (description: string) =>
  decide({ description, currency: 'KRW', country: 'KR', amountMinor: -9000 });

describe('the cascade', () => {
  it('lets a rule of the user win over everything', () => {
    const description = 'STARBUCKS STORE 04417';
    const name = readMerchantName(description);
    const user: UserKnowledge = {
      rules: [
        compileRule({ id: 'r', name: 'Work', conditions: { text: 'starbucks' }, category: 'other-services' }),
      ],
      memory: remember(new Map(), name, -1000, 'gifts', 20_000),
      day: 20_000,
    };

    expect(decide({ description }, user)).toMatchObject({
      category: 'other-services',
      source: 'rule',
      decision: 'auto',
    });
    expect(decide({ description }, { ...user, rules: [] })).toMatchObject({
      category: 'gifts',
      source: 'memory',
    });
    expect(decide({ description })).toMatchObject({
      category: 'coffee',
      source: 'merchant',
      merchant: 'Starbucks',
    });
  });

  it.each(['Boulangerie Pâtisserie Élodie', 'Café Crème', 'ACME LETTINGS LTD'])(
    'takes no trade for the name of a merchant in “%s”',
    (description) => {
      expect(decide({ description, currency: 'EUR', country: 'FR' })).toMatchObject({
        merchant: null,
      });
    },
  );

  it('reads the rail before the shop, and the direction with it', () => {
    expect(decide({ description: 'ATM WITHDRAWAL SHELL 118 MAIN ST' }).category).toBe('cash-withdrawals');
    expect(decide({ description: 'INTEREST PAID', amountMinor: 120 }).category).toBe('interest-earned');
    expect(decide({ description: 'INTEREST CHARGE', amountMinor: -120 }).category).toBe('interest-charges');
  });

  it('tells sub-brands and look-alikes apart in Korean', () => {
    expect(korean('쿠팡이츠').category).toBe('food-delivery');
    expect(korean('쿠팡(주)').category).toBe('online-marketplaces');
    expect(korean('메가박스 코엑스').category).toBe('tv-and-movies');
    expect(korean('메가엠지씨커피').category).toBe('coffee');
    expect(korean('이마트24 성수').category).toBe('convenience-stores');
    expect(korean('이마트 왕십리').category).toBe('groceries');
    expect(korean('GS25합정본점').category).toBe('convenience-stores');
    expect(korean('우아한형제들').category).toBe('food-delivery');
    expect(korean('KTX 서울부산').category).toBe('public-transit');
    expect(korean('대리점 한국').decision).not.toBe('auto');
    expect(korean('주식회사 행복약국').category).toBe('pharmacies');
  });

  it('says nothing rather than something about an empty name', () => {
    const decision = decide({ description: '0000 9999', amountMinor: -5000 });

    expect(decision).toMatchObject({ category: null, decision: 'none', source: 'none' });
    expect(decision.alternatives.length).toBeGreaterThan(0);
  });

  it('lets a trade code tip the scale of an unknown name, and not overrule a known shop', () => {
    expect(decide({ description: 'XQZV 88', mcc: '8021' }).category).toBe('dentists');
    expect(decide({ description: 'NETFLIX.COM', mcc: '5812' }).category).toBe('streaming');
  });

  it.each([
    ['en', 'stands for'],
    ['fr', 'correspond'],
    ['ko', '해당합니다'],
  ] as const)('explains itself in %s', (language, part) => {
    const { evidence } = decide({ description: 'STARBUCKS STORE 04417' });

    expect(explain(evidence, language)[0]?.text).toContain(part);
    expect(explain([], language)).toHaveLength(1);
  });
});
