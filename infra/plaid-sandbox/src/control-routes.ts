import { z } from 'zod';
import { chosenAccounts, transactionObject } from './endpoints/answer-objects.ts';
import { Day } from './endpoints/endpoint.ts';
import { postedFrom, rowFromGiven } from './state/item-life.ts';
import type { NewRow, RowChanges } from './state/item-ledger.ts';
import { nextNumber, type RowRecord } from './state/records.ts';
import { repairItem } from './state/repair-item.ts';
import type { Sandbox } from './state/sandbox.ts';
import { WebhookMode } from './webhooks/webhook-sender.ts';
import { PlaidError } from './wire/plaid-error.ts';
import { checkFields } from './wire/read-request.ts';

const DEFAULT_GRACE_SECONDS = 300;
const MUTATION = 'TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION';

const Times = z.int().min(1).max(1_000_000);
const Clock = z.strictObject({ advanceSeconds: z.number().min(0) });
const FaultBody = z.strictObject({
  path: z.string().startsWith('/'),
  itemId: z.string().optional(),
  times: Times,
  errorCode: z.string().regex(/^[A-Z_]+$/u),
});
const Webhooks = z.strictObject({ mode: WebhookMode, times: Times.default(1) });
const Rotate = z.strictObject({ graceSeconds: z.number().min(0).default(DEFAULT_GRACE_SECONDS) });
const Break = z.strictObject({ errorCode: z.string().regex(/^[A-Z_]+$/u) });
const Changes = z.strictObject({
  add: z
    .array(
      z.strictObject({
        account_id: z.string(),
        date_transacted: Day,
        date_posted: Day,
        amount: z.number(),
        description: z.string().min(1),
        currency: z.string().optional(),
      }),
    )
    .default([]),
  modify: z
    .array(
      z.strictObject({
        transaction_id: z.string(),
        account_id: z.string().optional(),
        amount: z.number().optional(),
        name: z.string().optional(),
        date: Day.optional(),
      }),
    )
    .default([]),
  remove: z.array(z.string()).default([]),
  post: z
    .array(z.strictObject({ transaction_id: z.string(), date: Day, amount: z.number().optional() }))
    .default([]),
  quiet: z.boolean().default(false),
});

/** An injected error that waits for its request. */
export type Fault = z.output<typeof FaultBody>;

/**
 * Takes the error that was injected for a request, once.
 * @param faults those that wait; a used-up one is dropped
 * @param path of the request
 * @param itemId its Item, if any
 * @param body its object; a mutation hits only requests that carry a cursor
 * @throws PlaidError when there is one
 */
export const raiseFault = (
  faults: Fault[],
  path: string,
  itemId: string | undefined,
  body: Readonly<Record<string, unknown>>,
): void => {
  const hasCursor = typeof body['cursor'] === 'string' && body['cursor'] !== '';
  const index = faults.findIndex(
    (fault) =>
      fault.path === path &&
      (fault.itemId === undefined || fault.itemId === itemId) &&
      (fault.errorCode !== MUTATION || hasCursor),
  );
  const fault = faults[index];
  if (fault === undefined) {
    return;
  }
  fault.times -= 1;
  if (fault.times === 0) {
    faults.splice(index, 1);
  }
  throw new PlaidError(fault.errorCode);
};

