import { eventually } from '@orrery/testing';
import { z } from 'zod';

/** Who calls: the headers of a signed-in user. */
export interface Caller {
  userId: string;
  headers: Record<string, string>;
}

/** Calls the gateway as somebody; JSON unless `form` is given. */
export type Ask = (
  caller: Caller,
  method: string,
  path: string,
  body?: unknown,
) => Promise<{ status: number; json: unknown; text: string }>;

/** A kind of thing that belongs to one user, and how its owner comes by one. */
export interface OwnedThing {
  /** The path that names it, up to and with the parameter. It also stands for everything below. */
  path: string;
  /** Makes one and gives its id; the caller has a ledger with a year of transactions. */
  make(ask: Ask, owner: Caller): Promise<string>;
  /** Bodies for routes below the path, by method and path, where one made from the schema would not do. */
  bodies?: Record<string, unknown>;
  /** Its owner cannot prove that it is there: the route is for administrators. */
  isBeyondItsOwner?: true;
}

const WithId = z.looseObject({ id: z.string() });
const Rows = z.object({ data: z.array(z.looseObject({ id: z.string().optional() })) });

const oneOf = async (
  ask: Ask,
  owner: Caller,
  path: string,
  idOf: (row: Record<string, unknown>) => unknown = ({ id }) => id,
): Promise<string> => {
  const rows = await eventually(
    async () => Rows.parse((await ask(owner, 'GET', path)).json).data,
    ({ length }) => length > 0,
    { timeoutMs: 20_000, intervalMs: 100 },
  );
  return z.string().parse(idOf(rows[0] ?? {}));
};

const made = async (ask: Ask, owner: Caller, path: string, body: unknown): Promise<string> => {
  const { status, json, text } = await ask(owner, 'POST', path, body);
  const parsed = WithId.safeParse(json);
  if (!parsed.success) {
    throw new Error(`POST ${path} made nothing: ${String(status)} ${text}`);
  }
  return parsed.data.id;
};

const userId = (_ask: Ask, owner: Caller): Promise<string> => Promise.resolve(owner.userId);

const transaction = (ask: Ask, owner: Caller) => oneOf(ask, owner, '/v1/transactions');

const linkBank = async (ask: Ask, owner: Caller): Promise<string> => {
  const token = await ask(owner, 'POST', '/api/create_sandbox_token', {});
  const { public_token } = z.looseObject({ public_token: z.string() }).parse(token.json);
  const linked = await ask(owner, 'POST', '/api/exchange_token', { public_token });
  return z.looseObject({ item_id: z.string() }).parse(linked.json).item_id;
};

const Accounts = z.object({
  data: z.array(z.looseObject({ id: z.string(), subtype: z.string().nullable() })),
});

const BankRows = z.object({
  data: z.array(
    z.looseObject({
      date: z.string(),
      description: z.string(),
      merchant: z.string().nullable(),
      amount: z.object({ amount: z.string(), currency: z.string() }),
    }),
  ),
});

/** Links a bank and gives the id of its checking account. */
const checkingAccount = async (ask: Ask, owner: Caller): Promise<string> => {
  await linkBank(ask, owner);
  const account = await eventually(
    async () =>
      Accounts.parse((await ask(owner, 'GET', '/v1/accounts?limit=100')).json).data.find(
        ({ subtype }) => subtype === 'checking',
      ),
    (found) => found !== undefined,
    { timeoutMs: 20_000, intervalMs: 100 },
  );
  return account?.id ?? '';
};

/** Begins a conversation and gives one of the ids that the first event names. */
const sayHello = async (ask: Ask, owner: Caller, name: 'conversationId' | 'messageId'): Promise<string> => {
  const { status, text } = await ask(owner, 'POST', '/v1/chat/messages', { message: 'Hello' });
  const id = new RegExp(`"${name}":"([^"]+)"`).exec(text)?.[1];
  if (id === undefined) {
    throw new Error(`A message began nothing: ${String(status)} ${text}`);
  }
  return id;
};

