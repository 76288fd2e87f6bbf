import type { Db } from 'mongodb';
import { readNumber, readText } from './parse-values.ts';
import { readPence, type StoredDocument } from './records.ts';
import { toObjectId } from './to-object-id.ts';

/** Inputs of a savings calculation. Rates are percentages a year. */
export interface SavingCalculation {
  depositMinor: number;
  frequency: 'monthly' | 'yearly';
  returnPercent: number;
  years: number;
  inflationPercent: number;
  taxPercent: number;
}

/** Inputs of a loan calculation. */
export interface LoanCalculation {
  principalMinor: number;
  ratePercent: number;
  years: number;
}

/** Inputs of a future value calculation. */
export interface InflationCalculation {
  initialMinor: number;
  ratePercent: number;
  years: number;
}

/** A historical inflation calculation; its result comes from the World Bank's figures, which only the main back end has. */
export interface HistoricalCalculation {
  fromYear: number;
  toYear: number;
  amountMinor: number;
  equivalentMinor: number;
}

/** The latest run of each calculator, undefined where there is none that can be read. */
export interface Calculations {
  saving: SavingCalculation | undefined;
  loan: LoanCalculation | undefined;
  inflation: InflationCalculation | undefined;
  historical: HistoricalCalculation | undefined;
}

const parseSaving = (document: StoredDocument): SavingCalculation | undefined => {
  const depositMinor = readPence(document['amount']);
  const years = readNumber(document['years']);
  if (depositMinor === undefined || years === undefined) {
    return undefined;
  }
  return {
    depositMinor,
    years,
    frequency: readText(document['frequency'])?.toLowerCase() === 'monthly' ? 'monthly' : 'yearly',
    returnPercent: readNumber(document['returnRate']) ?? 0,
    inflationPercent: readNumber(document['inflationRate']) ?? 0,
    taxPercent: readNumber(document['taxRate']) ?? 0,
  };
};

const parseLoan = (document: StoredDocument): LoanCalculation | undefined => {
  const principalMinor = readPence(document['principal']);
  const ratePercent = readNumber(document['annualInterestRate']);
  const years = readNumber(document['loanTermYears']);
  return principalMinor === undefined || ratePercent === undefined || years === undefined
    ? undefined
    : { principalMinor, ratePercent, years };
};

const parseInflation = (document: StoredDocument): InflationCalculation | undefined => {
  const initialMinor = readPence(document['initialAmount']);
  const ratePercent = readNumber(document['annualInflationRate']);
  const years = readNumber(document['years']);
  return initialMinor === undefined || ratePercent === undefined || years === undefined
    ? undefined
    : { initialMinor, ratePercent, years };
};

const parseHistorical = (document: StoredDocument): HistoricalCalculation | undefined => {
  const amountMinor = readPence(document['amount']);
  const equivalentMinor = readPence(document['equivalentAmountInToYear']);
  const fromYear = readNumber(document['fromYear']);
  const toYear = readNumber(document['toYear']);
  return amountMinor === undefined ||
    equivalentMinor === undefined ||
    fromYear === undefined ||
    toYear === undefined
    ? undefined
    : { fromYear, toYear, amountMinor, equivalentMinor };
};

/**
 * Reads the latest run of each calculator of a user; "latest" is the greatest `_id`.
 * @param db the main back end's database
 * @returns a function of the user id; it throws the driver's errors when the database cannot be reached
 */
export const calculationsReader =
  (db: Db) =>
  async (userId: string): Promise<Calculations> => {
    const owner = toObjectId(userId);
    const latest = async <Run>(
      collection: string,
      parse: (document: StoredDocument) => Run | undefined,
    ): Promise<Run | undefined> => {
      if (owner === undefined) {
        return undefined;
      }
      const [document] = await db
        .collection(collection)
        .find({ userId: owner })
        .sort({ _id: -1 })
        .limit(1)
        .toArray();
      return document === undefined ? undefined : parse(document);
    };
    const [saving, loan, inflation, historical] = await Promise.all([
      latest('savingcalculations', parseSaving),
      latest('loanrepaymentcalculations', parseLoan),
      latest('inflationcalculations', parseInflation),
      latest('inflationapicalculations', parseHistorical),
    ]);
    return { saving, loan, inflation, historical };
  };
