import { readUserStanding } from '@orrery/contracts';
import { handle } from '@orrery/service-kit';
import type { FindStanding } from '../use-cases/find-standing.ts';

/**
 * `GET /internal/standing/{userId}`, for the gateway.
 * @param findStanding the use case
 */
export const readStanding = (findStanding: FindStanding) =>
  handle(readUserStanding, async ({ params, query }) => ({
    status: 200,
    body: await findStanding(params.userId, query.issuer),
  }));
