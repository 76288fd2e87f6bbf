/** Digits after the decimal point of currencies that do not have two (ISO 4217, list one). */
const EXPONENTS: ReadonlyMap<string, number> = new Map([
  ...[
    'BIF',
    'CLP',
    'DJF',
    'GNF',
    'ISK',
    'JPY',
    'KMF',
    'KRW',
    'PYG',
    'RWF',
    'UGX',
    'UYI',
    'VND',
    'VUV',
    'XAF',
  ].map((code): [string, number] => [code, 0]),
  ...['XOF', 'XPF'].map((code): [string, number] => [code, 0]),
  ...['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'].map((code): [string, number] => [code, 3]),
  ['CLF', 4],
  ['UYW', 4],
]);

/**
 * Number of decimal digits of a currency's minor unit: 2 for EUR, 0 for KRW, 3 for KWD, 4 for CLF.
 * @param currency ISO 4217 code in upper case; an unknown code counts as 2
 */
export const currencyExponent = (currency: string): number => EXPONENTS.get(currency) ?? 2;
