import { describe, expect, it } from '@jest/globals';
import {
  CATEGORIES,
  LANGUAGES,
  PFC_PRIMARIES,
  POCKETC_MAJORS,
  POCKETC_SUBS,
  categoryByCashSense,
  categoryByPfc,
  categoryByPocketcSub,
  categoryBySlug,
} from './categories.ts';
import { CategorySlug } from './ids.ts';

/** Plaid's published detailed codes, version 1, by primary and without it. */
const PFC_V1: Readonly<Record<string, string>> = {
  INCOME: 'DIVIDENDS INTEREST_EARNED RETIREMENT_PENSION TAX_REFUND UNEMPLOYMENT WAGES OTHER_INCOME',
  TRANSFER_IN:
    'CASH_ADVANCES_AND_LOANS DEPOSIT INVESTMENT_AND_RETIREMENT_FUNDS SAVINGS ACCOUNT_TRANSFER OTHER_TRANSFER_IN',
  TRANSFER_OUT: 'INVESTMENT_AND_RETIREMENT_FUNDS SAVINGS WITHDRAWAL ACCOUNT_TRANSFER OTHER_TRANSFER_OUT',
  LOAN_PAYMENTS:
    'CAR_PAYMENT CREDIT_CARD_PAYMENT PERSONAL_LOAN_PAYMENT MORTGAGE_PAYMENT STUDENT_LOAN_PAYMENT OTHER_PAYMENT',
  BANK_FEES:
    'ATM_FEES FOREIGN_TRANSACTION_FEES INSUFFICIENT_FUNDS INTEREST_CHARGE OVERDRAFT_FEES OTHER_BANK_FEES',
  ENTERTAINMENT:
    'CASINOS_AND_GAMBLING MUSIC_AND_AUDIO SPORTING_EVENTS_AMUSEMENT_PARKS_AND_MUSEUMS TV_AND_MOVIES VIDEO_GAMES OTHER_ENTERTAINMENT',
  FOOD_AND_DRINK:
    'BEER_WINE_AND_LIQUOR COFFEE FAST_FOOD GROCERIES RESTAURANT VENDING_MACHINES OTHER_FOOD_AND_DRINK',
  GENERAL_MERCHANDISE:
    'BOOKSTORES_AND_NEWSSTANDS CLOTHING_AND_ACCESSORIES CONVENIENCE_STORES DEPARTMENT_STORES DISCOUNT_STORES ELECTRONICS GIFTS_AND_NOVELTIES OFFICE_SUPPLIES ONLINE_MARKETPLACES PET_SUPPLIES SPORTING_GOODS SUPERSTORES TOBACCO_AND_VAPE OTHER_GENERAL_MERCHANDISE',
  HOME_IMPROVEMENT: 'FURNITURE HARDWARE REPAIR_AND_MAINTENANCE SECURITY OTHER_HOME_IMPROVEMENT',
  MEDICAL:
    'DENTAL_CARE EYE_CARE NURSING_CARE PHARMACIES_AND_SUPPLEMENTS PRIMARY_CARE VETERINARY_SERVICES OTHER_MEDICAL',
  PERSONAL_CARE: 'GYMS_AND_FITNESS_CENTERS HAIR_AND_BEAUTY LAUNDRY_AND_DRY_CLEANING OTHER_PERSONAL_CARE',
  GENERAL_SERVICES:
    'ACCOUNTING_AND_FINANCIAL_PLANNING AUTOMOTIVE CHILDCARE CONSULTING_AND_LEGAL EDUCATION INSURANCE POSTAGE_AND_SHIPPING STORAGE OTHER_GENERAL_SERVICES',
  GOVERNMENT_AND_NON_PROFIT:
    'DONATIONS GOVERNMENT_DEPARTMENTS_AND_AGENCIES TAX_PAYMENT OTHER_GOVERNMENT_AND_NON_PROFIT',
  TRANSPORTATION:
    'BIKES_AND_SCOOTERS GAS PARKING PUBLIC_TRANSIT TAXIS_AND_RIDE_SHARES TOLLS OTHER_TRANSPORTATION',
  TRAVEL: 'FLIGHTS LODGING RENTAL_CARS OTHER_TRAVEL',
  RENT_AND_UTILITIES:
    'GAS_AND_ELECTRICITY INTERNET_AND_CABLE RENT SEWAGE_AND_WASTE_MANAGEMENT TELEPHONE WATER OTHER_UTILITIES',
};

