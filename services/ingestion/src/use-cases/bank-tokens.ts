import { AppError } from '@orrery/service-kit';
import { openToken, sealToken } from '../domain/bank/token-cipher.ts';
import type { SealedToken, TokenKeys } from '../domain/bank/token-cipher.ts';
import type { ItemStore } from '../store/item-store.ts';

const RESEAL_BATCH = 200;

/**
 * Access tokens of linked banks: sealed on their way in, opened for the length of one call.
 * @param items where sealed tokens lie
 * @param keys of this installation
 */
export const createBankTokens = (items: ItemStore, keys: TokenKeys) => ({
  /**
   * Seals a token.
   * @param itemId the bank link
   * @param token the token in clear
   */
  seal: (itemId: string, token: string): SealedToken => sealToken(keys, itemId, token),

  /**
   * Opens a token that is stored elsewhere, such as that of a link that is being ended.
   * @param itemId the bank link
   * @param token the sealed token
   */
  open: (itemId: string, token: SealedToken): string => openToken(keys, itemId, token),

  /**
   * The clear token of a link. It must not be kept, logged or sent to anybody but the bank's provider.
   * @param userId owner
   * @param itemId the bank link
   * @throws AppError `not-found` for a removed link; UnreadableTokenError when its key is missing
   */
  async read(userId: string, itemId: string): Promise<string> {
    const sealed = await items.token(userId, itemId);
    if (sealed === null) {
      throw new AppError('not-found', { detail: 'There is no such bank link' });
    }
    return openToken(keys, itemId, sealed);
  },

  /**
   * Seals all tokens anew that are not sealed with the active key.
   * @param signal ends it early
   * @returns how many were sealed anew
   */
  async resealAll(signal: AbortSignal): Promise<number> {
    let resealed = 0;
    for (;;) {
      const batch = await items.sealedOtherwise(keys.activeId, RESEAL_BATCH);
      let progress = 0;
      for (const { itemId, userId, token } of batch) {
        if (signal.aborted) {
          return resealed + progress;
        }
        const next = sealToken(keys, itemId, openToken(keys, itemId, token));
        progress += (await items.reseal(userId, itemId, token, next)) ? 1 : 0;
      }
      resealed += progress;
      if (batch.length < RESEAL_BATCH || progress === 0) {
        return resealed;
      }
    }
  },
});

export type BankTokens = ReturnType<typeof createBankTokens>;
