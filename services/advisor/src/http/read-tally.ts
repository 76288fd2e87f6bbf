import { defineRoute } from '@orrery/contracts';
import { handle, requireUserId } from '@orrery/service-kit';
import { z } from 'zod';
import type { TallyStore } from '../store/tally-store.ts';

const ReadTally = defineRoute({
  method: 'get',
  path: '/v1/advisor',
  operationId: 'readAdvisor',
  summary: 'How many transactions of the caller were categorised',
  tag: 'advisor',
  audience: 'user',
  responses: { 200: z.object({ transactions: z.int() }) },
});

/**
 * `GET /v1/advisor`.
 * @param tallies where the count is kept
 */
export const readTally = (tallies: TallyStore) =>
  handle(ReadTally, async ({ identity }) => ({
    status: 200,
    body: { transactions: await tallies.find(requireUserId(identity)) },
  }));
