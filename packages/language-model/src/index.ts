export * from './language-model.ts';
export * from './model-error.ts';
export * from './model-settings.ts';
export * from './mongo-token-budget.ts';
export * from './quote-data.ts';
export * from './token-budget.ts';
export * from './verify-amounts.ts';
