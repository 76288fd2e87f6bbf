import { createHmac, generateKeyPairSync, hash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BankItemBroken, TransactionsIngested, TransactionsRemoved } from '@orrery/contracts';
import { startService } from '@orrery/service-kit';
import { eventually, fakeClock } from '@orrery/testing';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { ingestion } from '../src/index.ts';
import { newUser, openBank, postWebhook, SANDBOX_SECRET, type Bank } from './open-bank.ts';
import { openProcesses } from './open-processes.ts';
import type { WireCall } from './open-wire.ts';

/**
 * Checks 22 to 30 of Plaid's contract, those about what we make of the wire, one test each, through ingestion's routes and
 * the unmodified SDK. Checks 1 to 21 are about the wire itself and stand with the sandbox; what users see of 25 and 28
 * through the gateway stands with the journeys.
 */
const MUTATION = 'TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION';
const SYNC = '/transactions/sync';
const TODAY = '2026-03-16';

let bank: Bank;

beforeAll(async () => {
  // Pages of two, so that every run takes several.
  bank = await openBank({ env: { PLAID_PAGE_SIZE: '2' } });
}, 60_000);

afterAll(async () => {
  await bank.close();
});

const day = (offset: number): string =>
  new Date(Date.parse(`${TODAY}T00:00:00Z`) + offset * 86_400_000).toISOString().slice(0, 10);
const given = (amount: number, description: string, from = -3, posted = -2) => ({
  date_transacted: day(from),
  date_posted: day(posted),
  amount,
  description,
});

interface StoredItem {
  _id: string;
  status: string;
  cursor: string | null;
  lastError: { code: string; at: Date } | null;
  lastSyncedAt: Date | null;
  nextSyncAt: Date | null;
  claim: { token: string; until: Date };
}
const items = () => bank.service.mongo.collection<StoredItem>('items');
const itemOf = async (itemId: string): Promise<StoredItem> => {
  const item = await items().findOne({ _id: itemId });
  if (item === null) {
    throw new Error('there is no such link');
  }
  return item;
};
const change = (itemId: string, body: object) => bank.control(`items/${itemId}/transactions`, body);
const accountOf = async (itemId: string): Promise<string> =>
  String((await bank.service.mongo.collection('accounts').findOne({ itemId }))?._id);
const amounts = async (itemId: string): Promise<number[]> =>
  (await bank.rows(itemId)).map(({ amountMinor }) => Number(amountMinor)).sort((a, b) => a - b);
const cursorOf = ({ body }: WireCall): string | null =>
  typeof body['cursor'] === 'string' ? body['cursor'] : null;

/** A linked bank whose first reading is done. */
const linked = async (transactions: object[], more: object = {}) => {
  const user = newUser();
  const { handle, itemId } = await bank.linkCustom(user, [
    { transactions: transactions as ReturnType<typeof given>[], ...more },
  ]);
  await bank.healthy(user, itemId);
  await untilFree(itemId);
  return { user, handle, itemId };
};

/** Waits until nobody reads the bank and none of its messages waits. */
const untilFree = async (itemId: string): Promise<void> => {
  await eventually(async () => {
    const waiting = await bank.service.mongo
      .collection('webhooks')
      .countDocuments({ itemId, state: 'waiting' });
    const { claim, nextSyncAt } = await itemOf(itemId);
    const isDue = nextSyncAt !== null && nextSyncAt.getTime() <= Date.now();
    return waiting === 0 && !isDue && claim.until.getTime() <= Date.now();
  });
};

/** Reads the bank once and waits for the end of it, good or bad. */
const readOnce = async (user: ReturnType<typeof newUser>, itemId: string): Promise<StoredItem> => {
  const startedAt = new Date();
  await bank.post(user, `/v1/items/${itemId}/sync`);
  await eventually(async () => {
    const { lastError, lastSyncedAt } = await itemOf(itemId);
    return (lastError?.at ?? new Date(0)) >= startedAt || (lastSyncedAt ?? new Date(0)) >= startedAt;
  });
  await eventually(async () => {
    const { claim, status } = await itemOf(itemId);
    return status === 'removed' || claim.until.getTime() <= Date.now();
  });
  return itemOf(itemId);
};

