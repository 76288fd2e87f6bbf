import { defineError } from '@orrery/service-kit';

/** There is too little history to predict from. */
export const INSUFFICIENT_DATA = defineError(
  'insufficient-data',
  422,
  'There is not enough history of transactions yet',
);
