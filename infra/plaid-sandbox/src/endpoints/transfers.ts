import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { nextNumber, type ItemRecord, type PaperRecord } from '../state/records.ts';
import type { Sandbox } from '../state/sandbox.ts';
import { PlaidError } from '../wire/plaid-error.ts';
import { chosenAccounts } from './answer-objects.ts';
import {
  fields,
  itemEndpoint,
  limited,
  openEndpoint,
  PageSize,
  WebhookUrl,
  type Endpoint,
} from './endpoint.ts';

const DEFAULT_COUNT = 100;
const AUTHORIZATION_MS = 60 * 60 * 1000;
const IDEMPOTENCY_MS = 48 * 60 * 60 * 1000;
const Amount = z
  .string()
  .regex(/^\d+\.\d{2}$/u, { error: 'must be a decimal with two places, such as 10.00' });
const Type = z.enum(['debit', 'credit']);
const Network = z.enum(['ach', 'same-day-ach', 'rtp', 'wire']);
const AchClass = z.enum(['ccd', 'ppd', 'tel', 'web']);
const Anything = z.unknown().optional();

// What may follow which status.
const NEXT: Readonly<Record<string, readonly string[]>> = {
  pending: ['posted', 'failed', 'cancelled'],
  posted: ['settled', 'returned'],
  settled: ['funds_available', 'returned'],
  funds_available: ['returned'],
};

const StoredTransfer = z.looseObject({
  id: z.string(),
  status: z.string(),
  cancellable: z.boolean(),
  account_id: z.string(),
  type: z.string(),
  amount: z.string(),
});
const StoredAuthorization = z.looseObject({
  id: z.string(),
  created: z.string(),
  decision: z.string(),
  proposed_transfer: z.looseObject({
    account_id: z.string(),
    amount: z.string(),
    type: Type,
    network: Network,
    iso_currency_code: z.string(),
    user: z.record(z.string(), z.unknown()),
  }),
});

const stamp = (sandbox: Sandbox): string => new Date(sandbox.clock.real()).toISOString();

const store = async (
  sandbox: Sandbox,
  kind: PaperRecord['kind'],
  alias: string | null,
  body: Record<string, unknown> & { id?: string },
): Promise<void> => {
  await sandbox.database.papers.insertOne({
    _id: body.id ?? randomUUID(),
    kind,
    alias,
    order: await nextNumber(sandbox.database, kind),
    body,
  });
};

const decide = (item: ItemRecord, available: number | null, amount: number, type: 'debit' | 'credit') => {
  if (item.error !== null) {
    return {
      decision: 'user_action_required',
      decision_rationale: { code: 'ITEM_LOGIN_REQUIRED', description: 'the user has to sign in again' },
    };
  }
  if (type === 'debit' && available === 0) {
    return {
      decision: 'declined',
      decision_rationale: { code: 'RISK', description: 'the risk is too high' },
    };
  }
  if (type === 'debit' && available !== null && available < amount) {
    return {
      decision: 'declined',
      decision_rationale: { code: 'NSF', description: 'the balance is too low' },
    };
  }
  return { decision: 'approved', decision_rationale: null };
};

