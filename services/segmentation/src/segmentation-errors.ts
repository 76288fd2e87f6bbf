import { defineError } from '@orrery/service-kit';

/** Asked before the first training. Legacy routes of the segmentation API answer 400 in words of their own. */
export const MODEL_NOT_TRAINED = defineError('model-not-trained', 503, 'The model is not trained yet');

/** Nobody has spent anything yet, or no table has rows. */
export const NOT_ENOUGH_DATA = defineError('not-enough-data', 409, 'There is not enough data to train on');

/** A rollback without an earlier version. */
export const NO_EARLIER_VERSION = defineError(
  'no-earlier-version',
  409,
  'There is no earlier version to go back to',
);
