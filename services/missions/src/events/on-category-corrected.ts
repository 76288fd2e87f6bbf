import { CategoryCorrected } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import { rowCorrected } from '../domain/known-rows.ts';
import type { EnterRows } from '../use-cases/enter-rows.ts';

/**
 * Files transactions where the user put them; the decision that travels with the transaction then changes nothing.
 * @param enter the use case
 */
export const onCategoryCorrected = (enter: EnterRows): Subscription<typeof CategoryCorrected.data> =>
  subscribe(CategoryCorrected, 'missions', ({ data }, { session }) =>
    enter.apply(
      data.userId,
      () => data.corrections.map((correction) => [correction.transactionId, rowCorrected(correction)]),
      session,
    ),
  );
