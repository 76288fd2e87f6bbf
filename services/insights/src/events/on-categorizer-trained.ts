import { CategorizerTrained } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { AnnounceTraining } from '../use-cases/announce-training.ts';

/**
 * Notes that a newly trained category model is in use; a model that was not taken changes nothing for users.
 * @param announce the use case
 */
export const onCategorizerTrained = (
  announce: AnnounceTraining,
): Subscription<typeof CategorizerTrained.data> =>
  subscribe(CategorizerTrained, 'insights', async ({ data }, transaction) => {
    if (data.promoted) {
      await announce.note(data, transaction);
    }
  });