const changeRows = (sandbox: Sandbox, itemId: string, body: unknown): Promise<object> => {
  const input = checkFields(Changes, body);
  return sandbox.life.alone(itemId, async (item) => {
    const today = sandbox.clock.today();
    const rowOf = async (id: string): Promise<RowRecord> => {
      const row = await sandbox.database.rows.findOne({ _id: id, item_id: itemId, removed: false });
      if (row === null) {
        throw new PlaidError('INVALID_FIELD', `there is no transaction ${id}`);
      }
      return row;
    };
    const add: NewRow[] = [];
    for (const row of input.add) {
      const account = item.accounts.find(({ account_id }) => account_id === row.account_id);
      if (account === undefined) {
        throw new PlaidError('INVALID_ACCOUNT_ID');
      }
      const key = `control:${String(await nextNumber(sandbox.database, 'control_transactions'))}`;
      add.push(rowFromGiven(item, { ...row, key, currency: row.currency ?? account.currency }, today));
    }
    const remove: RowRecord[] = [];
    for (const id of input.remove) {
      remove.push(await rowOf(id));
    }
    for (const { transaction_id, date, amount } of input.post) {
      const row = await rowOf(transaction_id);
      if (!row.pending) {
        throw new PlaidError('INVALID_FIELD', `transaction ${transaction_id} is not pending`);
      }
      remove.push(row);
      add.push(postedFrom(row, date, amount));
    }
    const modify: RowChanges['modify'][number][] = [];
    for (const { transaction_id, account_id, amount, name, date } of input.modify) {
      chosenAccounts(item, account_id === undefined ? [] : [account_id]);
      modify.push({
        row: await rowOf(transaction_id),
        fields: {
          ...(account_id === undefined ? {} : { account_id }),
          ...(amount === undefined ? {} : { amount }),
          ...(name === undefined ? {} : { name }),
          ...(date === undefined ? {} : { date }),
        },
      });
    }
    await sandbox.life.change(item, { add, modify, remove }, { quiet: input.quiet });
    return { added: add.map(({ _id }) => _id) };
  });
};

const truthOf = async (sandbox: Sandbox, itemId: string): Promise<object> => {
  await sandbox.life.catchUp(itemId);
  const rows = await sandbox.database.rows
    .find({ item_id: itemId, removed: false })
    .sort({ seq: 1 })
    .toArray();
  return {
    transactions: rows.map((row) => transactionObject(row, { version: 'v2', originalDescription: true })),
  };
};

/**
 * Answers a control route.
 * @param sandbox state
 * @param faults errors that wait for a request
 * @param method of the request
 * @param path of the request
 * @param body its object
 * @returns the answer
 * @throws PlaidError when there is no such route or the body is wrong
 */
export const answerControl = async (
  sandbox: Sandbox,
  faults: Fault[],
  method: string,
  path: string,
  body: Record<string, unknown>,
): Promise<object> => {
  const [, , area, itemId = '', action] = path.split('/');
  const route = `${method} ${area === 'items' ? `items/${action ?? ''}` : path.slice('/_control/'.length)}`;
  switch (route) {
    case 'POST items/repair':
      await repairItem(sandbox, itemId);
      return { repaired: true };
    case 'POST items/break': {
      const { errorCode } = checkFields(Break, body);
      await sandbox.life.alone(itemId, (item) => sandbox.life.breakItem(item, errorCode));
      return { broken: true };
    }
    case 'POST items/transactions':
      return changeRows(sandbox, itemId, body);
    case 'GET items/transactions':
      return truthOf(sandbox, itemId);
    case 'POST clock': {
      sandbox.clock.advance(checkFields(Clock, body).advanceSeconds * 1000);
      await sandbox.database.meta.updateOne(
        { _id: 'clock_ahead_ms' },
        { $set: { value: sandbox.clock.ahead() } },
        { upsert: true },
      );
      await sandbox.life.catchUpAll();
      await sandbox.webhooks.deliverDue();
      return {
        now: new Date(sandbox.clock.real()).toISOString(),
        businessNow: new Date(sandbox.clock.business()).toISOString(),
      };
    }
    case 'POST faults':
      faults.push({ ...checkFields(FaultBody, body) });
      return { faults: faults.length };
    case 'POST webhooks': {
      const { mode, times } = checkFields(Webhooks, body);
      sandbox.webhooks.setMode(mode, times);
      return { mode };
    }
    case 'POST keys/rotate':
      return { key_id: await sandbox.keys.rotate(checkFields(Rotate, body).graceSeconds) };
    default:
      throw new PlaidError('NOT_FOUND');
  }
};