/** Plaid's published detailed codes, version 2, by primary and without it. */
const PFC_V2: Readonly<Record<string, string>> = {
  INCOME:
    'CHILD_SUPPORT CONTRACTOR DIVIDENDS GIG_ECONOMY INTEREST_EARNED LONG_TERM_DISABILITY MILITARY RENTAL RETIREMENT_PENSION SALARY TAX_REFUND UNEMPLOYMENT OTHER',
  LOAN_DISBURSEMENTS: 'AUTO CASH_ADVANCES EWA MORTGAGE PERSONAL STUDENT OTHER_DISBURSEMENT',
  LOAN_PAYMENTS:
    'BNPL CAR_PAYMENT CASH_ADVANCES CREDIT_CARD_PAYMENT EWA MORTGAGE_PAYMENT PERSONAL_LOAN_PAYMENT STUDENT_LOAN_PAYMENT OTHER_PAYMENT',
  TRANSFER_IN:
    'ACCOUNT_TRANSFER DEPOSIT INVESTMENT_AND_RETIREMENT_FUNDS SAVINGS TRANSFER_IN_FROM_APPS WIRE OTHER_TRANSFER_IN',
  TRANSFER_OUT:
    'ACCOUNT_TRANSFER CRYPTO INVESTMENT_AND_RETIREMENT_FUNDS SAVINGS TRANSFER_OUT_FROM_APPS WIRE WITHDRAWAL OTHER_TRANSFER_OUT',
  BANK_FEES:
    'ATM_FEES INSUFFICIENT_FUNDS INTEREST_CHARGE FOREIGN_TRANSACTION_FEES OVERDRAFT_FEES LATE_FEES CASH_ADVANCE OTHER_BANK_FEES',
  ENTERTAINMENT:
    'CASINOS_AND_GAMBLING MUSIC_AND_AUDIO SPORTING_EVENTS_AMUSEMENT_PARKS_AND_MUSEUMS TV_AND_MOVIES VIDEO_GAMES OTHER_ENTERTAINMENT',
  FOOD_AND_DRINK:
    'BEER_WINE_AND_LIQUOR COFFEE FAST_FOOD GROCERIES RESTAURANT VENDING_MACHINES OTHER_FOOD_AND_DRINK',
  GENERAL_MERCHANDISE:
    'BOOKSTORES_AND_NEWSSTANDS CLOTHING_AND_ACCESSORIES CONVENIENCE_STORES DEPARTMENT_STORES DISCOUNT_STORES ELECTRONICS GIFTS_AND_NOVELTIES OFFICE_SUPPLIES ONLINE_MARKETPLACES PET_SUPPLIES SPORTING_GOODS SUPERSTORES TOBACCO_AND_VAPE OTHER_GENERAL_MERCHANDISE',
  HOME_IMPROVEMENT: 'FURNITURE HARDWARE REPAIR_AND_MAINTENANCE SECURITY OTHER_HOME_IMPROVEMENT',
  MEDICAL:
    'DENTAL_CARE EYE_CARE NURSING_CARE PHARMACIES_AND_SUPPLEMENTS PRIMARY_CARE VETERINARY_SERVICES OTHER_MEDICAL',
  PERSONAL_CARE: 'GYMS_AND_FITNESS_CENTERS HAIR_AND_BEAUTY LAUNDRY_AND_DRY_CLEANING OTHER_PERSONAL_CARE',
  GENERAL_SERVICES:
    'ACCOUNTING_AND_FINANCIAL_PLANNING AUTOMOTIVE CHILDCARE CONSULTING_AND_LEGAL EDUCATION INSURANCE POSTAGE_AND_SHIPPING STORAGE OTHER_GENERAL_SERVICES',
  GOVERNMENT_AND_NON_PROFIT:
    'DONATIONS GOVERNMENT_DEPARTMENTS_AND_AGENCIES TAX_PAYMENT OTHER_GOVERNMENT_AND_NON_PROFIT',
  TRANSPORTATION:
    'BIKES_AND_SCOOTERS GAS PARKING PUBLIC_TRANSIT TAXIS_AND_RIDE_SHARES TOLLS OTHER_TRANSPORTATION',
  TRAVEL: 'FLIGHTS LODGING RENTAL_CARS OTHER_TRAVEL',
  RENT_AND_UTILITIES:
    'GAS_AND_ELECTRICITY INTERNET_AND_CABLE RENT SEWAGE_AND_WASTE_MANAGEMENT TELEPHONE WATER OTHER_UTILITIES',
  OTHER: 'OTHER',
};

const codesOf = (published: Readonly<Record<string, string>>): [primary: string, detailed: string][] =>
  Object.entries(published).flatMap(([primary, rest]) =>
    rest.split(' ').map((code): [string, string] => [primary, `${primary}_${code}`]),
  );

