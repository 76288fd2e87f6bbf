import { describe, expect, it } from '@jest/globals';
import type { RecurringStream } from './detect-recurring.ts';
import { keepStreams } from './keep-streams.ts';

const stream = (fields: Partial<RecurringStream> = {}): RecurringStream => ({
  merchant: 'Netflix',
  currency: 'EUR',
  transactionIds: ['a', 'b', 'c'],
  period: 'monthly',
  state: 'mature',
  averageMinor: -1299,
  lastDate: '2026-03-02',
  nextDate: '2026-04-02',
  confidence: 0.9,
  ...fields,
});

const keep = (
  kept: ReturnType<typeof keepStreams>['streams'],
  detected: RecurringStream[],
  { firstDate = '2026-01-02', lastMinor = -1299 } = {},
) => keepStreams(kept, detected, () => ({ firstDate, lastMinor, category: 'streaming' }), '2026-03-16');

describe('kept streams', () => {
  it('are news when they began lately, and only then', () => {
    expect(keep([], [stream()]).changes.map(({ change }) => change)).toEqual(['new']);
    expect(keep([], [stream()], { firstDate: '2024-01-02' }).changes).toEqual([]);
  });

  it('keep name, status and id when the price changes, and tell the change', () => {
    const [first] = keep([], [stream()]).streams;
    const named = first === undefined ? [] : [{ ...first, name: 'Films', status: 'confirmed' as const }];
    const dearer = stream({ transactionIds: ['a', 'b', 'c', 'd'], lastDate: '2026-04-02' });
    const next = keep(named, [dearer], { lastMinor: -1499 });

    expect(next.streams).toMatchObject([{ id: first?.id, name: 'Films', status: 'confirmed' }]);
    expect(next.changes).toMatchObject([{ change: 'price-rose', previousMinor: -1299 }]);
    expect(keep(next.streams, [dearer], { lastMinor: -1499 }).changes).toEqual([]);
  });

  it('stay dismissed when they are not found for a while, and when a bank that is linked anew gives other ids', () => {
    const [first] = keep([], [stream()]).streams;
    const dismissed = first === undefined ? [] : [{ ...first, status: 'dismissed' as const }];
    const away = keep(dismissed, []);
    expect(away).toMatchObject({ streams: [{ status: 'dismissed' }], goneIds: [], changes: [] });

    const again = keep(away.streams, [stream({ transactionIds: ['x', 'y', 'z'] })]);
    expect(again).toMatchObject({ streams: [{ id: first?.id, status: 'dismissed' }], changes: [] });
    const other = keep(away.streams, [stream({ transactionIds: ['x', 'y', 'z'], period: 'annual' })]);
    expect(other.streams.map(({ status }) => status)).toEqual(['detected', 'dismissed']);
  });

  it('gives each kept stream to one detected stream only, by charges before the word of the user', () => {
    const [first] = keep([], [stream()]).streams;
    const confirmed = first === undefined ? [] : [{ ...first, status: 'confirmed' as const }];
    const second = stream({ transactionIds: ['p', 'q', 'r'], averageMinor: -1999 });

    expect(keep(confirmed, [second, stream()]).streams.map(({ status }) => status)).toEqual([
      'detected',
      'confirmed',
    ]);
  });

  it('are over when the user confirmed them and their charges are long gone, so that nothing is expected of them', () => {
    const [first] = keep([], [stream({ lastDate: '2025-10-02', nextDate: '2025-11-02' })]).streams;
    const confirmed = first === undefined ? [] : [{ ...first, status: 'confirmed' as const }];

    expect(keep(confirmed, []).streams).toMatchObject([{ state: 'ended', nextDate: null }]);
    const recent = confirmed.map((each) => ({ ...each, lastDate: '2026-03-02', nextDate: '2026-04-02' }));
    expect(keep(recent, []).streams).toMatchObject([{ state: 'mature', nextDate: '2026-04-02' }]);
  });

  it('are dropped when they are no longer found, unless the user confirmed them; dismissed ones make no news', () => {
    const { streams } = keep([], [stream()]);

    expect(keep(streams, []).goneIds).toEqual(streams.map(({ id }) => id));
    expect(
      keep(
        streams.map((each) => ({ ...each, status: 'confirmed' })),
        [],
      ).streams,
    ).toHaveLength(1);
    const dismissed = streams.map((each) => ({ ...each, status: 'dismissed' as const }));
    expect(keep(dismissed, [stream({ state: 'ended', nextDate: null })]).changes).toEqual([]);
    expect(keep(streams, [stream({ state: 'ended', nextDate: null })]).changes).toMatchObject([
      { change: 'ended' },
    ]);
  });
});
