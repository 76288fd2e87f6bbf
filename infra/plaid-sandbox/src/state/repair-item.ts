import type { Sandbox } from './sandbox.ts';

/**
 * Ends an Item's error, as a new sign-in does. Tokens and identifiers stay.
 * @param sandbox where
 * @param itemId which
 * @throws PlaidError when there is no such Item
 */
export const repairItem = (sandbox: Sandbox, itemId: string): Promise<void> =>
  sandbox.life.alone(itemId, async (found) => {
    const item = { ...found, error: null };
    await sandbox.database.items.updateOne({ _id: itemId }, { $set: { error: null } });
    await sandbox.webhooks.send(item, 'ITEM', 'LOGIN_REPAIRED');
  });