const CASH_SENSE: Readonly<Record<string, string>> = {
  foodAndDrink: 'restaurants fastFood bars groceries cafe',
  shopping: 'clothing electronics sportingGoods homeGoods books',
  transport: 'publicTransport taxi parking fuel metro',
  travel: 'flights hotels trainTickets rentalCar activities',
  transfer: 'bankTransfer internalTransfer deposit withdrawal mobilePayment',
  payment: 'creditCard bills subscription insurance taxes',
  health: 'medical pharmacy optical dental fitness',
  entertainment: 'movies music games sports subscriptions',
  income: 'salary freelance investments refunds gifts',
  other: 'unknown fees donations',
};

describe('the taxonomy', () => {
  it('has unique, well-formed slugs and a name in each language', () => {
    expect(new Set(CATEGORIES.map((category) => category.slug)).size).toBe(CATEGORIES.length);
    for (const category of CATEGORIES) {
      expect(CategorySlug.safeParse(category.slug).success).toBe(true);
      for (const language of LANGUAGES) {
        expect(category.names[language].length).toBeGreaterThan(0);
      }
    }
  });

  it('gives every leaf a group with the same primary', () => {
    for (const category of CATEGORIES) {
      if (category.parent !== null) {
        const group = categoryBySlug(category.parent);
        expect(group?.parent).toBeNull();
        expect(group?.pfcPrimary).toBe(category.pfcPrimary);
      }
    }
  });

  it('maps all 104 detailed codes of PFC v1 to a leaf that names them', () => {
    const codes = codesOf(PFC_V1);
    expect(codes).toHaveLength(104);
    for (const [primary, detailed] of codes) {
      const category = categoryByPfc(detailed);
      expect({ detailed, found: category?.pfcDetailed, primary: category?.pfcPrimary }).toEqual({
        detailed,
        found: detailed,
        primary,
      });
    }
  });

  it('maps all 127 detailed codes of PFC v2 to a leaf that names them', () => {
    const codes = codesOf(PFC_V2);
    expect(codes).toHaveLength(127);
    for (const [primary, detailed] of codes) {
      const category = categoryByPfc(detailed);
      expect({ detailed, found: category?.pfcV2Detailed, primary: category?.pfcV2Primary }).toEqual({
        detailed,
        found: detailed,
        primary,
      });
    }
  });

  it('uses only published codes', () => {
    const v1 = new Set(codesOf(PFC_V1).map(([, code]) => code));
    const v2 = new Set(codesOf(PFC_V2).map(([, code]) => code));
    for (const category of CATEGORIES) {
      if (category.parent !== null) {
        expect(v1).toContain(category.pfcDetailed);
        expect(v2).toContain(category.pfcV2Detailed);
      }
    }
  });

  it('maps every primary to a group', () => {
    for (const primary of [...PFC_PRIMARIES, 'OTHER']) {
      expect(categoryByPfc(primary)?.parent).toBeNull();
    }
    expect(categoryByPfc('NO_SUCH_CODE')).toBeUndefined();
  });

  it('maps every PocketC subcategory there and back', () => {
    expect(POCKETC_MAJORS).toHaveLength(10);
    expect(POCKETC_SUBS.map((sub) => sub.id).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 39 }, (_, index) => index + 1),
    );
    for (const sub of POCKETC_SUBS) {
      const category = categoryByPocketcSub(sub.id);
      expect(category?.pocketcSub).toBe(sub.id);
      expect(category?.pocketcMajor).toBe(sub.major);
      expect(category?.fixed).toBe(sub.fixed);
    }
    expect(categoryByPocketcSub(40)).toBeUndefined();
  });

  it('maps every Cash Sense id there and back', () => {
    for (const [category, subcategories] of Object.entries(CASH_SENSE)) {
      expect(categoryByCashSense(category)).toBeDefined();
      for (const subcategory of subcategories.split(' ')) {
        expect(categoryByCashSense(category, subcategory)?.cashSense).toEqual({ category, subcategory });
      }
    }
    expect(categoryByCashSense('foodAndDrink', 'coffeeShop')?.slug).toBe('coffee');
    expect(categoryByCashSense('foodAndDrink', 'nothing')).toBeUndefined();
  });

  it('uses only Cash Sense ids that its clients know', () => {
    for (const { cashSense } of CATEGORIES) {
      expect(CASH_SENSE[cashSense.category]?.split(' ')).toContain(cashSense.subcategory);
    }
  });
});
