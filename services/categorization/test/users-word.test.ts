import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsCategorized, TransactionsIngested, TransactionsRemoved } from '@orrery/contracts';
import { anIngestedTransaction, aUser, eventually, startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { categorization } from '../src/module.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(categorization);
});

afterAll(async () => {
  await service.stop();
});

const lastOf = (userId: string, count: number) =>
  eventually(
    () =>
      service.captured
        .of(TransactionsCategorized)
        .filter(({ subject }) => subject === userId)
        .flatMap(({ data }) => data.transactions),
    (transactions) => transactions.length >= count,
  ).then((transactions) => transactions.at(-1)?.decision);

const tell = (userId: string, row: ReturnType<typeof anIngestedTransaction>) =>
  service.publish(TransactionsIngested, userId, { userId, transactions: [row] });

describe("the user's own word", () => {
  it('is the category that came with a row, whatever the text says', async () => {
    const { userId } = aUser();

    await tell(userId, anIngestedTransaction({ source: 'manual', statedCategory: 'fuel' }));

    expect(await lastOf(userId, 1)).toMatchObject({ decision: 'user', source: 'user', confidence: 1 });
  });

  it.each([
    ['a name that belongs to it', 'CARREFOUR CITY', 'groceries'],
    ['a name of another kind', 'SHELL GARAGE', 'restaurants'],
  ])('may be a main category alone, within which %s decides', async (_case, description, category) => {
    const { userId } = aUser();

    await tell(
      userId,
      anIngestedTransaction({
        source: 'manual',
        description,
        merchantName: description,
        amountMinor: -2_000,
        statedGroup: 'foodAndDrink',
      }),
    );

    expect(await lastOf(userId, 1)).toMatchObject({ category, decision: 'user', source: 'user' });
  });

  it('is no word when nobody knows the category', async () => {
    const { userId } = aUser();

    await tell(userId, anIngestedTransaction({ statedCategory: 'no-such-category' }));

    expect((await lastOf(userId, 1))?.source).not.toBe('user');
  });

  it('comes back with a transaction that its bank had removed and brings again', async () => {
    const user = aUser();
    const row = anIngestedTransaction({ pending: true });
    await tell(user.userId, row);
    await lastOf(user.userId, 1);
    const reply = await service.call(`/v1/transactions/${row.transactionId}/category`, {
      as: user,
      method: 'PUT',
      json: { category: 'coffee', applyToMerchant: false },
    });
    await lastOf(user.userId, 2);

    await service.publish(TransactionsRemoved, user.userId, {
      userId: user.userId,
      transactions: [{ transactionId: row.transactionId, rowVersion: 2 }],
    });
    await eventually(
      () => service.mongo.collection('decisions').findOne({ userId: user.userId }),
      (found) => found?.['removedAt'] !== undefined,
    );
    await tell(user.userId, { ...row, rowVersion: 3, pending: false });

    expect(reply.status).toBe(200);
    expect(await lastOf(user.userId, 3)).toMatchObject({ category: 'coffee', decision: 'user' });
  });
});
