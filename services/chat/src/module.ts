import { defineService, openUserData } from '@orrery/service-kit';
import { ChatConfig } from './config.ts';
import { onTransactionsCategorized } from './events/on-transactions-categorized.ts';
import { HOLDINGS } from './holdings.ts';
import { readTally } from './http/read-tally.ts';
import { createTallyStore } from './store/tally-store.ts';

/** A new service: it tallies the transactions of each user. */
export const chat = defineService({
  name: 'chat',
  config: ChatConfig,
  async create({ mongo }) {
    const tallies = createTallyStore(mongo);
    const userData = await openUserData({ service: 'chat', mongo, holdings: HOLDINGS });
    return {
      routes: [readTally(tallies), userData.route],
      subscriptions: [...userData.guarded([onTransactionsCategorized(tallies)]), userData.onErasureRequested],
    };
  },
});
