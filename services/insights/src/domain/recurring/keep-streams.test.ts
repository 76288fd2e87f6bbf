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
