import type { LedgerStore } from '../store/ledger-store.ts';
import type { UserSettings } from '../store/user-settings-store.ts';

/**
 * Tells the currency in which a user is answered who asked for none: the chosen one, else the one with most rows in the
 * whole ledger, so that every answer of one day is in the same currency whatever period it is about.
 */
export type ChooseCurrency = (userId: string, settings: UserSettings) => Promise<string>;

/**
 * Makes the function that tells a user's currency.
 * @param parts the ledger, and the currency of users without rows
 */
export const createChooseCurrency =
  (parts: { ledger: Pick<LedgerStore, 'mainCurrency'>; defaultCurrency: string }): ChooseCurrency =>
  async (userId, settings) =>
    settings.currency ?? (await parts.ledger.mainCurrency(userId)) ?? parts.defaultCurrency;
