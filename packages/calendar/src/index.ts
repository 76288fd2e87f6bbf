export * from './calendar-date.ts';
export * from './period.ts';
export * from './zone.ts';
