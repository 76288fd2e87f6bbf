export * from './calculations.ts';
export * from './change-feed.ts';
export * from './day-range.ts';
export * from './indexes.ts';
export * from './main-backend-reader.ts';
export * from './records-of-users.ts';
export * from './records.ts';
export * from './to-object-id.ts';
