import { ListCategorized, ListCategorizedUsers } from '@orrery/contracts';
import { handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { toCategorized } from '../store/decision-store.ts';
import type { DecisionStore } from '../store/decision-store.ts';

const USERS_PER_PAGE = 100;

/**
 * The routes from which other services rebuild what they made of `transactions.categorized`.
 * @param decisions the store
 */
export const categorizedRoutes = (decisions: DecisionStore): MountedRoute[] => [
  handle(ListCategorized, async ({ params, query }) => {
    const entries = await decisions.page(params.userId, query);
    return {
      status: 200,
      body: {
        transactions: entries.flatMap(({ stored }) => (stored === null ? [] : [toCategorized(stored)])),
        removed: entries.flatMap(({ stored, transactionId, rowVersion }) =>
          stored === null ? [{ transactionId, rowVersion }] : [],
        ),
        next: entries.length < query.limit ? null : (entries.at(-1)?.transactionId ?? null),
      },
    };
  }),
  handle(ListCategorizedUsers, async ({ query }) => {
    const users = await decisions.users(query.after, USERS_PER_PAGE);
    return {
      status: 200,
      body: { users, next: users.length < USERS_PER_PAGE ? null : (users.at(-1) ?? null) },
    };
  }),
];