const authorize = itemEndpoint({
  schema: fields({
    access_token: z.string(),
    account_id: z.string(),
    type: Type,
    network: Network,
    amount: Amount,
    user: z.looseObject({ legal_name: z.string().min(1) }),
    ach_class: AchClass.optional(),
    iso_currency_code: z.string().optional(),
    idempotency_key: z.string().max(50).nullish(),
    user_present: z.boolean().nullish(),
    device: Anything,
    funding_account_id: Anything,
    ledger_id: Anything,
    payment_profile_token: Anything,
    wire_details: Anything,
    origination_account_id: Anything,
    with_guarantee: Anything,
    request_guarantee: Anything,
    beacon_session_id: Anything,
    originator_client_id: Anything,
    credit_funds_source: Anything,
    test_clock_id: Anything,
    ruleset_key: Anything,
  }),
  limit: limited('RATE_LIMIT', 100),
  evenWhenBroken: true,
  async run(sandbox, input, item) {
    if (input.network.endsWith('ach') && input.ach_class === undefined) {
      throw new PlaidError('MISSING_FIELDS', 'the following required fields are missing: ach_class');
    }
    const [account] = chosenAccounts(item, [input.account_id]);
    if (account?.type !== 'depository') {
      throw new PlaidError('TRANSFER_UNSUPPORTED_ACCOUNT_TYPE');
    }
    const alias =
      input.idempotency_key === undefined || input.idempotency_key === null
        ? null
        : `${item._id}:${input.idempotency_key}`;
    if (alias !== null) {
      const earlier = await sandbox.database.papers.findOne(
        { kind: 'authorization', alias },
        { sort: { order: -1 } },
      );
      if (earlier !== null) {
        const created = Date.parse(StoredAuthorization.parse(earlier.body).created);
        if (sandbox.clock.real() - created < IDEMPOTENCY_MS) {
          return { authorization: earlier.body };
        }
      }
    }
    const authorization = {
      id: randomUUID(),
      created: stamp(sandbox),
      ...decide(item, account.available, Number(input.amount), input.type),
      guarantee_decision: null,
      guarantee_decision_rationale: null,
      guarantee_details: null,
      payment_risk: null,
      proposed_transfer: {
        account_id: account.account_id,
        ach_class: input.ach_class ?? null,
        amount: input.amount,
        credit_funds_source: null,
        funding_account_id: null,
        iso_currency_code: input.iso_currency_code ?? account.currency,
        ledger_id: null,
        network: input.network,
        origination_account_id: '',
        originator_client_id: null,
        requested_amount: input.amount,
        type: input.type,
        user: {
          address: null,
          email_address: null,
          phone_number: null,
          ...input.user,
        },
        wire_details: null,
      },
    };
    await store(sandbox, 'authorization', alias, authorization);
    return { authorization };
  },
});

const addEvent = async (
  sandbox: Sandbox,
  transfer: z.output<typeof StoredTransfer>,
  eventType: string,
): Promise<void> => {
  const number = await nextNumber(sandbox.database, 'transfer_event_ids');
  await sandbox.database.papers.insertOne({
    _id: `transfer-event-${String(number)}`,
    kind: 'transfer_event',
    alias: null,
    order: number,
    body: {
      account_id: transfer.account_id,
      event_amount: null,
      event_id: number,
      event_type: eventType,
      failure_reason: null,
      funding_account_id: null,
      intent_id: null,
      ledger_id: null,
      origination_account_id: null,
      originator_client_id: null,
      refund_id: null,
      sweep_amount: null,
      sweep_id: null,
      timestamp: stamp(sandbox),
      transfer_amount: transfer.amount,
      transfer_id: transfer.id,
      transfer_type: transfer.type,
      wire_return_fee: null,
    },
  });
};

const create = itemEndpoint({
  schema: fields({
    access_token: z.string(),
    account_id: z.string(),
    authorization_id: z.string(),
    description: z.string().min(1).max(15),
    amount: Amount.optional(),
    metadata: z
      .record(z.string(), z.string())
      .refine((value) => Object.keys(value).length <= 50, { error: 'must have at most 50 keys' })
      .nullish(),
    type: Type.optional(),
    network: Network.optional(),
    ach_class: AchClass.optional(),
    idempotency_key: Anything,
    user: Anything,
    origination_account_id: Anything,
    iso_currency_code: z.string().optional(),
    test_clock_id: Anything,
    facilitator_fee: Anything,
  }),
  limit: limited('RATE_LIMIT', 100),
  async run(sandbox, input, item) {
    const done = await sandbox.database.papers.findOne({ kind: 'transfer', alias: input.authorization_id });
    if (done !== null) {
      return { transfer: done.body };
    }
    const paper = await sandbox.database.papers.findOne({
      _id: input.authorization_id,
      kind: 'authorization',
    });
    const parsed = StoredAuthorization.safeParse(paper?.body);
    if (!parsed.success || parsed.data.proposed_transfer.account_id !== input.account_id) {
      throw new PlaidError('INVALID_FIELD', 'authorization_id does not belong to this account');
    }
    chosenAccounts(item, [input.account_id]);
    const { proposed_transfer: proposed, decision, created } = parsed.data;
    if (decision !== 'approved' || sandbox.clock.real() - Date.parse(created) > AUTHORIZATION_MS) {
      throw new PlaidError('INVALID_FIELD', 'the authorization is not approved, or no longer good');
    }
    const amount = input.amount ?? proposed.amount;
    if (Number(amount) > Number(proposed.amount)) {
      throw new PlaidError('INVALID_FIELD', 'amount is larger than authorized');
    }
    const transfer = {
      id: randomUUID(),
      account_id: input.account_id,
      ach_class: input.ach_class ?? null,
      amount,
      authorization_id: input.authorization_id,
      cancellable: true,
      created: stamp(sandbox),
      credit_funds_source: null,
      description: input.description,
      expected_settlement_date: null,
      failure_reason: null,
      funding_account_id: null,
      guarantee_decision: null,
      guarantee_decision_rationale: null,
      iso_currency_code: proposed.iso_currency_code,
      ledger_id: null,
      metadata: input.metadata ?? null,
      network: proposed.network,
      origination_account_id: '',
      originator_client_id: null,
      recurring_transfer_id: null,
      refunds: [],
      standard_return_window: null,
      status: 'pending',
      sweep_status: null,
      type: proposed.type,
      unauthorized_return_window: null,
      user: proposed.user,
    };
    await store(sandbox, 'transfer', input.authorization_id, transfer);
    await addEvent(sandbox, transfer, 'pending');
    return { transfer };
  },
});

