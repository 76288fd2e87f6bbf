import { describe, expect, it } from '@jest/globals';
import type { OperationsReply } from '@orrery/contracts';
import { concernsOf } from './attention.ts';

const GOOD: OperationsReply = {
  service: 'insights',
  version: '1',
  startedAt: '2026-03-01T00:00:00.000Z',
  ready: true,
  checks: { database: 'ok', events: 'ok' },
  outbox: { pending: 3, oldestAgeSeconds: 2 },
  queues: [{ type: 'alert.raised.v1', waiting: 900, parked: 0 }],
  deadLetters: [],
  jobs: [{ name: 'rebuild', cron: null, timeZone: null, nextRun: null, lastRun: null }],
  facts: [{ group: 'banks', name: 'login required', value: '4', state: 'warning' }],
};
const textsOf = (change: Partial<OperationsReply>): string[] =>
  concernsOf([{ service: 'insights', state: { ...GOOD, ...change } }]).map(({ text }) => text);

describe('what needs attention', () => {
  it('is nothing while work is on its way and users have to sign in at their banks', () => {
    expect(textsOf({})).toEqual([]);
  });

  it('is a service that does not answer, before everything else', () => {
    const failing: OperationsReply = {
      ...GOOD,
      ready: false,
      checks: { database: 'not connected', events: 'ok' },
    };

    expect(
      concernsOf([
        { service: 'insights', state: failing },
        { service: 'chat', state: undefined },
      ]),
    ).toEqual([
      { text: 'chat does not answer', section: 'services' },
      { text: 'insights is not ready (database: not connected)', section: 'services' },
    ]);
  });

  it.each<[Partial<OperationsReply>, string]>([
    [{ outbox: { pending: 1, oldestAgeSeconds: 75 } }, 'insights has had events to publish for 1 min 15 s'],
    [{ queues: null }, 'the queues of insights cannot be counted'],
    [
      {
        deadLetters: [
          {
            type: 'alert.raised.v1',
            reason: 'malformed',
            count: 2,
            oldest: '2026-03-01T00:00:00.000Z',
            newest: '2026-03-01T00:00:00.000Z',
          },
        ],
      },
      '2 parked events at insights',
    ],
    [
      {
        jobs: [
          {
            name: 'rebuild',
            cron: null,
            timeZone: null,
            nextRun: null,
            lastRun: {
              id: 'run',
              name: 'rebuild',
              state: 'failed',
              createdAt: '2026-03-01T00:00:00.000Z',
              startedAt: null,
              finishedAt: null,
              result: null,
              error: null,
            },
          },
        ],
      },
      'the last run of rebuild at insights failed',
    ],
    [
      { facts: [{ group: 'models', name: 'spending', value: 'drifts', state: 'warning' }] },
      'spending at insights: drifts',
    ],
  ])('is %j', (change, text) => {
    expect(textsOf(change)).toEqual([text]);
  });
});
