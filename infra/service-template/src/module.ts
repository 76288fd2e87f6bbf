import { defineService } from '@orrery/service-kit';
import { SpecimenConfig } from './config.ts';
import { onTransactionsCategorized } from './events/on-transactions-categorized.ts';
import { readTally } from './http/read-tally.ts';
import { createTallyStore } from './store/tally-store.ts';

/** A new service: it tallies the transactions of each user. */
export const specimen = defineService({
  name: 'specimen',
  config: SpecimenConfig,
  create({ mongo }) {
    const tallies = createTallyStore(mongo);
    return Promise.resolve({
      routes: [readTally(tallies)],
      subscriptions: [onTransactionsCategorized(tallies)],
    });
  },
});