/** What a listener who applies our events in order shows after each of them, as sums of minor units. */
const momentsOf = (userId: string): { rows: number; sum: number }[] => {
  const shown = new Map<string, number>();
  return bank.service.captured.all().flatMap((event) => {
    if (event.subject !== userId) {
      return [];
    }
    if (event.type === 'transactions.ingested.v1') {
      const { transactions } = TransactionsIngested.data.parse(event.data);
      transactions.forEach(({ transactionId, amountMinor }) => shown.set(transactionId, amountMinor));
    } else if (event.type === 'transactions.removed.v1') {
      const { transactions } = TransactionsRemoved.data.parse(event.data);
      transactions.forEach(({ transactionId }) => shown.delete(transactionId));
    } else {
      return [];
    }
    return [{ rows: shown.size, sum: [...shown.values()].reduce((total, amount) => total + amount, 0) }];
  });
};

const truthOf = async (itemId: string): Promise<number[]> =>
  (await bank.truth(itemId)).map(({ amount }) => -Math.round(amount * 100)).sort((a, b) => a - b);

describe('reading a bank', () => {
  it('check 22: a failure on the second page, or a kill there, changes nothing, and the next run equals a clean one', async () => {
    const processes = await openProcesses(bank, 1, { BANK_LEASE_MS: '400' });
    const [reader] = processes.replicas;
    const stored = processes.database.collection<StoredItem>('items');
    const user = newUser();
    try {
      await reader?.start();
      const itemId = await processes.linkCustom(
        user,
        [1, 2, 3].map((n) => given(n, `FIRST ${String(n)}`)),
      );
      const before = await eventually(
        () => stored.findOne({ _id: itemId, historyComplete: true } as object),
        (item) => item !== null && item.claim.until.getTime() <= Date.now(),
      );
      const untouched = async (): Promise<void> => {
        expect((await stored.findOne({ _id: itemId }))?.cursor).toBe(before?.cursor);
        expect(await processes.rows(itemId)).toHaveLength(3);
      };
      const isSecondPage = (call: WireCall): boolean =>
        call.path === SYNC && bank.wire.isAbout(call, itemId) && cursorOf(call) !== before?.cursor;
      const { account_id } = (await bank.truth(itemId))[0] ?? {};
      bank.wire.decide((call) =>
        isSecondPage(call) ? { kind: 'answer', status: 500, body: 'no JSON at all' } : undefined,
      );

      await change(itemId, {
        add: [4, 5, 6, 7, 8].map((n) => ({ account_id, ...given(n, `LATER ${String(n)}`) })),
        remove: (await bank.truth(itemId)).slice(0, 1).map(({ transaction_id }) => transaction_id),
      });
      await eventually(
        () => stored.findOne({ _id: itemId }),
        (item) => item?.lastError?.code === 'PLAID_UNREACHABLE',
      );
      await untouched();

      let reached: (() => void) | undefined;
      const secondPage = new Promise<void>((resolve) => {
        reached = resolve;
      });
      bank.wire.decide((call) => {
        if (!isSecondPage(call)) {
          return undefined;
        }
        reached?.();
        return { kind: 'silence' };
      });
      await processes.post(user, `/v1/items/${itemId}/sync`);
      await secondPage;
      await reader?.kill();
      await untouched();

      bank.wire.clear();
      await reader?.start();
      const sums = async () =>
        (await processes.rows(itemId)).map(({ amountMinor }) => Number(amountMinor)).sort((a, b) => a - b);
      const truth = await truthOf(itemId);
      expect(truth).toHaveLength(7);
      await eventually(sums, (found) => JSON.stringify(found) === JSON.stringify(truth));
    } finally {
      bank.wire.clear();
      await processes.close();
    }
  });

  it('check 23: moving data make it begin where the loop began, and at last read everything and compare', async () => {
    const { user, itemId } = await linked([given(1, 'A'), given(2, 'B'), given(3, 'C')]);
    const account_id = await accountOf(itemId);
    let left = 0;
    bank.wire.decide((call) => {
      const start = cursorOf(call);
      if (call.path !== SYNC || !bank.wire.isAbout(call, itemId) || left === 0 || start === cursor) {
        return undefined;
      }
      left -= 1;
      const error = { error_type: 'TRANSACTIONS_ERROR', error_code: MUTATION, error_message: 'it moved' };
      return { kind: 'answer', status: 400, body: JSON.stringify(error) };
    });
    let { cursor } = await itemOf(itemId);
    const readMoving = async (times: number) => {
      ({ cursor } = await itemOf(itemId));
      left = times;
      const from = bank.wire.about(itemId, SYNC).length;
      const end = await readOnce(user, itemId);
      return { end, calls: bank.wire.about(itemId, SYNC).slice(from) };
    };

    await change(itemId, { quiet: true, add: [4, 5, 6].map((n) => ({ account_id, ...given(n, 'D') })) });
    const twice = await readMoving(2);
    const begins = twice.calls.filter((call) => cursorOf(call) === cursor);
    expect(begins).toHaveLength(3);
    expect(twice.calls.map((call) => cursorOf(call) === cursor)).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
    const pauses = begins.slice(1).map(({ beganAt }, index) => beganAt - (begins[index]?.beganAt ?? 0));
    expect(pauses[0]).toBeGreaterThanOrEqual(200);
    expect(pauses[1]).toBeGreaterThanOrEqual(400);
    expect(await amounts(itemId)).toEqual(await truthOf(itemId));

    const gone = (await bank.truth(itemId)).find(({ amount }) => amount === 2);
    await change(itemId, {
      quiet: true,
      add: [7, 8].map((n) => ({ account_id, ...given(n, 'E') })),
      remove: [gone?.transaction_id],
    });
    const often = await readMoving(4);
    expect(often.calls.filter((call) => cursorOf(call) === cursor)).toHaveLength(4);
    expect(often.calls.filter((call) => cursorOf(call) === null)).toHaveLength(1);
    expect(often.end).toMatchObject({ status: 'healthy', lastError: null });
    expect(await amounts(itemId)).toEqual(await truthOf(itemId));
    const removed = await eventually(
      () => bank.service.captured.of(TransactionsRemoved).filter(({ subject }) => subject === user.userId),
      (events) => events.length > 0,
    );
    expect(removed.flatMap(({ data }) => data.transactions)).toHaveLength(1);
    bank.wire.clear();
  });

  it('check 24: one message five times, shuffled and at once, is one reading at a time that never goes back', async () => {
    const { itemId } = await linked([given(1, 'A'), given(2, 'B'), given(3, 'C')]);
    const account_id = await accountOf(itemId);
    const second = await startService(ingestion, {
      env: {
        NODE_ENV: 'test',
        APP_ENV: 'local',
        MONGODB_URI: bank.database.uri,
        ORRERY_NAMESPACE: bank.service.mongo.name.replace(/_ingestion$/, ''),
        SERVICE_TOKEN_SECRET: 'a-secret-that-only-tests-know-0123456789',
        LOG_LEVEL: 'silent',
        ...bank.env,
      },
      bus: bank.service.bus,
      clock: fakeClock(),
    });
    const slow = (call: WireCall) =>
      call.path === SYNC && bank.wire.isAbout(call, itemId)
        ? ({ kind: 'late', after: new Promise((resolve) => setTimeout(resolve, 15)) } as const)
        : undefined;
    bank.wire.decide(slow);
    const from = bank.edge.arrived.length;
    try {
      for (let round = 0; round < 4; round += 1) {
        await change(itemId, { add: [{ account_id, ...given(10 + round, `ROUND ${String(round)}`) }] });
        const messages = await eventually(
          () => bank.edge.arrived.slice(from).filter(({ body }) => body.toString().includes(itemId)),
          (found) => found.length > round,
        );
        const copies = messages.flatMap((message) => Array.from({ length: 5 }, () => message)).reverse();
        const answers = await Promise.all(
          copies.map((message, index) =>
            postWebhook(index % 2 === 0 ? bank.service.url : second.url, message),
          ),
        );
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      }
      const truth = await truthOf(itemId);
      await eventually(
        () => amounts(itemId),
        (found) => JSON.stringify(found) === JSON.stringify(truth),
      );
      await untilFree(itemId);
      const runs = bank.wire.about(itemId, SYNC);
      for (const [index, call] of runs.entries()) {
        expect(call.beganAt).toBeGreaterThanOrEqual(runs[index - 1]?.endedAt ?? 0);
      }
      const placeOf = (cursor: string | null): number =>
        cursor === null
          ? 0
          : z
              .tuple([z.string(), z.null(), z.number(), z.number(), z.number()])
              .parse(JSON.parse(Buffer.from(cursor, 'base64').toString('utf8')))[3];
      const places = runs.map((call) => placeOf(cursorOf(call)));
      expect(places).toEqual(places.toSorted((left, right) => left - right));
      const signatures = bank.edge.arrived
        .slice(from)
        .flatMap(({ signature, body }) => (body.toString().includes(itemId) ? [signature ?? ''] : []));
      const receipts = await bank.service.mongo
        .collection<{ _id: string }>('webhooks')
        .find({ _id: { $in: signatures.map((signature) => hash('sha256', signature, 'base64url')) } })
        .toArray();
      expect(signatures.length).toBeGreaterThanOrEqual(4);
      expect(receipts).toHaveLength(new Set(signatures).size);

      // A reader that was frozen in the middle wakes up after another one has finished.
      let release: (() => void) | undefined;
      const frozen = new Promise<void>((resolve) => {
        release = resolve;
      });
      let isFirst = true;
      bank.wire.decide((call) => {
        if (call.path !== SYNC || !bank.wire.isAbout(call, itemId) || !isFirst) {
          return undefined;
        }
        isFirst = false;
        return { kind: 'late', after: frozen };
      });
      await change(itemId, { add: [{ account_id, ...given(20, 'SEEN BY BOTH') }] });
      await eventually(() => !isFirst);
      await change(itemId, { add: [{ account_id, ...given(21, 'SEEN BY THE SECOND') }], quiet: true });
      const before = await itemOf(itemId);
      await items().updateOne(
        { _id: itemId },
        { $set: { claim: { token: 'somebody else', until: new Date(0) }, nextSyncAt: new Date() } },
      );
      const after = await eventually(
        () => itemOf(itemId),
        ({ cursor }) => cursor !== before.cursor,
      );
      release?.();
      await eventually(() => bank.wire.about(itemId, SYNC).every(({ endedAt }) => endedAt !== undefined));
      await untilFree(itemId);
      const since = bank.wire.about(itemId, SYNC).length;
      await change(itemId, { add: [{ account_id, ...given(22, 'LATER') }] });
      await eventually(() => bank.wire.about(itemId, SYNC).length > since);
      await untilFree(itemId);
      for (const call of bank.wire.about(itemId, SYNC).slice(since)) {
        expect(placeOf(cursorOf(call))).toBeGreaterThanOrEqual(placeOf(after.cursor));
      }
      expect(await amounts(itemId)).toEqual(await truthOf(itemId));
    } finally {
      bank.wire.clear();
      await second.stop();
    }
  });

  it('check 25: a pending purchase that posts stays one row with what its user wrote, and counts once at any moment', async () => {
    const ways = ['same page', 'later page', 'later sync'] as const;
    for (const way of ways) {
      const user = newUser();
      await bank.post(user, '/api/add_transaction', {
        transaction: {
          date: day(-1),
          merchant_name: 'DINER',
          amount: 20,
          currency: 'USD',
          category: { id: 'foodAndDrink', ...(way === 'later page' && { subcategory: { id: 'cafe' } }) },
        },
      });
      const { itemId } = await bank.linkCustom(user, [{ transactions: [given(20, 'DINER', -1, 5)] }]);
      await bank.healthy(user, itemId);
      await untilFree(itemId);
      const [pending] = await bank.rows(itemId);
      expect(pending).toMatchObject({ pending: true });
      // A main category alone leaves it to categorisation which one within it.
      const word = way === 'later page' ? 'statedCategory' : 'statedGroup';
      expect(pending?.[word]).toEqual(expect.any(String));
      const transaction_id = String(pending?.['providerId']);
      const account_id = await accountOf(itemId);

      if (way === 'later sync') {
        await change(itemId, { remove: [transaction_id] });
        await eventually(async () => (await bank.rows(itemId)).length === 0);
        bank.wire.decide((call) =>
          call.path === SYNC && bank.wire.isAbout(call, itemId)
            ? {
                kind: 'changed',
                change: (answer) => ({
                  ...answer,
                  added: (answer['added'] as object[]).map((row) => ({
                    ...row,
                    pending_transaction_id: transaction_id,
                  })),
                }),
              }
            : undefined,
        );
        await change(itemId, { add: [{ account_id, ...given(24, 'DINER', -1, 0) }] });
      } else {
        const others = way === 'later page' ? [3, 4, 5] : [];
        const post = [{ transaction_id, date: day(0), amount: 24 }];
        await change(itemId, { post, add: others.map((n) => ({ account_id, ...given(n, 'OTHER') })) });
        const pages = await eventually(
          () => bank.wire.about(itemId, SYNC).length,
          (count) => count > 0,
        );
        expect(pages).toBeGreaterThan(0);
      }

      const posted = await eventually(
        async () => (await bank.rows(itemId)).filter(({ description }) => description === 'DINER'),
        (rows) => rows[0]?.['pending'] === false,
      );
      expect(posted).toHaveLength(1);
      expect(posted[0]).toMatchObject({
        _id: pending?._id,
        amountMinor: -2400,
        [word]: pending?.[word],
      });
      bank.wire.clear();
      const moments = await eventually(
        () => momentsOf(user.userId),
        (seen) => seen.some(({ sum }) => sum <= -2400),
      );
      const others = way === 'later page' ? 3 : 0;
      expect(Math.max(...moments.map(({ rows }) => rows))).toBe(1 + others);
      expect(moments.at(-1)).toEqual({ rows: 1 + others, sum: -2400 - (others === 0 ? 0 : 1200) });
      expect(moments.every(({ sum }) => sum >= -3600)).toBe(true);
    }
  });
});

