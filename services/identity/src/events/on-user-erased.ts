import { SERVICES_WITH_USER_DATA, USER_ERASED_BY } from '@orrery/contracts';
import { type Subscription, subscribe } from '@orrery/messaging';
import type { ErasureStore } from '../store/erasure-store.ts';
import { confirmErasure } from '../use-cases/erase-user.ts';

/**
 * Takes the confirmations of all services.
 * @param erasures where erasures are kept
 */
export const onUserErased = (erasures: ErasureStore): Subscription[] =>
  SERVICES_WITH_USER_DATA.map((service) =>
    subscribe(USER_ERASED_BY[service], 'identity', ({ data }, transaction) =>
      confirmErasure(erasures, service, data, transaction),
    ),
  );
