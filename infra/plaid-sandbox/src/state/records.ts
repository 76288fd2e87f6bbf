import type { Collection, Db } from 'mongodb';
import type { PlaidErrorBody } from '../wire/plaid-error.ts';

/** An account of an Item. */
export interface AccountRecord {
  account_id: string;
  key: string;
  type: string;
  subtype: string | null;
  name: string;
  official_name: string | null;
  mask: string | null;
  current: number | null;
  available: number | null;
  limit: number | null;
  currency: string;
}

/** A row that a custom user or a test wrote. */
export interface GivenRow {
  key: string;
  account_id: string;
  date_transacted: string;
  date_posted: string;
  amount: number;
  description: string;
  currency: string;
}

/** How much of the history an Item serves. */
export type Readiness = 'NOT_READY' | 'INITIAL_UPDATE_COMPLETE' | 'HISTORICAL_UPDATE_COMPLETE';

/** A linked bank. */
export interface ItemRecord {
  _id: string;
  institution_id: string;
  username: string;
  persona: string | null;
  /** Number of rows of a user made for measuring; 0 for others. */
  volume: number;
  given: GivenRow[];
  accounts: AccountRecord[];
  products: string[];
  webhook: string;
  created_at: number;
  linked_day: string;
  /** Last day whose rows exist. */
  grown_to: string | null;
  oldest_day: string | null;
  newest_day: string | null;
  days_requested: number | null;
  readiness: Readiness;
  /** What the caller asked for when linking; takes effect at the exchange. */
  wanted_days: number | null;
  /** Number of the last update; rows with a higher one are not visible yet. */
  head: number;
  sync_called: boolean;
  refreshes: number;
  error: PlaidErrorBody | null;
  removed: boolean;
  last_update: number | null;
  last_webhook: { sent_at: number; code: string } | null;
}

/** A transaction and where it stands in the Item's stream of updates. */
export interface RowRecord {
  _id: string;
  item_id: string;
  account_id: string;
  /** Number of the last update that touched it. */
  seq: number;
  /** Number of the update that added it. */
  added_seq: number;
  removed: boolean;
  key: string;
  date: string;
  authorized_date: string | null;
  /** Day on which a pending row becomes posted. */
  posts_on: string | null;
  /** Amount with which a pending row will be posted, such as with the tip. */
  settles_for: number | null;
  pending: boolean;
  pending_transaction_id: string | null;
  amount: number;
  currency: string;
  name: string;
  original_description: string;
  merchant: string | null;
  pfc: string | null;
  channel: string;
  code: string | null;
  city: string | null;
  region: string | null;
  country: string | null;
}

/** What an access, public or link token stands for. */
export interface TokenRecord {
  _id: string;
  kind: 'access' | 'public' | 'link';
  item_id: string | null;
  created_at: number;
  expires_at: number | null;
  spent: boolean;
  /** Request that made a link token, and what came of it. */
  link: LinkRecord | null;
}

/** A session of Link. */
export interface LinkRecord {
  client_name: string;
  language: string;
  country_codes: string[];
  products: string[];
  /** Further products that are taken where the bank has them. */
  if_supported: string[];
  webhook: string;
  redirect_uri: string | null;
  days_requested: number | null;
  /** Payment that Link lets the user approve. */
  payment_id: string | null;
  finished: {
    public_token: string;
    institution_id: string;
    institution_name: string;
    item_id: string;
    at: number;
  } | null;
}

/** Work that falls due. */
export interface DueRecord {
  _id: string;
  item_id: string;
  kind: 'initial' | 'historical' | 'refresh' | 'expire';
  /** Real time in epoch milliseconds. */
  at: number;
}

/** A key pair for webhooks; `private_jwk` never leaves the database. */
export interface KeyRecord {
  _id: string;
  private_jwk: { kty: string; crv: string; x: string; y: string; d: string };
  created_at: number;
  /** Epoch milliseconds. */
  expired_at: number | null;
}

/** A webhook on its way. */
export interface DeliveryRecord {
  _id: string;
  url: string;
  body: string;
  mode: string;
  attempts: number;
  first_at: number;
  next_at: number;
}

/** A transfer, its authorisation or a payment, kept as it is answered. */
export interface PaperRecord {
  _id: string;
  kind: 'authorization' | 'transfer' | 'transfer_event' | 'recipient' | 'payment';
  /** Finds it by another name: idempotency key, authorisation id, bank details. */
  alias: string | null;
  order: number;
  body: Record<string, unknown>;
}

export interface MetaRecord {
  _id: string;
  value: number;
}

/** Every collection of the sandbox. */
export interface SandboxDatabase {
  items: Collection<ItemRecord>;
  rows: Collection<RowRecord>;
  tokens: Collection<TokenRecord>;
  due: Collection<DueRecord>;
  keys: Collection<KeyRecord>;
  deliveries: Collection<DeliveryRecord>;
  papers: Collection<PaperRecord>;
  meta: Collection<MetaRecord>;
}

/**
 * Opens the collections and their indexes.
 * @param db database `plaid_sandbox`
 */
export const openSandboxDatabase = async (db: Db): Promise<SandboxDatabase> => {
  const database: SandboxDatabase = {
    items: db.collection('items'),
    rows: db.collection('transactions'),
    tokens: db.collection('tokens'),
    due: db.collection('due'),
    keys: db.collection('keys'),
    deliveries: db.collection('deliveries'),
    papers: db.collection('papers'),
    meta: db.collection('meta'),
  };
  await database.rows.createIndex({ item_id: 1, seq: 1 });
  await database.rows.createIndex({ item_id: 1, date: -1, _id: 1 });
  await database.tokens.createIndex({ item_id: 1 });
  await database.due.createIndex({ at: 1 });
  await database.deliveries.createIndex({ next_at: 1 });
  await database.papers.createIndex({ kind: 1, alias: 1 });
  await database.papers.createIndex({ kind: 1, order: 1 });
  return database;
};

/**
 * The next number of a counter.
 * @param database where it stands
 * @param name of the counter
 * @returns 1 at first
 */
export const nextNumber = async (database: SandboxDatabase, name: string): Promise<number> => {
  const counter = await database.meta.findOneAndUpdate(
    { _id: name },
    { $inc: { value: 1 } },
    { upsert: true, returnDocument: 'after' },
  );
  if (counter === null) {
    throw new Error(`the counter ${name} was not written`);
  }
  return counter.value;
};
