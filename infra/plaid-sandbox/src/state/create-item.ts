import { z } from 'zod';
import { findInstitution, type SandboxInstitution } from '../world/institutions.ts';
import { findPersona, type Persona } from '../world/personas.ts';
import { idFrom } from '../world/seeded-random.ts';
import { PlaidError } from '../wire/plaid-error.ts';
import { nextNumber, type AccountRecord, type GivenRow, type ItemRecord } from './records.ts';
import type { Sandbox } from './sandbox.ts';

const ID_LENGTH = 37;
const MOST_VOLUME = 500_000;
const DEFAULT_BALANCE = 1000;
const DAY = z.iso.date();

const CustomAccount = z.object({
  type: z.string(),
  subtype: z.string().nullish(),
  starting_balance: z.number().optional(),
  force_available_balance: z.number().optional(),
  has_null_available_balance: z.boolean().optional(),
  currency: z.string().optional(),
  meta: z
    .object({
      name: z.string().optional(),
      official_name: z.string().nullish(),
      limit: z.number().nullish(),
      mask: z.string().nullish(),
    })
    .partial()
    .optional(),
  transactions: z
    .array(
      z.object({
        date_transacted: DAY,
        date_posted: DAY,
        amount: z.number(),
        description: z.string(),
        currency: z.string().optional(),
      }),
    )
    .optional(),
});
const CustomUser = z.object({ override_accounts: z.array(CustomAccount).min(1) });
type CustomUser = z.output<typeof CustomUser>;

/** Who signs in at which bank, and what the caller wants. */
export interface SignIn {
  institutionId: string;
  products: readonly string[];
  username: string;
  password: string;
  webhook: string;
  daysRequested: number | null;
  oldestDay: string | null;
  newestDay: string | null;
}

interface Contents {
  persona: string | null;
  volume: number;
  accounts: AccountRecord[];
  given: GivenRow[];
}

const NEVER_INITIALISED = new Set(['balance', 'recurring_transactions', 'monitor', 'investments_refresh']);

/**
 * Checks the products with which an Item is asked for.
 * @param products their names
 * @param institution the bank, when it is known
 * @throws PlaidError when one cannot be asked for or the bank does not have it
 */
export const checkProducts = (products: readonly string[], institution?: SandboxInstitution): void => {
  const refused = products.filter(
    (product) =>
      NEVER_INITIALISED.has(product) ||
      (institution !== undefined && !institution.products.includes(product)),
  );
  if (refused.length > 0) {
    throw new PlaidError(
      'INVALID_PRODUCT',
      `client is not authorized to access the following products: ${JSON.stringify(refused)}`,
    );
  }
};

const readCustomUser = (password: string): CustomUser => {
  try {
    return CustomUser.parse(JSON.parse(password));
  } catch {
    throw new PlaidError('INVALID_CREDENTIALS', 'the configuration of the custom user is not valid');
  }
};

const availableOf = (type: string, current: number, limit: number | null): number | null => {
  if (type === 'credit') {
    return limit === null ? null : Math.round((limit - current) * 100) / 100;
  }
  return type === 'depository' ? current : null;
};

const personaAccounts = (itemId: string, persona: Persona): AccountRecord[] =>
  persona.accounts.map((account) => ({
    account_id: idFrom(ID_LENGTH, itemId, account.key),
    key: account.key,
    type: account.type,
    subtype: account.subtype,
    name: account.name,
    official_name: account.officialName,
    mask: account.mask,
    current: account.current,
    available: availableOf(account.type, account.current, account.limit),
    limit: account.limit,
    currency: persona.currency,
  }));

const customContents = (itemId: string, { override_accounts }: CustomUser): Contents => {
  const accounts: AccountRecord[] = [];
  const given: GivenRow[] = [];
  for (const [index, account] of override_accounts.entries()) {
    const key = `custom${String(index)}`;
    const accountId = idFrom(ID_LENGTH, itemId, key);
    const current = account.starting_balance ?? DEFAULT_BALANCE;
    const limit = account.meta?.limit ?? null;
    const currency = account.currency ?? 'USD';
    accounts.push({
      account_id: accountId,
      key,
      type: account.type,
      subtype: account.subtype ?? null,
      name: account.meta?.name ?? `Plaid ${account.subtype ?? account.type}`,
      official_name: account.meta?.official_name ?? null,
      mask: account.meta?.mask ?? String(index).repeat(4).slice(0, 4),
      current,
      available:
        account.has_null_available_balance === true
          ? null
          : (account.force_available_balance ?? availableOf(account.type, current, limit)),
      limit,
      currency,
    });
    for (const [ordinal, row] of (account.transactions ?? []).entries()) {
      given.push({
        key: `${key}:${String(ordinal)}`,
        account_id: accountId,
        date_transacted: row.date_transacted,
        date_posted: row.date_posted,
        amount: row.amount,
        description: row.description,
        currency: row.currency ?? currency,
      });
    }
  }
  return { persona: null, volume: 0, accounts, given };
};

const contentsOf = (itemId: string, institution: SandboxInstitution, signIn: SignIn): Contents => {
  const { username, password } = signIn;
  const forced = /^error_([A-Z_]+)$/u.exec(password)?.[1];
  if (forced !== undefined) {
    throw new PlaidError(forced);
  }
  if (username === 'user_custom') {
    return customContents(itemId, readCustomUser(password));
  }
  const volume = Number(/^user_volume_(\d{1,6})$/u.exec(username)?.[1] ?? 0);
  const known = volume > 0 || username === 'user_good' ? institution.defaultPersona : username;
  const persona = findPersona(known);
  const isDynamic = persona !== undefined && persona.onRefresh !== 'nothing';
  if (
    persona === undefined ||
    volume > MOST_VOLUME ||
    (isDynamic ? password.trim() === '' : password !== 'pass_good')
  ) {
    throw new PlaidError('INVALID_CREDENTIALS');
  }
  return { persona: persona.username, volume, accounts: personaAccounts(itemId, persona), given: [] };
};

/**
 * Signs in at a bank and stores the Item. Transactions load from the exchange on.
 * @param sandbox where
 * @param signIn who and what for
 * @throws PlaidError when the bank, the products or the credentials are refused
 */
export const createItem = async (sandbox: Sandbox, signIn: SignIn): Promise<ItemRecord> => {
  const institution = findInstitution(signIn.institutionId);
  if (institution === undefined) {
    throw new PlaidError('INVALID_INSTITUTION');
  }
  checkProducts(signIn.products, institution);
  // Read before the number is taken, so that a refused sign-in does not shift the identifiers of later Items.
  contentsOf('', institution, signIn);
  const number = await nextNumber(sandbox.database, 'items');
  const itemId = idFrom(ID_LENGTH, sandbox.seed, 'item', String(number));
  const contents = contentsOf(itemId, institution, signIn);
  const item: ItemRecord = {
    _id: itemId,
    institution_id: institution.id,
    username: signIn.username,
    ...contents,
    products: [...new Set(signIn.products)].sort(),
    webhook: signIn.webhook,
    created_at: sandbox.clock.real(),
    linked_day: sandbox.clock.today(),
    grown_to: null,
    oldest_day: signIn.oldestDay,
    newest_day: signIn.newestDay,
    days_requested: null,
    readiness: 'NOT_READY',
    head: 0,
    sync_called: false,
    refreshes: 0,
    error: null,
    removed: false,
    last_update: null,
    last_webhook: null,
    wanted_days: signIn.daysRequested,
  };
  await sandbox.database.items.insertOne(item);
  return item;
};
