import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ACHClass,
  CountryCode,
  PaymentAmountCurrency,
  Products,
  TransferNetwork,
  TransferType,
  type TransferAuthorizationCreateRequest,
} from 'plaid';
import { openReceiver, openSandbox, refusal } from './open-sandbox.ts';

const NOW = new Date('2026-03-15T12:00:00Z');

let sandbox: Awaited<ReturnType<typeof openSandbox>>;
beforeAll(async () => {
  sandbox = await openSandbox({ now: () => NOW });
});
afterAll(async () => {
  expect(sandbox.faults).toEqual([]);
  await sandbox.close();
});

const accountsOf = async (token: string) =>
  (await sandbox.sdk.accountsGet({ access_token: token })).data.accounts;

describe('transfers', () => {
  const request = (token: string, account: string, amount: string): TransferAuthorizationCreateRequest => ({
    access_token: token,
    account_id: account,
    type: TransferType.Debit,
    network: TransferNetwork.Ach,
    ach_class: ACHClass.Ppd,
    amount,
    user: { legal_name: 'Alex Doe' },
  });

  it('are authorised, created once, moved on and told in order', async () => {
    const { token } = await sandbox.link({ products: [Products.Transfer] });
    const account = (await accountsOf(token))[0]?.account_id ?? '';
    const { authorization } = (
      await sandbox.sdk.transferAuthorizationCreate(request(token, account, '10.00'))
    ).data;
    expect(authorization).toMatchObject({ decision: 'approved', decision_rationale: null });
    expect(authorization.proposed_transfer.requested_amount).toBe('10.00');

    const body = {
      access_token: token,
      account_id: account,
      authorization_id: authorization.id,
      description: 'Saving',
    };
    const { transfer } = (await sandbox.sdk.transferCreate(body)).data;
    expect(transfer).toMatchObject({ status: 'pending', cancellable: true, amount: '10.00' });
    expect((await sandbox.sdk.transferCreate(body)).data.transfer.id).toBe(transfer.id);
    expect((await sandbox.sdk.transferGet({ authorization_id: authorization.id })).data.transfer.id).toBe(
      transfer.id,
    );
    expect(await refusal(sandbox.sdk.transferGet({}))).toMatchObject({ error_code: 'INVALID_FIELD' });

    await sandbox.sdk.sandboxTransferSimulate({ transfer_id: transfer.id, event_type: 'posted' });
    const back = sandbox.sdk.sandboxTransferSimulate({ transfer_id: transfer.id, event_type: 'pending' });
    expect(await refusal(back)).toMatchObject({ error_code: 'SANDBOX_TRANSFER_EVENT_TRANSITION_INVALID' });
    expect(await refusal(sandbox.sdk.transferCancel({ transfer_id: transfer.id }))).toMatchObject({
      error_type: 'TRANSFER_ERROR',
      error_code: 'TRANSFER_NOT_CANCELLABLE',
    });
    const { transfer_events: events, has_more } = (await sandbox.sdk.transferEventSync({ after_id: 0 })).data;
    expect(has_more).toBe(false);
    expect(
      events
        .filter(({ transfer_id }) => transfer_id === transfer.id)
        .map(({ event_type }) => event_type.toString()),
    ).toEqual(['pending', 'posted']);
  });

  it('can be cancelled while pending', async () => {
    const { token } = await sandbox.link({ products: [Products.Transfer] });
    const account = (await accountsOf(token))[0]?.account_id ?? '';
    const { authorization } = (await sandbox.sdk.transferAuthorizationCreate(request(token, account, '5.00')))
      .data;
    const body = {
      access_token: token,
      account_id: account,
      authorization_id: authorization.id,
      description: 'Saving',
    };
    const { transfer } = (await sandbox.sdk.transferCreate(body)).data;
    await sandbox.sdk.transferCancel({ transfer_id: transfer.id });

    expect(
      (await sandbox.sdk.transferGet({ transfer_id: transfer.id })).data.transfer.status.toString(),
    ).toBe('cancelled');
  });

  it('are declined with a plain answer when money or access is missing', async () => {
    const { token } = await sandbox.link({ products: [Products.Transfer] });
    const account = (await accountsOf(token))[0]?.account_id ?? '';
    const poor = (await sandbox.sdk.transferAuthorizationCreate(request(token, account, '999999.00'))).data;
    expect(poor.authorization).toMatchObject({ decision: 'declined', decision_rationale: { code: 'NSF' } });
    await sandbox.sdk.sandboxItemResetLogin({ access_token: token });
    const broken = (await sandbox.sdk.transferAuthorizationCreate(request(token, account, '1.00'))).data;
    expect(broken.authorization.decision.toString()).toBe('user_action_required');

    const empty = await sandbox.link({
      products: [Products.Transfer],
      username: 'user_custom',
      password: JSON.stringify({
        override_accounts: [{ type: 'depository', subtype: 'checking', starting_balance: 0 }],
      }),
    });
    const none = (await accountsOf(empty.token))[0]?.account_id ?? '';
    const risky = (await sandbox.sdk.transferAuthorizationCreate(request(empty.token, none, '1.00'))).data;
    expect(risky.authorization).toMatchObject({ decision: 'declined', decision_rationale: { code: 'RISK' } });
  });

  it('repeat an authorisation for the same key', async () => {
    const { token } = await sandbox.link({ products: [Products.Transfer] });
    const account = (await accountsOf(token))[0]?.account_id ?? '';
    const body = { ...request(token, account, '2.00'), idempotency_key: 'once' };
    const ids = [
      (await sandbox.sdk.transferAuthorizationCreate(body)).data.authorization.id,
      (await sandbox.sdk.transferAuthorizationCreate(body)).data.authorization.id,
    ];

    expect(ids[1]).toBe(ids[0]);
    const sloppy = sandbox.sdk.transferAuthorizationCreate({ ...body, amount: '2' });
    expect(await refusal(sloppy)).toMatchObject({ error_code: 'INVALID_FIELD' });
  });
});

