import type { BankBalancesRead, BankItemBroken, BankItemLinked } from '@orrery/contracts';
import type { EventTransaction } from '@orrery/messaging';
import type { z } from 'zod';
import { keepBalances, spendableOf, totalSpendable } from '../domain/bank-balance.ts';
import type { AlertSettingsStore } from '../store/alert-settings-store.ts';
import type { BankLink, BankLinkStore } from '../store/bank-link-store.ts';
import type { RaiseAlerts } from './raise-alerts.ts';

type LinkFact = z.output<typeof BankItemLinked.data>;

/** Balances that were read longer ago say nothing about today. */
const MAX_AGE_MS = 7 * 24 * 3_600_000;

const unknownLink = (itemId: string): BankLink => ({
  itemId,
  state: 'linked',
  rowVersion: 0,
  readAt: null,
  accounts: [],
});

/**
 * Follows linked banks: alerts on links that need a sign-in and on balances below the user's limit, and what can be
 * spent now.
 * @param parts stores and the alerts
 */
export const createFollowBanks = (parts: {
  links: BankLinkStore;
  alertSettings: AlertSettingsStore;
  raiseAlerts: RaiseAlerts;
}) => {
  const { links, alertSettings, raiseAlerts } = parts;

  /** Moves a link to a state unless a newer one is known; tells whether it did. */
  const move = async (
    { userId, itemId, rowVersion }: LinkFact,
    state: BankLink['state'],
    { session }: EventTransaction,
  ): Promise<boolean> => {
    const known = (await links.find(userId, itemId, session)) ?? unknownLink(itemId);
    if (rowVersion <= known.rowVersion) {
      return false;
    }
    const accounts = state === 'removed' ? [] : known.accounts;
    await links.put(userId, { ...known, state, rowVersion, accounts }, session);
    return true;
  };

  return {
    /** A link works, or works again. */
    linked: async (fact: LinkFact, transaction: EventTransaction): Promise<void> => {
      await move(fact, 'linked', transaction);
    },

    /** A link is gone, and with it its balances. */
    removed: async (fact: LinkFact, transaction: EventTransaction): Promise<void> => {
      await move(fact, 'removed', transaction);
    },

    /** A link needs its user; told once per outage, and not when it is known to work again. */
    broken: async (
      fact: z.output<typeof BankItemBroken.data>,
      transaction: EventTransaction,
    ): Promise<void> => {
      if (await move(fact, 'broken', transaction)) {
        const { userId, itemId, institutionName, outage, since } = fact;
        await raiseAlerts.raise(
          userId,
          [
            {
              kind: 'bank_sign_in',
              subject: itemId,
              period: String(outage),
              facts: { merchant: institutionName, day: since.slice(0, 10) },
            },
          ],
          transaction,
        );
      }
    },

    /** Balances were read; a reading older than the known one, or of a link that is gone, is ignored. */
    balancesRead: async (
      { userId, itemId, readAt, accounts }: z.output<typeof BankBalancesRead.data>,
      transaction: EventTransaction,
    ): Promise<void> => {
      const { session } = transaction;
      const known = (await links.find(userId, itemId, session)) ?? unknownLink(itemId);
      const at = new Date(readAt);
      if (known.state === 'removed' || (known.readAt !== null && at <= known.readAt)) {
        return;
      }
      const { rules } = await alertSettings.find(userId, session);
      const { thresholdMinor, currency } = rules.balance_low ?? {};
      const limit =
        thresholdMinor === undefined || currency === undefined ? undefined : { thresholdMinor, currency };
      const { kept, fallen } = keepBalances(known.accounts, accounts, limit, readAt.slice(0, 10));
      await links.put(userId, { ...known, readAt: at, accounts: kept }, session);
      await raiseAlerts.raise(
        userId,
        fallen.map((account) => ({
          kind: 'balance_low',
          subject: account.accountId,
          // The instant, because a balance can fall below the limit twice in a day.
          period: readAt,
          facts: {
            merchant: account.name,
            amountMinor: spendableOf(account) ?? 0,
            otherMinor: limit?.thresholdMinor ?? 0,
            currency: account.currency,
          },
        })),
        transaction,
      );
    },

    /**
     * What a user can spend now by the balances of their banks, per currency.
     * @param userId owner
     * @param now business time; balances read more than a week before it do not count
     * @returns minor units by currency
     */
    spendable: async (userId: string, now: Date): Promise<Map<string, number>> => {
      const fresh = (await links.all(userId)).filter(
        ({ readAt }) => readAt !== null && now.getTime() - readAt.getTime() <= MAX_AGE_MS,
      );
      return totalSpendable(fresh.flatMap(({ accounts }) => accounts));
    },
  };
};

export type FollowBanks = ReturnType<typeof createFollowBanks>;
