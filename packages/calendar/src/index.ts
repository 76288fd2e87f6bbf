export * from './calendar-date.ts';
export * from './clock.ts';
export * from './period.ts';
export * from './zone.ts';