describe('the webhook route', () => {
  it('check 26: takes what is signed over these bytes within five minutes, and refuses all else with 401', async () => {
    const { itemId } = await linked([]);
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x, y } = publicKey.export({ format: 'jwk' });
    const kid = randomUUID();
    const asked: string[] = [];
    bank.wire.decide((call) => {
      if (call.path !== '/webhook_verification_key/get' || call.body['key_id'] !== kid) {
        return undefined;
      }
      asked.push(kid);
      const key = {
        alg: 'ES256',
        crv: 'P-256',
        kty: 'EC',
        use: 'sig',
        kid,
        x,
        y,
        created_at: 1,
        expired_at: null,
      };
      return { kind: 'answer', status: 200, body: JSON.stringify({ key, request_id: 'r' }) };
    });
    const body = Buffer.from(
      JSON.stringify(
        {
          environment: 'sandbox',
          historical_update_complete: true,
          initial_update_complete: true,
          item_id: itemId,
          webhook_code: 'SYNC_UPDATES_AVAILABLE',
          webhook_type: 'TRANSACTIONS',
        },
        null,
        2,
      ),
    );
    const now = Math.floor(Date.now() / 1000);
    const claims = (iat = now) => ({ iat, request_body_sha256: hash('sha256', body, 'hex') });
    const sign = (iat?: number, key: jwt.Secret = privateKey, keyid: string = kid): string =>
      jwt.sign(claims(iat), key, { algorithm: 'ES256', keyid });
    const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    const forged = (alg: string, signature: (text: string) => string): string => {
      const text = `${encoded({ alg, kid, typ: 'JWT' })}.${encoded(claims())}`;
      return `${text}.${signature(text)}`;
    };
    const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    const der = publicKey.export({ format: 'der', type: 'spki' });
    const hmac = (secret: string | Buffer) => (text: string) =>
      createHmac('sha256', secret).update(text).digest('base64url');
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const tampered = Buffer.from(body);
    tampered.writeUInt8(tampered.readUInt8(20) ^ 1, 20);
    const receipts = () => bank.service.mongo.collection('webhooks').countDocuments({});
    const before = await receipts();

    const refused: Record<string, { signature: string | undefined; body: Buffer }> = {
      'no signature': { signature: undefined, body },
      'no token': { signature: 'x.y.z', body },
      'the algorithm none': { signature: forged('none', () => ''), body },
      'HS256 with the public key as PEM': { signature: forged('HS256', hmac(pem)), body },
      'HS256 with the public key as DER': { signature: forged('HS256', hmac(der)), body },
      'another key': { signature: sign(undefined, other), body },
      'a key nobody knows': { signature: sign(undefined, other, randomUUID()), body },
      'a tampered byte': { signature: sign(), body: tampered },
      'a signature of six minutes ago': { signature: sign(now - 360), body },
      'a signature from the future': { signature: sign(now + 60), body },
      'the same JSON written anew': {
        signature: sign(),
        body: Buffer.from(JSON.stringify(JSON.parse(body.toString('utf8')))),
      },
    };
    for (const [what, message] of Object.entries(refused)) {
      const answer = await postWebhook(bank.service.url, message);
      expect([what, answer.status]).toEqual([what, 401]);
      expect(await answer.json()).toMatchObject({ code: 'webhook-not-verified' });
    }
    expect(await receipts()).toBe(before);

    for (let count = 0; count < 3; count += 1) {
      const startedAt = performance.now();
      expect((await postWebhook(bank.service.url, { signature: sign(now - count), body })).status).toBe(200);
      expect(performance.now() - startedAt).toBeLessThan(1000);
    }
    expect(await receipts()).toBe(before + 3);
    expect(asked).toEqual([kid]);
    bank.wire.clear();
  });
});

