export * from './main-backend-reader.ts';
export * from './records.ts';
