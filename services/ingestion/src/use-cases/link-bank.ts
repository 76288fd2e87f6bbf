import { hash, randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { BankItemLinked } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import { isDuplicateKey } from '@orrery/mongo';
import { AppError } from '@orrery/service-kit';
import type { Runtime } from '@orrery/service-kit';
import type { BankLiability, Investments, PlaidClient, RecurringHint } from '../clients/plaid-client.ts';
import { PlaidFailure } from '../clients/plaid-failure.ts';
import { accountsPrint } from '../domain/bank/bank-account.ts';
import type { BankAccount } from '../domain/bank/bank-account.ts';
import type { AccountStore } from '../store/account-store.ts';
import type { EndingStore } from '../store/ending-store.ts';
import type { ItemRecord, ItemStore } from '../store/item-store.ts';
import type { RawTransactionStore } from '../store/raw-transaction-store.ts';
import type { BankTokens } from './bank-tokens.ts';
import type { SaveAccounts } from './save-accounts.ts';
import type { SyncItem } from './sync-item.ts';

/** What linking and asking banks needs. */
export interface LinkBankParts {
  items: ItemStore;
  accounts: AccountStore;
  transactions: RawTransactionStore;
  endings: EndingStore;
  tokens: BankTokens;
  plaid: PlaidClient;
  syncItem: SyncItem;
  saveAccounts: SaveAccounts;
  inTransaction: Runtime<unknown>['inTransaction'];
  recordEvents: Runtime<unknown>['recordEvents'];
  logger: Runtime<unknown>['logger'];
  /** Our public address for webhooks, if any. */
  webhookUrl: string | undefined;
  /** Tells the worker that a bank is to be read. */
  nudge(): void;
}

/** How a client names a link: our handle in the place of the access token of old, or the link's id. */
export interface LinkName {
  accessToken?: string | undefined;
  itemId?: string | undefined;
}

const COUNTRIES = ['US', 'GB', 'FR'] as const;
const UNKNOWN_BANK = 'Unknown bank';
const HANDLE_BYTES = 24;
const MAX_NAME = 256;
const LOOK_MS = 50;
const WHOLE_HISTORY_MS = 5_000;

/** How long the name of a bank is believed. */
const NAME_LIFE_MS = 24 * 60 * 60 * 1000;

/**
 * Use cases around a bank link: begin one, finish one, repair one, and ask its bank.
 * @param parts stores and the provider
 */
export const createLinkBank = (parts: LinkBankParts) => {
  const { items, accounts, tokens, plaid, logger, webhookUrl } = parts;
  const institutions = new Map<string, { at: number; name: string; products: string[] }>();

  const institutionOf = async (institutionId: string) => {
    const known = institutions.get(institutionId);
    if (known !== undefined && Date.now() - known.at < NAME_LIFE_MS) {
      return known;
    }
    const found = { at: Date.now(), ...(await plaid.institution(institutionId, COUNTRIES)) };
    institutions.set(institutionId, found);
    return found;
  };

  const nameOf = async (institutionId: string | null, told: string | null): Promise<string> => {
    if (told !== null && told !== '') {
      return told.slice(0, MAX_NAME);
    }
    if (institutionId === null) {
      return UNKNOWN_BANK;
    }
    try {
      return (await institutionOf(institutionId)).name.slice(0, MAX_NAME);
    } catch (error) {
      if (error instanceof PlaidFailure) {
        // A link is worth more than the name of its bank.
        logger.warn({ institutionId, code: error.facts.errorCode }, 'the name of a bank is not known');
        return institutionId;
      }
      throw error;
    }
  };

  /** Of the products that we read, those that a bank has; the two of old when it does not say. */
  const usefulProducts = async (institutionId: string): Promise<string[]> => {
    try {
      const { products } = await institutionOf(institutionId);
      return ['transactions', 'auth', 'investments', 'liabilities'].filter((name) => products.includes(name));
    } catch (error) {
      if (error instanceof PlaidFailure && error.facts.errorCode !== 'INVALID_INSTITUTION') {
        return ['transactions', 'auth'];
      }
      throw error;
    }
  };

  const find = async (userId: string, { accessToken, itemId }: LinkName): Promise<ItemRecord> => {
    const item =
      itemId !== undefined
        ? await items.find(userId, itemId)
        : accessToken !== undefined
          ? await items.findByHandle(userId, accessToken)
          : null;
    const agrees = accessToken === undefined || item?.handle === accessToken;
    if (item?.active !== true || !agrees) {
      throw new AppError('not-found', { detail: 'There is no such bank link' });
    }
    return item;
  };

  /** Asks the bank, and notes when the answer tells that the link broke or works again. */
  const ask = async <Answer>(
    userId: string,
    item: ItemRecord,
    question: (token: string) => Promise<Answer>,
  ): Promise<Answer> => {
    const token = await tokens.read(userId, item._id);
    try {
      const answer = await question(token);
      if (item.status === 'login_required') {
        await parts.syncItem.repairItem(userId, item._id);
        parts.nudge();
      }
      return answer;
    } catch (error) {
      if (error instanceof PlaidFailure && error.facts.errorCode === 'ITEM_LOGIN_REQUIRED') {
        await parts.syncItem.breakItem(userId, item._id, error.facts.errorCode);
      }
      if (error instanceof PlaidFailure && error.kind === 'gone') {
        await parts.syncItem.endItem(userId, item._id, error.facts.errorCode);
      }
      throw error;
    }
  };

  const save = (userId: string, itemId: string, stated: readonly BankAccount[]): Promise<void> =>
    parts.inTransaction((session) => parts.saveAccounts(userId, itemId, stated, session));

  const discard = async (itemId: string, accessToken: string): Promise<void> => {
    await parts.endings.add(itemId, tokens.seal(itemId, accessToken));
    parts.nudge();
  };

  /** The link exists and is billed: what the provider does not tell about it now is read with its first rows. */
  const unlessRefused = async <Answer, Otherwise>(
    question: Promise<Answer>,
    otherwise: Otherwise,
  ): Promise<Answer | Otherwise> => {
    try {
      return await question;
    } catch (error) {
      if (error instanceof PlaidFailure && error.kind !== 'gone') {
        logger.warn({ code: error.facts.errorCode }, 'a new link could not be looked at yet');
        return otherwise;
      }
      throw error;
    }
  };

  const store = async (
    userId: string,
    exchanged: { accessToken: string; itemId: string },
  ): Promise<{ item: ItemRecord; isNew: boolean }> => {
    const { accessToken, itemId } = exchanged;
    const [{ institutionId, institutionName }, stated] = await Promise.all([
      unlessRefused(plaid.item(accessToken), { institutionId: null, institutionName: null }),
      unlessRefused(plaid.accounts(accessToken), []),
    ]);
    const print = stated.length === 0 ? `item:${itemId}` : accountsPrint(institutionId ?? '', stated);
    const known = await items.findByPrint(userId, print);
    if (known !== null) {
      return { item: known, isNew: false };
    }
    const now = new Date();
    const item: ItemRecord = {
      _id: itemId,
      userId,
      handle: `bank_${randomBytes(HANDLE_BYTES).toString('base64url')}`,
      institutionId: institutionId ?? '',
      institutionName: await nameOf(institutionId, institutionName),
      print,
      active: true,
      status: 'linked',
      createdAt: now,
      cursor: null,
      historyComplete: false,
      needsReconcile: false,
      lastSyncedAt: null,
      lastError: null,
      failures: 0,
      outage: 0,
      rowVersion: 1,
      wishes: 0,
      nextSyncAt: now,
      claim: { token: '', until: new Date(0) },
      refusedProducts: [],
      webhookUrl: webhookUrl ?? null,
    };
    try {
      await parts.inTransaction(async (session) => {
        await items.insert(userId, item, tokens.seal(itemId, accessToken), session);
        await parts.saveAccounts(userId, itemId, stated, session);
        await parts.recordEvents(session, [
          newEvent(BankItemLinked, userId, {
            userId,
            itemId,
            institutionName: item.institutionName,
            rowVersion: item.rowVersion,
          }),
        ]);
      });
    } catch (error) {
      // The same accounts were linked by another request at the same moment.
      const other = isDuplicateKey(error) ? await items.findByPrint(userId, print) : null;
      if (other === null) {
        throw error;
      }
      return { item: other, isNew: false };
    }
    return { item, isNew: true };
  };

  return {
    /**
     * The link that a client names.
     * @param userId owner
     * @param name handle or id
     * @throws AppError `not-found`, also for a link of somebody else and one that was removed
     */
    find,

    /**
     * A token with which the client opens Link.
     * @param userId who links
     * @param order language, and the link to repair for the update mode
     */
    async createLinkToken(
      userId: string,
      order: {
        language: string;
        itemId?: string | undefined;
        redirectUri?: string | undefined;
        wantsPage: boolean;
      },
    ) {
      const item = order.itemId === undefined ? undefined : await find(userId, { itemId: order.itemId });
      return plaid.createLinkToken({
        userId,
        language: order.language,
        countryCodes: COUNTRIES,
        products: ['transactions'],
        webhookUrl,
        redirectUri: order.redirectUri,
        accessToken: item === undefined ? undefined : await tokens.read(userId, item._id),
        wantsPage: order.wantsPage,
      });
    },

    /**
     * A public token of the sandbox, without Link.
     * @param order bank, person and products; without products all that the bank has of those that we read
     */
    async createSandboxToken(order: {
      institutionId: string;
      products: readonly string[] | undefined;
      username: string | undefined;
      password: string | undefined;
    }): Promise<string> {
      return plaid.createSandboxToken({
        ...order,
        products: order.products ?? (await usefulProducts(order.institutionId)),
        webhookUrl,
      });
    },

    /**
     * Finishes a link. When the user has the same accounts already, the older link stays and the new one is ended at
     * the provider, because two would count every purchase twice.
     * @param userId who linked
     * @param publicToken from Link
     * @returns the link and whether it is new
     */
    async exchange(userId: string, publicToken: string): Promise<{ item: ItemRecord; isNew: boolean }> {
      let exchanged: { accessToken: string; itemId: string };
      try {
        exchanged = await plaid.exchange(publicToken);
      } catch (error) {
        if (error instanceof PlaidFailure && error.kind === 'retry') {
          // The provider may have made a link that we know nothing of and that is billed.
          const tokenDigest = hash('sha256', publicToken, 'hex').slice(0, 16);
          logger.error({ tokenDigest, code: error.facts.errorCode }, 'the answer to an exchange was lost');
        }
        throw error;
      }
      let outcome: { item: ItemRecord; isNew: boolean };
      try {
        outcome = await store(userId, exchanged);
      } catch (error) {
        await discard(exchanged.itemId, exchanged.accessToken);
        throw error;
      }
      if (!outcome.isNew && outcome.item._id !== exchanged.itemId) {
        await discard(exchanged.itemId, exchanged.accessToken);
      }
      parts.nudge();
      return outcome;
    },

    /**
     * Accounts with the balances that the provider remembers.
     * @param userId owner
     * @param name of the link
     */
    async accounts(userId: string, name: LinkName): Promise<BankAccount[]> {
      const item = await find(userId, name);
      const stated = await ask(userId, item, (token) => plaid.accounts(token));
      await save(userId, item._id, stated);
      return stated;
    },

    /**
     * Accounts with balances as the bank states them now.
     * @param userId owner
     * @param name of the link
     * @param accountIds only these
     */
    async balances(
      userId: string,
      name: LinkName,
      accountIds: readonly string[] | undefined,
    ): Promise<BankAccount[]> {
      const item = await find(userId, name);
      const stated = await ask(userId, item, (token) => plaid.balances(token, accountIds));
      await save(userId, item._id, stated);
      return stated;
    },

    /**
     * Holdings of a link.
     * @param userId owner
     * @param name of the link
     */
    async investments(userId: string, name: LinkName): Promise<Investments> {
      const item = await find(userId, name);
      return ask(userId, item, (token) => plaid.investments(token));
    },

    /**
     * What is owed, over all links of a user; a bank without that product is left out.
     * @param userId owner
     */
    async liabilities(userId: string): Promise<BankLiability[]> {
      return overAll(userId, 'liabilities', (token) => plaid.liabilities(token));
    },

    /**
     * Payments that the banks believe to recur, over all links of a user.
     * @param userId owner
     */
    async recurringHints(userId: string): Promise<RecurringHint[]> {
      return overAll(userId, 'recurring', (token) => plaid.recurring(token));
    },

    /**
     * Reads the accounts of a link again.
     * @param userId owner
     * @param itemId the link
     */
    async refreshAccounts(userId: string, itemId: string): Promise<void> {
      const item = await items.find(userId, itemId);
      if (item?.active === true) {
        await save(userId, itemId, await ask(userId, item, (token) => plaid.accounts(token)));
      }
    },

    /**
     * How far a link is: its accounts, and whether its whole history is there.
     * @param userId owner
     * @param name of the link
     */
    async progress(userId: string, name: LinkName) {
      const item = await find(userId, name);
      const [known, transactionCount] = await Promise.all([
        accounts.ofItem(userId, item._id),
        parts.transactions.countOfBank(userId, item._id),
      ]);
      return {
        itemId: item._id,
        accountIds: known.map(({ _id }) => _id),
        isReady: item.historyComplete,
        transactionCount,
        failure: null,
      };
    },

    /**
     * Reads a link once more and waits for the end of it.
     * @param userId owner
     * @param name of the link
     * @param waitMs longest wait
     * @param signal ends it early
     * @returns the code of the failure when it could not be read, else null; null also when the wait was too short
     */
    async readNow(
      userId: string,
      name: LinkName,
      waitMs: number,
      signal: AbortSignal,
    ): Promise<string | null> {
      const before = await find(userId, name);
      const startedAt = new Date();
      await items.wishSync(userId, before._id, { evenBroken: true });
      parts.nudge();
      const deadline = startedAt.getTime() + waitMs;
      while (Date.now() < deadline && !signal.aborted) {
        await pause(LOOK_MS);
        const item = await items.find(userId, before._id);
        if (item?.lastError !== null && item?.lastError !== undefined && item.lastError.at >= startedAt) {
          return item.lastError.code;
        }
        const isRead =
          item?.lastSyncedAt !== null && item?.lastSyncedAt !== undefined && item.lastSyncedAt >= startedAt;
        if (item?.active !== true || (isRead && item.historyComplete)) {
          return null;
        }
        // A long history may take minutes; what has come by now is worth more than waiting for all of it.
        const isLate = Date.now() - startedAt.getTime() > WHOLE_HISTORY_MS;
        if (isRead && isLate && (await parts.transactions.countOfBank(userId, before._id)) > 0) {
          return null;
        }
      }
      return null;
    },

    /**
     * Asks the bank of a link something with its clear token.
     * @param userId owner
     * @param item the link
     * @param question gets the token for the length of the call
     */
    ask,

    /**
     * Tells the provider our present address for webhooks, for links that have another.
     * @param signal ends it early
     */
    async moveWebhooks(signal: AbortSignal): Promise<number> {
      if (webhookUrl === undefined) {
        return 0;
      }
      let moved = 0;
      for (const item of await items.withOtherWebhook(webhookUrl, 1000)) {
        if (signal.aborted) {
          break;
        }
        try {
          await ask(item.userId, item, (token) => plaid.updateWebhook(token, webhookUrl));
          await items.update(item.userId, item._id, { set: { webhookUrl } });
          moved += 1;
        } catch (error) {
          if (!(error instanceof PlaidFailure)) {
            throw error;
          }
          // One link's trouble must not keep the others from hearing of the new address.
          logger.warn(
            { itemId: item._id, code: error.facts.errorCode },
            'a link keeps its older webhook address',
          );
        }
      }
      return moved;
    },
  };

  async function overAll<Row>(
    userId: string,
    product: string,
    question: (token: string) => Promise<Row[]>,
  ): Promise<Row[]> {
    const rows: Row[] = [];
    for (const item of await items.list(userId)) {
      if (item.active !== true || item.refusedProducts.includes(product)) {
        continue;
      }
      try {
        rows.push(...(await ask(userId, item, question)));
      } catch (error) {
        if (!(error instanceof PlaidFailure && error.kind === 'product')) {
          throw error;
        }
        // One product's absence must not fail the others, nor be asked for again and again.
        await items.update(userId, item._id, {
          set: { refusedProducts: [...item.refusedProducts, product] },
        });
      }
    }
    return rows;
  }
};

export type LinkBank = ReturnType<typeof createLinkBank>;
