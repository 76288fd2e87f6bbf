import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransactionsIngested } from '@orrery/contracts';
import type { Identity } from '@orrery/service-kit';
import { aUser, eventually, startTestService } from '@orrery/testing';
import type { TestService } from '@orrery/testing';
import { ingestion } from '../src/index.ts';
import { formWith, manyRows } from './bank-file.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService(ingestion);
}, 60_000);

afterAll(async () => {
  await service.stop();
});

const upload = (
  as: Identity,
  content: string | Buffer,
  {
    fields = {},
    encoding = 'utf-8',
    query = '',
  }: { fields?: Record<string, string | object>; encoding?: string; query?: string } = {},
) => service.call(`/v1/imports${query}`, { as, method: 'POST', body: formWith(content, fields, encoding) });

/** Transactions of a user as the events told them, in order of the file. */
const told = (userId: string) =>
  service.captured
    .of(TransactionsIngested)
    .filter((event) => event.data.userId === userId)
    .flatMap((event) => event.data.transactions);

const toldAtLeast = (userId: string, count: number) =>
  eventually(
    () => told(userId),
    (transactions) => transactions.length >= count,
  );

const stored = (userId: string) => service.mongo.collection('raw_transactions').countDocuments({ userId });

/** Rows that an import added when it is done: one that takes long answers before. */
const addedInTheEnd = async (as: Identity, reply: Awaited<ReturnType<typeof upload>>): Promise<number> => {
  const { id } = reply.json as { id: string };
  const seen = await eventually(
    async () => (await service.call(`/v1/imports/${id}`, { as })).json as { status: string; added: number },
    ({ status }) => status === 'completed',
  );
  return seen.added;
};

const STATEMENT = [
  'Date,Description,Amount',
  '2025-09-01,CORNER BAKERY,-3.50',
  '2025-09-01,CORNER BAKERY,-3.50',
  '2025-09-02,WAGES,1500.00',
].join('\r\n');

