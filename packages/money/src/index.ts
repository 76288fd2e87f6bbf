export * from './allocate.ts';
export * from './currency-exponents.ts';
export * from './decimal-text.ts';
export * from './format-money.ts';
export * from './from-float.ts';
export * from './money.ts';
export * from './ratio.ts';