/** Every kind of thing with an id in a path. A route whose path is not covered here fails the test. */
export const OWNED_THINGS: readonly OwnedThing[] = [
  { path: '/admin/user-dashboard/{user_id}', make: userId, isBeyondItsOwner: true },
  { path: '/admin/users/{id}', make: userId, isBeyondItsOwner: true },
  {
    path: '/ai/categories/{userId}',
    make: userId,
    bodies: { 'POST /ai/categories/{userId}': { description: 'CARREFOUR', amount: 12 } },
  },
  { path: '/ai/missions/{userId}', make: userId },
  {
    path: '/chat/conversations/{conversationId}',
    make: (ask, owner) => sayHello(ask, owner, 'conversationId'),
  },
  {
    path: '/profiles/{id}',
    make: (ask, owner) =>
      made(ask, owner, '/profiles/', {
        name: 'A customer',
        sex: 'Female',
        age: 34,
        annual_income: 60,
        spending_score: 50,
        purchase_frequency: 4,
      }),
    bodies: { 'PUT /profiles/{id}': { name: 'Changed' } },
  },
  { path: '/users/{id}', make: userId, isBeyondItsOwner: true },
  {
    path: '/v1/alerts/{alertId}',
    make: async (ask, owner) => {
      await ask(owner, 'POST', '/v1/budgets', {
        category: 'groceries',
        amount: { amount: '1.00', currency: 'EUR' },
      });
      return oneOf(ask, owner, '/v1/alerts');
    },
  },
  {
    path: '/v1/anomalies/{transactionId}',
    make: (ask, owner) => oneOf(ask, owner, '/v1/anomalies', (row) => row['transactionId']),
  },
  {
    path: '/v1/budgets/{budgetId}',
    make: (ask, owner) =>
      made(ask, owner, '/v1/budgets', { category: 'total', amount: { amount: '400.00', currency: 'EUR' } }),
  },
  {
    path: '/v1/chat/conversations/{conversationId}',
    make: (ask, owner) => sayHello(ask, owner, 'conversationId'),
  },
  { path: '/v1/chat/messages/{messageId}', make: (ask, owner) => sayHello(ask, owner, 'messageId') },
  { path: '/v1/imports/{importId}', make: (ask, owner) => oneOf(ask, owner, '/v1/imports') },
  {
    path: '/v1/items/{itemId}',
    make: linkBank,
  },
  {
    path: '/v1/matches/{transactionId}',
    make: async (ask, owner) => {
      const account = await checkingAccount(ask, owner);
      const rows = await eventually(
        async () =>
          BankRows.parse((await ask(owner, 'GET', `/v1/transactions?account=${account}&limit=50`)).json).data,
        ({ length }) => length > 0,
        { timeoutMs: 20_000, intervalMs: 100 },
      );
      const row = rows.find(({ amount }) => amount.amount.startsWith('-')) ?? rows[0];
      await ask(owner, 'POST', '/api/add_transaction', {
        transaction: {
          date: row?.date,
          amount: -Number(row?.amount.amount),
          currency: row?.amount.currency,
          merchant_name: row?.merchant ?? row?.description,
        },
      });
      return oneOf(ask, owner, '/v1/matches');
    },
  },
  {
    path: '/v1/missions/{missionId}',
    make: async (ask, owner) => {
      await ask(owner, 'GET', `/ai/missions/${owner.userId}/daily`);
      return oneOf(ask, owner, '/v1/missions');
    },
  },
  {
    path: '/v1/recategorizations/{changeId}',
    make: async (ask, owner) => {
      const { json } = await ask(owner, 'POST', '/v1/recategorizations', {
        transactions: [await transaction(ask, owner)],
        category: 'books',
      });
      return z.looseObject({ changeId: z.string() }).parse(json).changeId;
    },
  },
  { path: '/v1/recurring/{streamId}', make: (ask, owner) => oneOf(ask, owner, '/v1/recurring') },
  {
    path: '/v1/rules/{ruleId}',
    make: (ask, owner) =>
      made(ask, owner, '/v1/rules', {
        name: 'Mine',
        conditions: { text: 'carrefour' },
        category: 'groceries',
      }),
    bodies: { 'PATCH /v1/rules/{ruleId}': { name: 'Changed' } },
  },
  {
    path: '/v1/transactions/{transactionId}',
    make: transaction,
    bodies: {
      'PUT /v1/transactions/{transactionId}/category': { category: 'coffee', applyToMerchant: false },
    },
  },
  {
    path: '/v1/transfers/{transferId}',
    make: async (ask, owner) => {
      const accountId = await checkingAccount(ask, owner);
      return made(ask, owner, '/v1/transfers', {
        accountId,
        type: 'debit',
        amount: { amount: '10.00', currency: 'USD' },
        description: 'Savings',
        legalName: 'Alex Morgan',
      });
    },
  },
];

/**
 * The id itself is the permission: it cannot be guessed, and the user it was given to has no token any more. What it
 * opens names nobody.
 */
export const ERASURE_PATH = '/v1/privacy/erasures/{erasureId}';

/** Parameters that name nothing of a user: models, charts, jobs and alerts of administrators are the same for all. */
export const SHARED_PATHS: readonly string[] = [
  '/admin/jobs/{jobId}',
  '/admin/jobs/{name}',
  '/v1/admin-alerts/{alertId}',
  '/v1/models/{name}',
];
