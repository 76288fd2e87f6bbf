import { defineRoute } from '@orrery/contracts';
import { handle, requireUserId } from '@orrery/service-kit';
import { z } from 'zod';
import type { TallyStore } from '../store/tally-store.ts';

const ReadTally = defineRoute({
  method: 'get',
  path: '/v1/chat',
  operationId: 'readChat',
  summary: 'How many transactions of the caller were categorised',
  tag: 'chat',
  audience: 'user',
  responses: { 200: z.object({ transactions: z.int() }) },
});

/**
 * `GET /v1/chat`.
 * @param tallies where the count is kept
 */
export const readTally = (tallies: TallyStore) =>
  handle(ReadTally, async ({ identity }) => ({
    status: 200,
    body: { transactions: await tallies.find(requireUserId(identity)) },
  }));
