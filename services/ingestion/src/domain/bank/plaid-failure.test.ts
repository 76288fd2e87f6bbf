import { describe, expect, it } from '@jest/globals';
import { classifyPlaidError } from './plaid-failure.ts';

describe('what to do about an error of Plaid', () => {
  it.each([
    ['ITEM_ERROR', 'ITEM_LOGIN_REQUIRED', 'sign-in'],
    ['ITEM_ERROR', 'PRODUCT_NOT_READY', 'wait'],
    ['ITEM_ERROR', 'PRODUCTS_NOT_SUPPORTED', 'product'],
    ['ITEM_ERROR', 'PRODUCT_NOT_ENABLED', 'product'],
    ['ITEM_ERROR', 'NO_ACCOUNTS', 'product'],
    ['ITEM_ERROR', 'NO_LIABILITY_ACCOUNTS', 'product'],
    ['ITEM_ERROR', 'NO_INVESTMENT_ACCOUNTS', 'product'],
    ['ITEM_ERROR', 'ACCESS_NOT_GRANTED', 'sign-in'],
    ['INVALID_INPUT', 'ADDITIONAL_CONSENT_REQUIRED', 'sign-in'],
    ['ITEM_ERROR', 'ITEM_NOT_FOUND', 'gone'],
    ['ITEM_ERROR', 'ITEM_LOCKED', 'sign-in'],
    ['ITEM_ERROR', 'INVALID_CREDENTIALS', 'sign-in'],
    ['ITEM_ERROR', 'ITEM_CONCURRENTLY_DELETED', 'gone'],
    ['INVALID_INPUT', 'USER_PERMISSION_REVOKED', 'gone'],
    ['INVALID_INPUT', 'INVALID_ACCESS_TOKEN', 'fault'],
    ['INVALID_INPUT', 'INVALID_ACCOUNT_ID', 'accounts'],
    ['INVALID_INPUT', 'INVALID_API_KEYS', 'fault'],
    ['INVALID_REQUEST', 'MISSING_FIELDS', 'fault'],
    ['INVALID_REQUEST', 'UNKNOWN_FIELDS', 'fault'],
    ['TRANSACTIONS_ERROR', 'TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION', 'restart'],
    ['INSTITUTION_ERROR', 'INSTITUTION_DOWN', 'wait'],
    ['INSTITUTION_ERROR', 'INSTITUTION_NO_LONGER_SUPPORTED', 'gone'],
    ['RATE_LIMIT_EXCEEDED', 'TRANSACTIONS_SYNC_LIMIT', 'retry'],
    ['RATE_LIMIT_EXCEEDED', 'CREDITS_EXHAUSTED', 'fault'],
    ['API_ERROR', 'INTERNAL_SERVER_ERROR', 'retry'],
    ['API_ERROR', 'PLANNED_MAINTENANCE', 'retry'],
  ])('%s / %s is of the class %s', (errorType, errorCode, kind) => {
    expect(classifyPlaidError({ errorType, errorCode })).toBe(kind);
  });

  it('goes by the type for codes that Plaid has added since, and calls anything else a fault', () => {
    expect(classifyPlaidError({ errorType: 'ITEM_ERROR', errorCode: 'NEW' })).toBe('sign-in');
    expect(classifyPlaidError({ errorType: 'INSTITUTION_ERROR', errorCode: 'NEW' })).toBe('wait');
    expect(classifyPlaidError({ errorType: 'constructor', errorCode: 'toString' })).toBe('fault');
  });

  it('knows a cursor of another link, which has no code of its own', () => {
    const facts = { errorType: 'INVALID_REQUEST', errorCode: 'INVALID_FIELD' };

    expect(classifyPlaidError({ ...facts, message: 'cursor not associated with access_token' })).toBe(
      'resync',
    );
    expect(classifyPlaidError({ ...facts, message: 'count must be at most 500' })).toBe('fault');
  });
});