const findTransfer = async (
  sandbox: Sandbox,
  by: { id?: string | undefined; authorization?: string | undefined },
): Promise<z.output<typeof StoredTransfer>> => {
  const paper = await sandbox.database.papers.findOne(
    by.id === undefined
      ? { kind: 'transfer', alias: by.authorization ?? '' }
      : { kind: 'transfer', _id: by.id },
  );
  if (paper === null) {
    throw new PlaidError('INVALID_FIELD', 'transfer_id not found');
  }
  return StoredTransfer.parse(paper.body);
};

const moveTo = async (sandbox: Sandbox, id: string, status: string): Promise<void> => {
  const transfer = await findTransfer(sandbox, { id });
  await sandbox.database.papers.updateOne(
    { _id: id },
    { $set: { body: { ...transfer, status, cancellable: false } } },
  );
  await addEvent(sandbox, transfer, status);
};

const get = openEndpoint({
  schema: fields({
    transfer_id: z.string().optional(),
    authorization_id: z.string().optional(),
    originator_client_id: Anything,
  }),
  async run(sandbox, { transfer_id, authorization_id }) {
    if ((transfer_id === undefined) === (authorization_id === undefined)) {
      throw new PlaidError('INVALID_FIELD', 'give either transfer_id or authorization_id');
    }
    return { transfer: await findTransfer(sandbox, { id: transfer_id, authorization: authorization_id }) };
  },
});

const cancel = openEndpoint({
  schema: fields({ transfer_id: z.string(), originator_client_id: Anything, reason_code: Anything }),
  limit: limited('RATE_LIMIT', 250),
  async run(sandbox, { transfer_id }) {
    const transfer = await findTransfer(sandbox, { id: transfer_id });
    if (!transfer.cancellable) {
      throw new PlaidError('TRANSFER_NOT_CANCELLABLE');
    }
    await moveTo(sandbox, transfer_id, 'cancelled');
    return {};
  },
});

const syncEvents = openEndpoint({
  schema: fields({ after_id: z.int().min(0), count: PageSize.nullish() }),
  limit: limited('RATE_LIMIT', 5000),
  async run({ database }, { after_id, count }) {
    const most = count ?? DEFAULT_COUNT;
    const events = await database.papers
      .find({ kind: 'transfer_event', order: { $gt: after_id } })
      .sort({ order: 1 })
      .limit(most + 1)
      .toArray();
    return { has_more: events.length > most, transfer_events: events.slice(0, most).map(({ body }) => body) };
  },
});

const simulate = openEndpoint({
  schema: fields({
    transfer_id: z.string(),
    event_type: z.string(),
    failure_reason: Anything,
    test_clock_id: Anything,
    webhook: WebhookUrl.optional(),
  }),
  async run(sandbox, { transfer_id, event_type, webhook }) {
    const transfer = await findTransfer(sandbox, { id: transfer_id });
    if (NEXT[transfer.status]?.includes(event_type) !== true) {
      throw new PlaidError('SANDBOX_TRANSFER_EVENT_TRANSITION_INVALID');
    }
    await moveTo(sandbox, transfer_id, event_type);
    if (webhook !== undefined && webhook !== '') {
      await sandbox.webhooks.sendTo(webhook, {
        webhook_type: 'TRANSFER',
        webhook_code: 'TRANSFER_EVENTS_UPDATE',
      });
    }
    return {};
  },
});

