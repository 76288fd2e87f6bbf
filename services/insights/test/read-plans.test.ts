import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { z } from 'zod';
import { insights } from '../src/index.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(insights);
});

afterAll(async () => {
  await service.stop();
});

const Plan = z.object({ queryPlanner: z.object({ winningPlan: z.unknown() }) });

interface Named {
  _id: string;
  userId?: string;
  sequence?: string;
  date?: string;
  day?: string;
  month?: string;
  count?: number;
  isOpen?: boolean;
  state?: string;
}

const userId = 'u-1';

describe('reads of a user’s own documents', () => {
  it.each([
    ['budgets', { userId }, { _id: 1 }],
    ['alerts', { userId, sequence: { $lt: 'x' } }, { sequence: -1 }],
    ['alerts', { userId, state: 'unread' }, { sequence: -1 }],
    ['bank_links', { userId }, { _id: 1 }],
    ['shortfalls', { userId }, {}],
    ['announcements', { isOpen: true }, {}],
    ['recurring_streams', { userId }, { _id: 1 }],
    ['anomalies', { userId, date: { $lte: '2026-03-01' } }, { date: -1, _id: -1 }],
    ['analysis_marks', { userId }, {}],
    ['ledger_bundles', { userId, month: { $gte: '2025-01', $lte: '2026-03' } }, { month: -1 }],
    ['ledger_bundles', { userId, month: { $in: ['2026-03'] }, count: { $lt: 200 } }, {}],
    ['daily_metrics', { userId, day: { $gte: '2026-01-01', $lte: '2026-03-01' } }, {}],
  ] as const)('find and order %s by an index: %j', async (collection, filter, order) => {
    const documents = service.mongo.collection<Named>(collection);

    await documents.updateOne(
      { _id: `seed:${collection}` },
      {
        $set: {
          userId,
          sequence: 'a',
          date: '2026-01-01',
          day: '2026-01-01',
          month: '2026-01',
          count: 5,
          isOpen: true,
        },
      },
      { upsert: true },
    );
    const explained = await documents
      .find(filter)
      .sort({ ...order })
      .explain('queryPlanner');
    const plan = JSON.stringify(Plan.parse(explained).queryPlanner.winningPlan);

    expect(plan).toContain('IXSCAN');
    expect(plan).not.toMatch(/COLLSCAN|"SORT"/);
  });
});