describe('POST /v1/imports', () => {
  it('stores the rows, tells them by event and says what it found', async () => {
    const user = aUser();

    const reply = await upload(user, STATEMENT);

    expect(reply.status).toBe(201);
    expect(reply.json).toMatchObject({
      status: 'completed',
      rows: 3,
      added: 3,
      duplicates: 0,
      rejected: [],
      detected: {
        delimiter: ',',
        encoding: 'utf-8',
        sign: 'negative-is-out',
        dateFormat: 'YYYY-MM-DD',
        currency: 'EUR',
      },
    });
    const transactions = await toldAtLeast(user.userId, 3);
    expect(
      transactions.map(({ postedOn, description, amountMinor, currency, source }) => [
        postedOn,
        description,
        amountMinor,
        currency,
        source,
      ]),
    ).toEqual([
      ['2025-09-01', 'CORNER BAKERY', -350, 'EUR', 'import'],
      ['2025-09-01', 'CORNER BAKERY', -350, 'EUR', 'import'],
      ['2025-09-02', 'WAGES', 150_000, 'EUR', 'import'],
    ]);
    expect(new Set(transactions.map(({ transactionId }) => transactionId)).size).toBe(3);
    expect(await service.mongo.collection('import_files').countDocuments({ userId: user.userId })).toBe(0);
  });

  it('adds nothing when the same file comes again, also in another encoding and dialect', async () => {
    const user = aUser();
    await upload(user, STATEMENT);

    const again = await upload(user, STATEMENT);
    const dialect = STATEMENT.replaceAll(',', ';').replace('1500.00', '1500,00').replaceAll('3.50', '3,50');
    const inOtherDialect = await upload(user, dialect, {
      encoding: 'utf-16le',
      fields: { mapping: { encoding: 'utf-16le' } },
    });

    expect(again.json).toMatchObject({ rows: 3, added: 0, duplicates: 3 });
    expect(inOtherDialect.json).toMatchObject({ rows: 3, added: 0, duplicates: 3 });
    expect(await stored(user.userId)).toBe(3);
  });

  it('adds only what is new when a longer export overlaps', async () => {
    const user = aUser();
    await upload(user, STATEMENT);

    const reply = await upload(
      user,
      `${STATEMENT}\r\n2025-09-03,RIVER CAFE,-4.20\r\n2025-09-01,CORNER BAKERY,-3.50`,
    );

    expect(reply.json).toMatchObject({ rows: 5, added: 2, duplicates: 3 });
    expect(await stored(user.userId)).toBe(5);
  });

  it('counts each row once when the same file comes several times at the same moment', async () => {
    const user = aUser();
    const file = manyRows(1500);

    const replies = await Promise.all([upload(user, file), upload(user, file), upload(user, file)]);

    const added = await Promise.all(replies.map((reply) => addedInTheEnd(user, reply)));
    expect(added.reduce((sum, count) => sum + count, 0)).toBe(1500);
    expect(await stored(user.userId)).toBe(1500);
    expect(new Set((await toldAtLeast(user.userId, 1500)).map((row) => row.transactionId)).size).toBe(1500);
    expect(told(user.userId)).toHaveLength(1500);
  });

  it("keeps two users' equal rows apart and hides one's imports from the other", async () => {
    const [one, other] = [aUser(), aUser()];
    const first = await upload(one, STATEMENT);

    const second = await upload(other, STATEMENT);

    const { id } = first.json as { id: string };
    expect(second.json).toMatchObject({ added: 3, duplicates: 0 });
    expect((await service.call(`/v1/imports/${id}`, { as: one })).json).toEqual(first.json);
    expect((await service.call(`/v1/imports/${id}`, { as: other })).status).toBe(404);
    expect((await service.call('/v1/imports/imp_unknown', { as: one })).status).toBe(404);
  });

  it('reports a bad row by line and reason and keeps the good ones', async () => {
    const user = aUser();

    const reply = await upload(
      user,
      'Date,Description,Amount\n2025-09-01,A,-1\nsoon,B,-2\n2025-09-03,C,much\n2025-09-04,D,-4\n',
    );

    expect(reply.status).toBe(201);
    expect(reply.json).toMatchObject({
      rows: 4,
      added: 2,
      rejected: [
        { line: 3, reason: '"soon" is not a date written YYYY-MM-DD' },
        { line: 4, reason: '"much" is not an amount' },
      ],
    });
  });

  it('reads French and Korean files in the encodings of their banks', async () => {
    const user = aUser();

    const french = await upload(user, 'Date;Libellé;Débit;Crédit\n29/09/2025;CARTE CRÊPERIE;12,50;\n', {
      encoding: 'latin1',
    });
    const korean = await upload(
      user,
      '거래일시,가맹점명,이용금액\n2025-09-29 14:03,뷁카페 강남점,"5,500"\n',
      { encoding: 'cp949' },
    );

    expect(french.json).toMatchObject({ added: 1, detected: { encoding: 'windows-1252', decimal: ',' } });
    expect(korean.json).toMatchObject({ added: 1, detected: { encoding: 'cp949', currency: 'KRW' } });
    const transactions = await toldAtLeast(user.userId, 2);
    expect(
      transactions.map(({ description, amountMinor, currency }) => [description, amountMinor, currency]),
    ).toEqual([
      ['CARTE CRÊPERIE', -1250, 'EUR'],
      ['뷁카페 강남점', -5500, 'KRW'],
    ]);
  });

  it('obeys mapping, currency and account', async () => {
    const user = aUser();

    const reply = await upload(user, '10/09/2025;RIVER CAFE;4,20\n11/09/2025;BOOK NOOK;9,00\n', {
      fields: {
        mapping: { date: 0, description: 1, amount: 2, dateFormat: 'MM/DD/YYYY', flipSign: true },
        currency: 'usd',
        account: 'Joint account',
      },
    });

    expect(reply.json).toMatchObject({
      added: 2,
      detected: { header: false, dateFormat: 'MM/DD/YYYY', sign: 'positive-is-out' },
    });
    const transactions = await toldAtLeast(user.userId, 2);
    expect(
      transactions.map(({ postedOn, amountMinor, currency }) => [postedOn, amountMinor, currency]),
    ).toEqual([
      ['2025-10-09', -420, 'USD'],
      ['2025-11-09', -900, 'USD'],
    ]);
    const [account] = await service.mongo.collection('accounts').find({ userId: user.userId }).toArray();
    expect(account).toMatchObject({ name: 'Joint account', _id: transactions[0]?.accountId });
  });

  it('takes an account by its id as well as by its name', async () => {
    const user = aUser();
    await upload(user, STATEMENT, { fields: { account: 'Savings' } });
    const [account] = await service.mongo.collection('accounts').find({ userId: user.userId }).toArray();

    const again = await upload(user, STATEMENT, { fields: { account: String(account?._id) } });
    const elsewhere = await upload(user, STATEMENT, { fields: { account: 'Checking' } });

    expect(again.json).toMatchObject({ added: 0, duplicates: 3 });
    expect(elsewhere.json).toMatchObject({ added: 3, duplicates: 0 });
  });

  it('stores nothing for a preview and tells what an import would do', async () => {
    const user = aUser();
    await upload(user, STATEMENT);

    const reply = await upload(user, `${STATEMENT}\n2025-09-03,NEW,-1.00`, { query: '?preview=true' });

    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({
      rows: 4,
      added: 1,
      duplicates: 3,
      sample: [
        {
          line: 2,
          date: '2025-09-01',
          description: 'CORNER BAKERY',
          amount: { amount: '-3.50', currency: 'EUR' },
        },
        {},
        {},
        {},
      ],
    });
    expect(await stored(user.userId)).toBe(3);
    expect(await service.mongo.collection('imports').countDocuments({ userId: user.userId })).toBe(1);
  });

  it.each([
    ['words', 'just a few words'],
    ['a table without dates', 'name,amount\nFoo,1\nBar,2'],
    ['bytes', Buffer.from([0, 1, 2, 3, 0, 255, 254, 9, 0, 7])],
    ['nothing', ''],
  ])('answers 422 to %s and stores nothing', async (_kind, content) => {
    const user = aUser();

    const reply = await upload(user, content);

    expect(reply.status).toBe(422);
    expect(reply.json).toMatchObject({ code: 'import-refused', detail: expect.any(String) });
    expect(await service.mongo.collection('imports').countDocuments({ userId: user.userId })).toBe(0);
  });

  it.each([
    ['mapping', '{not json'],
    ['mapping.colour', { colour: 'red' }],
    ['mapping.decimal', { decimal: ';' }],
    ['mapping.timeZone', { timeZone: 'Mars/Olympus' }],
    ['currency', 'euros'],
    ['surprise', 'x'],
  ])('names the field %s when it cannot be used', async (field, value) => {
    const name = field.split('.')[0] ?? field;

    const reply = await upload(aUser(), STATEMENT, { fields: { [name]: value } });

    expect(reply.status).toBe(422);
    expect(reply.json).toMatchObject({ code: 'validation-failed', errors: [{ field }] });
  });

  it('answers 422 to a form without a file, 415 to another type and 400 to half a form', async () => {
    const empty = new FormData();
    empty.set('currency', 'EUR');
    const post = { method: 'POST', as: aUser() };
    const cut = {
      ...post,
      body: '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nDate',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    };

    expect((await service.call('/v1/imports', { ...post, body: empty })).json).toMatchObject({
      status: 422,
      errors: [{ field: 'file' }],
    });
    expect((await service.call('/v1/imports', { ...post, json: {} })).status).toBe(415);
    expect((await service.call('/v1/imports', cut)).status).toBe(400);
  });

  it('answers 413 to a file beyond 50 MiB', async () => {
    const reply = await upload(aUser(), Buffer.alloc(50 * 1024 * 1024 + 1, 'a'));

    expect(reply.status).toBe(413);
    expect(reply.json).toMatchObject({ code: 'body-too-large' });
  });

  it('needs a signed caller', async () => {
    expect((await service.call('/v1/imports/imp_1', { as: null })).status).toBe(401);
  });

  it('answers a repeated Idempotency-Key with the first reply', async () => {
    const user = aUser();
    const send = () =>
      service.call('/v1/imports', {
        as: user,
        method: 'POST',
        body: formWith(STATEMENT),
        headers: { 'idempotency-key': `key-${user.userId}` },
      });
    const first = await send();

    const second = await send();

    expect(second.json).toEqual(first.json);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(await service.mongo.collection('imports').countDocuments({ userId: user.userId })).toBe(1);
  });

  it("lists the caller's imports page by page, newest first", async () => {
    const user = aUser();
    const ids: unknown[] = [];
    for (let index = 0; index < 3; index += 1) {
      ids.unshift(((await upload(user, STATEMENT)).json as { id: string }).id);
    }
    const list = async (query: string) =>
      (await service.call(`/v1/imports${query}`, { as: user })).json as {
        data: { id: string }[];
        page: { nextCursor: string | null };
      };

    const first = await list('?limit=2');
    const second = await list(`?limit=2&cursor=${String(first.page.nextCursor)}`);

    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(ids);
    expect(second.page.nextCursor).toBeNull();
    expect((await service.call('/v1/imports?cursor=nonsense', { as: user })).status).toBe(422);
  });

  it('does not let card numbers out of the file', async () => {
    const user = aUser();

    await upload(user, 'Date,Description,Amount,Card number\n2025-09-01,A,-1,4970 1000 2000 3004\n');

    const transactions = await toldAtLeast(user.userId, 1);
    const [account] = await service.mongo.collection('accounts').find({ userId: user.userId }).toArray();
    expect(account?.['name']).toBe('•••• 3004');
    expect(JSON.stringify(transactions)).not.toContain('4970');
  });
});
