import { AppError } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { BANKS_OFF } from './plaid-problem.ts';

/**
 * Routes as they are on an installation without a bank provider: declared, and answering that banks are off.
 * @param routes the routes with handlers that are never called
 */
export const banksOff = (routes: readonly MountedRoute[]): MountedRoute[] =>
  routes.map(({ definition }) => ({
    definition,
    handle: () => Promise.reject(new AppError(BANKS_OFF)),
  }));
