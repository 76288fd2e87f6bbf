export * from './connect.ts';
export * from './cursor-page.ts';
export * from './in-transaction.ts';
export * from './is-duplicate-key.ts';
export * from './lease.ts';
export * from './migrate.ts';