describe('errors of the provider', () => {
  const SOON = 10 * 60 * 1000;
  it('check 27: each code has the effect of its class, and none brings a secret into a log', async () => {
    const { user, itemId } = await linked([given(5, 'A')]);
    const runWith = async (errorCode: string, times: number, target = itemId) => {
      await untilFree(target);
      const from = bank.wire.about(target, SYNC).length;
      await bank.control('faults', { path: SYNC, itemId: target, times, errorCode });
      const item = await readOnce(user, target);
      expect([errorCode, item.lastError?.code]).toEqual([errorCode, errorCode]);
      expect([errorCode, bank.wire.about(target, SYNC).length - from]).toEqual([errorCode, times]);
      return { item, inMs: item.nextSyncAt === null ? null : item.nextSyncAt.getTime() - Date.now() };
    };

    const retried = [
      'INTERNAL_SERVER_ERROR',
      'PLANNED_MAINTENANCE',
      'TRANSACTIONS_SYNC_LIMIT',
      'RATE_LIMIT',
      'INSTITUTION_RATE_LIMIT',
    ];
    const waited = [
      'INSTITUTION_DOWN',
      'INSTITUTION_NOT_RESPONDING',
      'INSTITUTION_NOT_AVAILABLE',
      'PRODUCT_NOT_READY',
      'NO_ACCOUNTS',
      'NO_AUTH_ACCOUNTS',
      'INVALID_ACCOUNT_ID',
    ];
    for (const [codes, times] of [
      [retried, 3],
      [waited, 1],
    ] as const) {
      for (const code of codes) {
        const { item, inMs } = await runWith(code, times);
        expect([code, item.status]).toEqual([code, 'healthy']);
        expect(inMs).toBeGreaterThan(0);
        await readOnce(user, itemId);
        expect(inMs).toBeLessThan(SOON);
      }
    }

    const ours = [
      'INVALID_ACCESS_TOKEN',
      'INVALID_API_KEYS',
      'INVALID_PRODUCT',
      'UNAUTHORIZED_ENVIRONMENT',
      'UNAUTHORIZED_ROUTE_ACCESS',
      'MISSING_FIELDS',
      'INVALID_FIELD',
      'UNKNOWN_FIELDS',
      'INVALID_BODY',
      'INVALID_HEADERS',
      'INCOMPATIBLE_API_VERSION',
      'NO_LONGER_AVAILABLE',
      'SANDBOX_ONLY',
      'NOT_FOUND',
      'CREDITS_EXHAUSTED',
      'INSTITUTION_REGISTRATION_REQUIRED',
      'UNAUTHORIZED_INSTITUTION',
      'SANDBOX_PRODUCT_NOT_ENABLED',
    ];
    for (const code of ours) {
      const { item, inMs } = await runWith(code, 1);
      expect([code, item.status]).toEqual([code, 'healthy']);
      expect(inMs).toBeGreaterThan(SOON);
      expect(
        bank.service.logs.some(
          (line) => line.includes(code) && line.includes('the set-up or our call is at fault'),
        ),
      ).toBe(true);
    }

    const ofUser = [
      'ITEM_LOGIN_REQUIRED',
      'ACCESS_NOT_GRANTED',
      'ADDITIONAL_CONSENT_REQUIRED',
      'ITEM_LOCKED',
      'PASSWORD_RESET_REQUIRED',
      'USER_SETUP_REQUIRED',
      'INVALID_CREDENTIALS',
      'INVALID_MFA',
      'INVALID_UPDATED_USERNAME',
      'INSUFFICIENT_CREDENTIALS',
      'A_CODE_THAT_IS_NEW',
    ];
    for (const code of ofUser) {
      const { item, inMs } = await runWith(code, 1);
      expect([code, item.status, inMs]).toEqual([code, 'login_required', null]);
      expect((await readOnce(user, itemId)).status).toBe('healthy');
    }
    const outages = await eventually(
      () => bank.service.captured.of(BankItemBroken).filter(({ subject }) => subject === user.userId),
      (events) => events.length >= ofUser.length,
    );
    expect(outages.map(({ data }) => data.errorCode)).toEqual(ofUser);

    for (const code of [
      'ITEM_NOT_FOUND',
      'ITEM_CONCURRENTLY_DELETED',
      'ITEM_NOT_SUPPORTED',
      'MFA_NOT_SUPPORTED',
      'USER_PERMISSION_REVOKED',
      'INSTITUTION_NO_LONGER_SUPPORTED',
    ]) {
      const lost = await bank.linkCustom(user, [
        { transactions: [given(6, 'B')], meta: { mask: code.slice(-4) } },
      ]);
      await bank.healthy(user, lost.itemId);
      const { item, inMs } = await runWith(code, 1, lost.itemId);
      expect([code, item.status, inMs]).toEqual([code, 'removed', null]);
      expect(
        await bank.service.mongo.collection('item_secrets').countDocuments({ itemId: lost.itemId }),
      ).toBe(0);
    }

    const rich = await bank.link(user, { username: 'user_yuppie' });
    await bank.healthy(user, rich.itemId);
    for (const code of ['PRODUCTS_NOT_SUPPORTED', 'PRODUCT_NOT_ENABLED', 'NO_INVESTMENT_ACCOUNTS']) {
      await bank.control('faults', {
        path: '/investments/holdings/get',
        itemId: rich.itemId,
        times: 1,
        errorCode: code,
      });
      const refused = await bank.post(user, '/api/get_investments', { item_id: rich.itemId });
      expect(refused).toMatchObject({ status: 424, json: { error_code: code } });
    }
    await bank.control('faults', {
      path: '/liabilities/get',
      itemId: rich.itemId,
      times: 1,
      errorCode: 'NO_LIABILITY_ACCOUNTS',
    });
    expect((await bank.service.call('/v1/accounts/liabilities', { as: user })).status).toBe(200);
    expect(await readOnce(user, rich.itemId)).toMatchObject({ status: 'healthy', lastError: null });

    const logs = bank.service.logs.join('\n');
    expect(logs).not.toContain(SANDBOX_SECRET);
    expect(logs).not.toMatch(/(?:access|public)-sandbox-/);
    // Some ninety readings.
  }, 240_000);
});

