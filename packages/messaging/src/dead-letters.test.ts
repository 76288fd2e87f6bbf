import { describe, expect, it } from '@jest/globals';
import { groupDeadLetters, replayDeadLetters } from './dead-letters.ts';
import type { DeadLetter, DeadLetterFilter } from './event-bus.ts';

const letter = (change: Partial<DeadLetter>): DeadLetter => ({
  id: 'event-1',
  queue: 'insights.thing.happened.v1',
  consumer: 'insights',
  type: 'thing.happened.v1',
  reason: 'malformed',
  attempts: 1,
  parkedAt: '2026-03-02T00:00:00.000Z',
  envelope: {},
  ...change,
});

describe('dead letters', () => {
  it('are counted by consumer, event and reason, with the time they span, the largest group first', () => {
    const groups = groupDeadLetters([
      letter({ reason: 'schema-mismatch' }),
      letter({ parkedAt: '2026-03-03T00:00:00.000Z' }),
      letter({ parkedAt: '2026-03-01T00:00:00.000Z' }),
    ]);

    expect(groups).toEqual([
      {
        consumer: 'insights',
        type: 'thing.happened.v1',
        reason: 'malformed',
        count: 2,
        oldest: '2026-03-01T00:00:00.000Z',
        newest: '2026-03-03T00:00:00.000Z',
      },
      expect.objectContaining({ reason: 'schema-mismatch', count: 1 }),
    ]);
  });

  it('stay where they are in a dry run, which counts without a limit of its own', async () => {
    const calls: [string, DeadLetterFilter | undefined][] = [];
    const bus = {
      listDeadLetters(filter?: DeadLetterFilter) {
        calls.push(['list', filter]);
        return Promise.resolve([letter({}), letter({})]);
      },
      replayDeadLetters(filter: DeadLetterFilter) {
        calls.push(['replay', filter]);
        return Promise.resolve(2);
      },
    };

    const dry = await replayDeadLetters(bus, { consumer: 'insights' }, { dryRun: true });
    const real = await replayDeadLetters(bus, { consumer: 'insights' }, { dryRun: false });

    expect([dry, real]).toEqual([2, 2]);
    expect(calls).toEqual([
      ['list', { consumer: 'insights', limit: Number.MAX_SAFE_INTEGER }],
      ['replay', { consumer: 'insights' }],
    ]);
  });
});
