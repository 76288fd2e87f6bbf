/** Money in integer minor units of its currency; negative is money out. */
export interface Money {
  amountMinor: number;
  currency: string;
}

/** Two currencies met in one sum or comparison. */
export class CurrencyMismatchError extends Error {
  readonly code = 'currency-mismatch';

  constructor(left: string, right: string) {
    super(`cannot combine ${left} with ${right}`);
    this.name = 'CurrencyMismatchError';
  }
}

/** An amount left the range of integers that a double holds exactly. */
export class AmountOverflowError extends Error {
  readonly code = 'amount-overflow';

  constructor() {
    super('the amount is beyond the safe integer range');
    this.name = 'AmountOverflowError';
  }
}

/**
 * Returns the amount unchanged when it is an exact integer, with -0 made 0.
 * @param amountMinor minor units
 * @throws AmountOverflowError when it is no safe integer
 */
export const safeMinor = (amountMinor: number): number => {
  if (!Number.isSafeInteger(amountMinor)) {
    throw new AmountOverflowError();
  }
  return amountMinor === 0 ? 0 : amountMinor;
};

const sameCurrency = (left: Money, right: Money): string => {
  if (left.currency !== right.currency) {
    throw new CurrencyMismatchError(left.currency, right.currency);
  }
  return left.currency;
};

/**
 * Sum of two amounts of one currency.
 * @throws CurrencyMismatchError, AmountOverflowError
 */
export const add = (left: Money, right: Money): Money => ({
  currency: sameCurrency(left, right),
  amountMinor: safeMinor(left.amountMinor + right.amountMinor),
});

/**
 * `left` minus `right`, both of one currency.
 * @throws CurrencyMismatchError, AmountOverflowError
 */
export const subtract = (left: Money, right: Money): Money => ({
  currency: sameCurrency(left, right),
  amountMinor: safeMinor(left.amountMinor - right.amountMinor),
});

/**
 * The amount with the other sign.
 * @throws AmountOverflowError
 */
export const negate = (money: Money): Money => ({
  currency: money.currency,
  amountMinor: safeMinor(-money.amountMinor),
});

/**
 * Order of two amounts of one currency: -1, 0 or 1, as `Array.prototype.sort` wants it.
 * @throws CurrencyMismatchError
 */
export const compare = (left: Money, right: Money): -1 | 0 | 1 => {
  sameCurrency(left, right);
  if (left.amountMinor === right.amountMinor) {
    return 0;
  }
  return left.amountMinor < right.amountMinor ? -1 : 1;
};