describe('investments and liabilities', () => {
  it('come with every required key', async () => {
    const { token } = await sandbox.link({ products: [Products.Investments, Products.Liabilities] });
    const holdings = (await sandbox.sdk.investmentsHoldingsGet({ access_token: token })).data;
    expect(holdings.holdings).toHaveLength(4);
    expect(holdings.accounts[0]?.balances).toHaveProperty('margin_loan_amount');
    expect(holdings.securities[0]).toHaveProperty('cfi_code');
    expect(holdings.securities[0]).toHaveProperty('figi');

    const range = { access_token: token, start_date: '2024-03-15', end_date: '2026-03-15' };
    const page = (
      await sandbox.sdk.investmentsTransactionsGet({ ...range, options: { count: 10, offset: 5 } })
    ).data;
    expect(page.investment_transactions).toHaveLength(10);
    expect(page.total_investment_transactions).toBe(32);
    const owed = (await sandbox.sdk.liabilitiesGet({ access_token: token })).data.liabilities;
    expect(owed.credit).toHaveLength(1);
    expect(owed.student).toHaveLength(1);
    expect(owed.mortgage).toBeNull();
  });

  it('are refused where the product or the account is missing', async () => {
    const { token } = await sandbox.link();
    expect(await refusal(sandbox.sdk.investmentsHoldingsGet({ access_token: token }))).toMatchObject({
      error_type: 'ITEM_ERROR',
      error_code: 'PRODUCTS_NOT_SUPPORTED',
    });
    const bare = await sandbox.link({
      products: [Products.Investments, Products.Liabilities],
      username: 'user_custom',
      password: JSON.stringify({ override_accounts: [{ type: 'depository' }] }),
    });
    expect(await refusal(sandbox.sdk.investmentsHoldingsGet({ access_token: bare.token }))).toMatchObject({
      error_code: 'NO_INVESTMENT_ACCOUNTS',
    });
    expect(await refusal(sandbox.sdk.liabilitiesGet({ access_token: bare.token }))).toMatchObject({
      error_code: 'NO_LIABILITY_ACCOUNTS',
    });
  });
});

describe('created transactions', () => {
  it('stand on the depository account of a dynamic user, and nowhere else', async () => {
    const transactions = [
      {
        date_transacted: '2026-03-10',
        date_posted: '2026-03-11',
        amount: 72.1,
        description: 'LUNCH',
        iso_currency_code: 'USD',
      },
    ];
    const dynamic = await sandbox.link({ username: 'user_transactions_dynamic', password: 'x' });
    await sandbox.ready(dynamic.token);
    const { cursor } = await sandbox.drain(dynamic.token);
    await sandbox.sdk.sandboxTransactionsCreate({ access_token: dynamic.token, transactions });
    expect((await sandbox.drain(dynamic.token, cursor)).added).toMatchObject([
      { name: 'LUNCH', amount: 72.1, pending: false },
    ]);

    const other = await sandbox.link();
    const refused = sandbox.sdk.sandboxTransactionsCreate({ access_token: other.token, transactions });
    expect(await refusal(refused)).toMatchObject({ error_code: 'INVALID_FIELD' });
  });
});

describe('payments', () => {
  it('go to a recipient once known, and are approved in Link', async () => {
    const receiver = await openReceiver();
    const details = { name: 'Landlord', iban: 'GB33BUKB20201555555555' };
    const { recipient_id } = (await sandbox.sdk.paymentInitiationRecipientCreate(details)).data;
    expect((await sandbox.sdk.paymentInitiationRecipientCreate(details)).data.recipient_id).toBe(
      recipient_id,
    );
    const amount = { currency: PaymentAmountCurrency.Gbp, value: 12.5 };
    const { payment_id, status } = (
      await sandbox.sdk.paymentInitiationPaymentCreate({ recipient_id, reference: 'RENT', amount })
    ).data;
    expect(status.toString()).toBe('PAYMENT_STATUS_INPUT_NEEDED');

    const { link_token } = (
      await sandbox.sdk.linkTokenCreate({
        client_name: 'Orrery',
        language: 'en',
        country_codes: [CountryCode.Gb],
        user: { client_user_id: 'u1' },
        products: [Products.PaymentInitiation],
        payment_initiation: { payment_id },
        webhook: receiver.url,
      })
    ).data;
    await fetch(`${sandbox.url}/link`, { method: 'POST', body: new URLSearchParams({ token: link_token }) });
    const [told] = await receiver.waitFor('PAYMENT_STATUS_UPDATE');
    expect(told?.body).toMatchObject({
      payment_id,
      old_payment_status: 'PAYMENT_STATUS_INPUT_NEEDED',
      new_payment_status: 'PAYMENT_STATUS_INITIATED',
      original_reference: 'RENT',
    });
    const read = (await sandbox.sdk.paymentInitiationPaymentGet({ payment_id })).data;
    expect(read).toMatchObject({ payment_id, amount, status: 'PAYMENT_STATUS_INITIATED' });
    await receiver.close();
  });
});
