import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsIngested, TransactionsRemoved } from '@orrery/contracts';
import { eventually } from '@orrery/testing';
import { newUser, openBank, type Bank } from './open-bank.ts';

let bank: Bank;

beforeAll(async () => {
  bank = await openBank();
}, 60_000);

afterAll(async () => {
  await bank.close();
});

type User = ReturnType<typeof newUser>;

const shown = (userId: string) =>
  bank.service.mongo
    .collection('raw_transactions')
    .find({ userId, hidden: { $exists: false } })
    .toArray();

const byHand = (as: User, amount: number, merchant_name: string, category?: object) =>
  bank.post(as, '/api/add_transaction', {
    transaction: {
      date: '2026-03-10',
      amount,
      merchant_name,
      currency: 'USD',
      ...(category && { category }),
    },
  });

const link = (as: User, rows: [number, string][]) =>
  bank.linkCustom(as, [
    {
      transactions: rows.map(([amount, description]) => ({
        date_transacted: '2026-03-10',
        date_posted: '2026-03-11',
        amount,
        description,
      })),
    },
  ]);

describe('a purchase that the user wrote down and the bank shows too', () => {
  it('counts once, as the bank has it, with the category that the user wrote', async () => {
    const user = newUser();
    await byHand(user, 12.5, 'Corner Bakery', { id: 'foodAndDrink', subcategory: { id: 'cafe' } });
    await byHand(user, 40, 'Something else');

    const { itemId } = await link(user, [
      [12.5, 'POS CORNER BAKERY 17'],
      [99, 'RENT'],
    ]);
    await bank.healthy(user, itemId);

    const rows = await shown(user.userId);
    expect(rows.map(({ source, description }) => [source, description]).sort()).toEqual([
      ['manual', 'Something else'],
      ['plaid', 'POS CORNER BAKERY 17'],
      ['plaid', 'RENT'],
    ]);
    expect(rows.find(({ description }) => String(description).includes('BAKERY'))).toHaveProperty(
      'statedCategory',
    );
    await eventually(
      () =>
        bank.service.captured.of(TransactionsRemoved).filter(({ subject }) => subject === user.userId)
          .length === 1,
    );
  });

  it('keeps the main category that the user wrote without more, also when the bank changes its row', async () => {
    const user = newUser();
    await byHand(user, 12.5, 'Corner Bakery', { id: 'foodAndDrink' });
    const { itemId } = await link(user, [[12.5, 'POS CORNER BAKERY 17']]);
    await bank.healthy(user, itemId);

    expect(await shown(user.userId)).toMatchObject([{ source: 'plaid', statedGroup: 'foodAndDrink' }]);

    const [truth] = await bank.truth(itemId);
    await bank.control(`items/${itemId}/transactions`, {
      modify: [{ transaction_id: truth?.transaction_id, name: 'CORNER BAKERY INC' }],
    });
    await eventually(async () =>
      (await shown(user.userId)).some(({ description }) => description === 'CORNER BAKERY INC'),
    );

    expect(await shown(user.userId)).toMatchObject([{ source: 'plaid', statedGroup: 'foodAndDrink' }]);
  });

  it('is hidden at once when the bank had it first, and nobody hears of it', async () => {
    const user = newUser();
    const { itemId } = await link(user, [[12.5, 'POS CORNER BAKERY 17']]);
    await bank.healthy(user, itemId);

    await byHand(user, 12.5, 'Corner Bakery');

    expect((await shown(user.userId)).map(({ source }) => String(source))).toEqual(['plaid']);
    expect(
      bank.service.captured
        .of(TransactionsIngested)
        .filter(({ subject }) => subject === user.userId)
        .flatMap(({ data }) => data.transactions)
        .filter(({ source }) => source === 'manual'),
    ).toEqual([]);
  });

  it('comes back as the user wrote it when the bank is unlinked', async () => {
    const user = newUser();
    await byHand(user, 12.5, 'Corner Bakery');
    const { itemId } = await link(user, [[12.5, 'POS CORNER BAKERY 17']]);
    await bank.healthy(user, itemId);

    await bank.service.call(`/v1/items/${itemId}`, { as: user, method: 'DELETE' });

    expect((await shown(user.userId)).map(({ source }) => String(source))).toEqual(['manual']);
  });

  it('is two when the user undoes the match, and stays so when the bank changes its row', async () => {
    const user = newUser();
    await byHand(user, 12.5, 'Corner Bakery');
    const { itemId } = await link(user, [[12.5, 'POS CORNER BAKERY 17']]);
    await bank.healthy(user, itemId);
    const { data } = (await bank.service.call('/v1/matches', { as: user })).json as {
      data: { id: string }[];
    };

    await bank.service.call(`/v1/matches/${data[0]?.id ?? ''}`, { as: user, method: 'DELETE' });
    const [truth] = await bank.truth(itemId);
    await bank.control(`items/${itemId}/transactions`, {
      modify: [{ transaction_id: truth?.transaction_id, name: 'CORNER BAKERY INC' }],
    });
    await eventually(async () =>
      (await shown(user.userId)).some(({ description }) => description === 'CORNER BAKERY INC'),
    );

    expect(await shown(user.userId)).toHaveLength(2);
    expect((await bank.service.call('/v1/matches', { as: user })).json).toMatchObject({ data: [] });
  });
});