describe('what a bank writes', () => {
  it('check 28: amounts and balances are exact in every currency, and no two currencies are added', async () => {
    const user = newUser();
    const rowsIn = (currency: string, ...list: number[]) => ({
      currency,
      meta: { name: `Account in ${currency}`, mask: currency.padStart(4, '0') },
      transactions: list.map((amount, index) => given(amount, `${currency} ${String(index)}`)),
    });
    const { handle, itemId } = await bank.linkCustom(user, [
      { ...rowsIn('USD', 72.1, 0.1, 0.2, -0.01, 4.35, 1.005, 0), starting_balance: 23631.9805 },
      { ...rowsIn('USD'), meta: { name: 'Second', mask: '2222' }, starting_balance: 0.1 },
      { ...rowsIn('JPY', 5000, -1), starting_balance: 120_000 },
      { ...rowsIn('KRW', 12_900), starting_balance: 1 },
      { ...rowsIn('KWD', 1.234, -0.001), starting_balance: 3.456 },
      { ...rowsIn('BTC', 0.0125), starting_balance: 2 },
    ]);
    await bank.healthy(user, itemId);

    const minor = async (currency: string) =>
      (await bank.rows(itemId))
        .filter((row) => row['currency'] === currency)
        .map(({ amountMinor }) => Number(amountMinor))
        .sort((a, b) => a - b);
    const dollars = await minor('USD');
    expect(dollars).toEqual([-7210, -435, -101, -20, -10, 0, 1].sort((a, b) => a - b));
    expect(
      Object.is(
        dollars.find((amount) => amount === 0),
        -0,
      ),
    ).toBe(false);
    expect(await minor('JPY')).toEqual([-5000, 1]);
    expect(await minor('KRW')).toEqual([-12_900]);
    expect(await minor('KWD')).toEqual([-1234, 1]);
    const coins = await bank.service.mongo
      .collection('raw_transactions')
      .find({ itemId, hidden: 'no-currency' })
      .toArray();
    expect(coins).toMatchObject([{ unofficialCurrency: 'BTC', providerAmount: '0.0125' }]);
    const told = await eventually(
      () =>
        bank.service.captured
          .of(TransactionsIngested)
          .filter(({ subject }) => subject === user.userId)
          .flatMap(({ data }) => data.transactions),
      (transactions) => transactions.length >= 12,
    );
    expect([...new Set(told.map(({ currency }) => currency))].toSorted()).toEqual([
      'JPY',
      'KRW',
      'KWD',
      'USD',
    ]);

    const { json } = await bank.post(user, '/api/get_balances', { access_token: handle });
    const { balances, totals } = json as {
      balances: { currency: string; current: number }[];
      totals: { currency: string; current: number }[];
    };
    expect(balances.map(({ current }) => current)).toEqual([23631.9805, 0.1, 120_000, 1, 3.456, 2]);
    expect(Object.fromEntries(totals.map(({ currency, current }) => [currency, current]))).toEqual({
      USD: 23632.0805,
      JPY: 120_000,
      KRW: 1,
      KWD: 3.456,
    });
  });

  it('check 29: a day is the same day in every zone, and reading it again is no change', async () => {
    const processes = await openProcesses(bank, 1, { TZ: 'Pacific/Apia' });
    const [reader] = processes.replicas;
    const user = newUser();
    try {
      await reader?.start();
      const itemId = await processes.linkCustom(user, [
        { date_transacted: '2026-02-28', date_posted: '2026-03-01', amount: 5, description: 'LEAP' },
      ]);
      const stored = processes.database.collection<StoredItem>('items');
      const told = () => processes.messages.find({ type: 'transactions.ingested.v1' }).toArray();
      await eventually(told, (messages) => messages.length > 0);
      const before = await eventually(
        () => stored.findOne({ _id: itemId }),
        (item) => item?.status === 'healthy' && item.claim.until.getTime() <= Date.now(),
      );
      // Read from the beginning, so that the bank states the row once more.
      await stored.updateOne({ _id: itemId }, { $set: { cursor: null, nextSyncAt: new Date() } });
      await eventually(
        () => stored.findOne({ _id: itemId }),
        (item) => (item?.lastSyncedAt ?? new Date(0)) > (before?.lastSyncedAt ?? new Date()),
      );

      expect(await processes.rows(itemId)).toMatchObject([
        { postedOn: '2026-03-01', authorizedOn: '2026-02-28', rowVersion: 1 },
      ]);
      const messages = await told();
      expect(messages).toHaveLength(1);
      expect(JSON.parse(String(messages[0]?.['body']))).toMatchObject({
        data: { transactions: [{ postedOn: '2026-03-01', authorizedOn: '2026-02-28' }] },
      });
    } finally {
      await processes.close();
    }
  });

  it('check 30: odd fields are kept or fall back and stop nothing, and a bank linked twice is one link', async () => {
    const user = newUser();
    const odd = [
      {
        personal_finance_category: {
          primary: 'FOOD_AND_DRINK',
          detailed: 'FOOD_AND_DRINK_MOON_CHEESE',
          confidence_level: 'SURE',
          version: 'v9',
        },
      },
      { personal_finance_category: { primary: 'TRAVEL', detailed: 'TRANSPORTATION_PUBLIC_TRANSIT' } },
      { personal_finance_category: { primary: 'OTHER', detailed: 'OTHER' } },
      { personal_finance_category: null },
      { payment_channel: 'telepathy', transaction_code: 'barter', a_field_of_the_future: { deep: [1] } },
      {
        merchant_name: null,
        location: null,
        payment_meta: null,
        authorized_date: null,
        datetime: 'yesterday',
      },
    ];
    bank.wire.decide((call) =>
      call.path === SYNC || call.path === '/accounts/get'
        ? {
            kind: 'changed',
            change: (answer) => ({
              ...answer,
              ...(Array.isArray(answer['added'])
                ? {
                    added: answer['added'].map((row: { name: string }) => ({
                      ...row,
                      ...odd[Number(row.name.replace('ODD ', ''))],
                    })),
                  }
                : {}),
              accounts: (answer['accounts'] as object[]).map((account) => ({
                ...account,
                mask: null,
                subtype: null,
                official_name: null,
                type: 'piggy bank',
                holder_category: 'martian',
              })),
              a_field_of_the_future: true,
            }),
          }
        : undefined,
    );
    const transactions = odd.map((_, index) => given(index + 1, `ODD ${String(index)}`));
    const first = await bank.linkCustom(user, [{ transactions }]);
    await bank.healthy(user, first.itemId);

    const rows = (await bank.rows(first.itemId)).sort(
      (a, b) => Number(b['amountMinor']) - Number(a['amountMinor']),
    );
    expect(rows.map((row) => row['providerCategory'] as unknown)).toEqual([
      { primary: 'FOOD_AND_DRINK', detailed: 'FOOD_AND_DRINK_MOON_CHEESE' },
      { primary: 'TRAVEL', detailed: 'TRANSPORTATION_PUBLIC_TRANSIT' },
      { primary: 'OTHER', detailed: 'OTHER' },
      undefined,
      undefined,
      undefined,
    ]);
    const accounts = await bank.post(user, '/api/get_accounts', { access_token: first.handle });
    expect(accounts).toMatchObject({
      status: 200,
      json: { accounts: [{ mask: null, subtype: null, official_name: null, type: 'piggy bank' }] },
    });

    const again = await bank.post(user, '/api/exchange_token', {
      public_token: await bank.publicToken(user, {
        username: 'user_custom',
        password: JSON.stringify({
          override_accounts: [{ type: 'depository', subtype: 'checking', transactions }],
        }),
      }),
    });
    expect(again).toMatchObject({
      status: 200,
      json: { item_id: first.itemId, access_token: first.handle, already_linked: true },
    });
    expect(await bank.itemsOf(user)).toHaveLength(1);
    expect(await bank.rows(first.itemId)).toHaveLength(odd.length);
    const update = await bank.post(user, '/api/create_link_token', { item_id: first.itemId });
    expect(update.status).toBe(200);
    const asked = bank.wire.about(first.itemId, '/link/token/create');
    expect(asked).toHaveLength(1);
    expect(asked[0]?.body).not.toHaveProperty('products');
    bank.wire.clear();
  });
});