const createRecipient = openEndpoint({
  schema: fields({
    name: z.string().min(1),
    iban: z.string().min(15).max(34).nullish(),
    bacs: z.strictObject({ account: z.string(), sort_code: z.string() }).nullish(),
    address: z
      .strictObject({
        street: z.array(z.string()).min(1),
        city: z.string(),
        postal_code: z.string(),
        country: z.string().length(2),
      })
      .nullish(),
  }),
  limit: limited('RATE_LIMIT', 240),
  async run(sandbox, { name, iban, bacs, address }) {
    if ((iban ?? null) === null && (bacs ?? null) === null) {
      throw new PlaidError('MISSING_FIELDS', 'the following required fields are missing: iban or bacs');
    }
    const details = JSON.stringify([name, iban ?? null, bacs ?? null, address ?? null]);
    const alias = createHash('sha256').update(details).digest('hex');
    const known = await sandbox.database.papers.findOne({ kind: 'recipient', alias });
    if (known !== null) {
      return { recipient_id: known._id };
    }
    const id = `recipient-id-sandbox-${randomUUID()}`;
    await store(sandbox, 'recipient', alias, { id, name, iban: iban ?? null, bacs: bacs ?? null });
    return { recipient_id: id };
  },
});

const createPayment = openEndpoint({
  schema: fields({
    recipient_id: z.string(),
    reference: z.string().min(1).max(18),
    amount: z.strictObject({
      currency: z.enum(['GBP', 'EUR', 'PLN', 'SEK', 'DKK', 'NOK']),
      value: z.number().positive(),
    }),
    user_id: Anything,
    schedule: Anything,
    options: Anything,
  }),
  limit: limited('RATE_LIMIT', 100),
  async run(sandbox, { recipient_id, reference, amount }) {
    if ((await sandbox.database.papers.findOne({ _id: recipient_id, kind: 'recipient' })) === null) {
      throw new PlaidError('INVALID_FIELD', 'recipient_id not found');
    }
    const id = `payment-id-sandbox-${randomUUID()}`;
    const status = 'PAYMENT_STATUS_INPUT_NEEDED';
    await sandbox.database.papers.insertOne({
      _id: id,
      kind: 'payment',
      alias: null,
      order: await nextNumber(sandbox.database, 'payment'),
      body: {
        adjusted_reference: null,
        amount,
        bacs: null,
        iban: null,
        last_status_update: stamp(sandbox),
        payment_id: id,
        recipient_id,
        refund_details: null,
        reference,
        status,
      },
    });
    return { payment_id: id, status };
  },
});

const getPayment = openEndpoint({
  schema: fields({ payment_id: z.string() }),
  async run({ database }, { payment_id }) {
    const payment = await database.papers.findOne({ _id: payment_id, kind: 'payment' });
    if (payment === null) {
      throw new PlaidError('INVALID_FIELD', 'payment_id not found');
    }
    return payment.body;
  },
});

/**
 * Moves a payment on, as when its user has approved it in Link.
 * @param sandbox where
 * @param paymentId which
 * @param status next status, with its prefix
 * @param webhook who is told; nobody when empty
 * @throws PlaidError when there is no such payment
 */
export const movePayment = async (
  sandbox: Sandbox,
  paymentId: string,
  status: string,
  webhook: string,
): Promise<void> => {
  const payment = await sandbox.database.papers.findOne({ _id: paymentId, kind: 'payment' });
  if (payment === null) {
    throw new PlaidError('INVALID_FIELD', 'payment_id not found');
  }
  const timestamp = stamp(sandbox);
  await sandbox.database.papers.updateOne(
    { _id: paymentId },
    { $set: { 'body.status': status, 'body.last_status_update': timestamp } },
  );
  if (webhook !== '') {
    await sandbox.webhooks.sendTo(webhook, {
      adjusted_reference: null,
      adjusted_start_date: null,
      error: null,
      new_payment_status: status,
      old_payment_status: payment.body['status'],
      original_reference: payment.body['reference'],
      original_start_date: null,
      payment_id: paymentId,
      timestamp,
      webhook_code: 'PAYMENT_STATUS_UPDATE',
      webhook_type: 'PAYMENT_INITIATION',
    });
  }
};

export const TRANSFER_ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/transfer/authorization/create': authorize,
  '/transfer/create': create,
  '/transfer/get': get,
  '/transfer/cancel': cancel,
  '/transfer/event/sync': syncEvents,
  '/sandbox/transfer/simulate': simulate,
  '/payment_initiation/recipient/create': createRecipient,
  '/payment_initiation/payment/create': createPayment,
  '/payment_initiation/payment/get': getPayment,
};
