import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import mongoose, { type Connection, Schema, Types } from 'mongoose';
import { errorOf, eventually, startTestServer, type TestServer } from './test-server.ts';

const personSchema = new Schema(
  {
    name: { type: String, required: true },
    email: { type: String, unique: true },
    age: { type: Number, index: true },
    tags: [String],
    friends: [{ type: Schema.Types.ObjectId, ref: 'Person' }],
    address: { city: String, street: String },
    balance: Schema.Types.Decimal128,
    counters: { type: Map, of: Number },
  },
  { timestamps: true, optimisticConcurrency: true },
);

let test: TestServer;
let connection: Connection;
const model = () => connection.model('Person', personSchema);
let Person: ReturnType<typeof model>;
beforeAll(async () => {
  test = await startTestServer();
  connection = await mongoose.createConnection(test.server.uri, { dbName: 'mongoose' }).asPromise();
  Person = model();
  await Person.init();
});
afterAll(async () => {
  await connection.close();
  await test.close();
});
beforeEach(() => Person.deleteMany({}));

describe('mongoose', () => {
  it('saves, loads and changes documents', async () => {
    const created = await Person.create({
      name: 'Ada',
      email: 'a@x',
      age: 36,
      tags: ['x'],
      balance: '12.50',
    });
    const loaded = await Person.findById(created._id).orFail();
    expect(loaded.balance?.toString()).toBe('12.50');
    loaded.tags.push('y');
    loaded.set('address.city', 'London');
    loaded.set('counters.visits', 3);
    await loaded.save();
    expect(await Person.findOne({ 'address.city': 'London', tags: 'y' }).lean()).toMatchObject({
      name: 'Ada',
      counters: { visits: 3 },
      __v: 1,
    });
    expect(loaded.updatedAt.getTime()).toBeGreaterThanOrEqual(created.createdAt.getTime());
  });

  it('sees unique indexes', async () => {
    await Person.create({ name: 'a', email: 'same@x' });
    expect(await errorOf(Person.create({ name: 'b', email: 'same@x' }))).toMatchObject({
      code: 11000,
      keyPattern: { email: 1 },
    });
    expect(Object.keys(await Person.collection.indexInformation())).toEqual(['_id_', 'email_1', 'age_1']);
    expect(await Person.syncIndexes()).toEqual([]);
  });

  it('inserts many, unordered, and tells what failed', async () => {
    const documents = ['a', 'b', 'a', 'c'].map((email) => ({ name: email, email }));
    await errorOf(Person.insertMany(documents, { ordered: false }));
    expect(await Person.countDocuments()).toBe(3);
  });

  it('populates', async () => {
    const a = await Person.create({ name: 'a', email: 'a' });
    const b = await Person.create({ name: 'b', email: 'b' });
    const c = await Person.create({ name: 'c', email: 'c', friends: [a._id, b._id] });
    const found = await Person.findById(c._id).populate<{ friends: { name: string }[] }>('friends').orFail();
    expect(found.friends.map((friend) => friend.name)).toEqual(['a', 'b']);
  });

  it('upserts with defaults', async () => {
    const found = await Person.findOneAndUpdate(
      { email: 'new@x' },
      { $set: { age: 5 } },
      { upsert: true, returnDocument: 'after', setDefaultsOnInsert: true },
    ).orFail();
    expect(found).toMatchObject({ email: 'new@x', age: 5 });
    expect(found.createdAt).toBeInstanceOf(Date);
  });

  it('detects concurrent changes by version', async () => {
    const { _id } = await Person.create({ name: 'a', email: 'a', tags: ['1', '2'] });
    const first = await Person.findById(_id).orFail();
    const second = await Person.findById(_id).orFail();
    first.name = 'first';
    await first.save();
    second.name = 'second';
    expect((await errorOf(second.save())).name).toBe('VersionError');
  });

  it('runs transactions', async () => {
    await connection.transaction(async (session) => {
      await Person.create([{ name: 'a', email: 'a' }], { session });
      await Person.updateOne({ email: 'a' }, { age: 9 }, { session });
    });
    await errorOf(
      connection.transaction(async (session) => {
        await Person.deleteMany({}, { session });
        throw new Error('no');
      }),
    );
    expect(await Person.findOne({ email: 'a' }).lean()).toMatchObject({ age: 9 });
  });

  it('writes in bulk', async () => {
    const result = await Person.bulkWrite([
      { insertOne: { document: { name: 'a', email: 'a', age: 1 } } },
      { updateOne: { filter: { email: 'b' }, update: { $set: { name: 'b' } }, upsert: true } },
      { updateMany: { filter: {}, update: { $inc: { age: 1 } } } },
      { deleteOne: { filter: { email: 'a' } } },
    ]);
    expect(result).toMatchObject({ insertedCount: 1, upsertedCount: 1, deletedCount: 1 });
  });

  it('aggregates with joins, facets and dates', async () => {
    await Person.create([
      { name: 'a', email: 'a', age: 10, tags: ['x', 'y'] },
      { name: 'b', email: 'b', age: 30, tags: ['x'] },
    ]);
    const [result] = await Person.aggregate([
      {
        $facet: {
          tags: [{ $unwind: '$tags' }, { $sortByCount: '$tags' }],
          ages: [{ $bucket: { groupBy: '$age', boundaries: [0, 20, 40] } }],
          joined: [
            { $lookup: { from: 'people', localField: 'age', foreignField: 'age', as: 'same' } },
            { $project: { _id: 0, name: 1, same: { $size: '$same' } } },
            { $sort: { name: 1 } },
          ],
          days: [{ $group: { _id: { $dateTrunc: { date: '$createdAt', unit: 'year' } }, n: { $sum: 1 } } }],
        },
      },
    ]);
    expect(result).toMatchObject({
      tags: [
        { _id: 'x', count: 2 },
        { _id: 'y', count: 1 },
      ],
      ages: [
        { _id: 0, count: 1 },
        { _id: 20, count: 1 },
      ],
      joined: [
        { name: 'a', same: 1 },
        { name: 'b', same: 1 },
      ],
      days: [{ n: 2 }],
    });
  });

  it('streams with cursors', async () => {
    await Person.insertMany(
      Array.from({ length: 250 }, (_unused, n) => ({ name: `n${n}`, email: `e${n}`, age: n })),
    );
    let sum = 0;
    for await (const person of Person.find({ age: { $gte: 50 } })
      .sort({ age: 1 })
      .lean()
      .cursor({ batchSize: 20 })) {
      sum += person.age ?? 0;
    }
    expect(sum).toBe(((50 + 249) * 200) / 2);
  });

  it('updates array elements', async () => {
    const Order = connection.model('Order', new Schema({ lines: [{ sku: String, quantity: Number }] }));
    await Order.deleteMany({});
    const order = await Order.create({
      lines: [
        { sku: 'a', quantity: 1 },
        { sku: 'b', quantity: 2 },
      ],
    });
    await Order.updateOne({ _id: order._id, 'lines.sku': 'b' }, { $set: { 'lines.$.quantity': 5 } });
    await Order.updateOne(
      { _id: order._id },
      { $inc: { 'lines.$[one].quantity': 10 } },
      { arrayFilters: [{ 'one.sku': 'a' }] },
    );
    await Order.updateOne({ _id: order._id }, { $pull: { lines: { sku: 'b' } } });
    const found = await Order.findById(order._id).lean();
    expect(found?.lines).toMatchObject([{ sku: 'a', quantity: 11 }]);
    expect(found?._id).toBeInstanceOf(Types.ObjectId);
  });

  it('removes collections and lists them', async () => {
    await connection.createCollection('temporary');
    expect((await connection.listCollections()).map((one) => one.name)).toContain('temporary');
    await connection.dropCollection('temporary');
    expect((await connection.listCollections()).map((one) => one.name)).not.toContain('temporary');
  });

  it('watches a model', async () => {
    const stream = Person.watch([{ $match: { operationType: 'insert' } }], { maxAwaitTimeMS: 20 });
    const names: string[] = [];
    stream.on('change', (event: { fullDocument: { name: string } }) => {
      names.push(event.fullDocument.name);
    });
    let made = 0;
    // The stream opens when it likes, and does not tell of what was there before.
    await eventually(async () => {
      made += 1;
      await Person.create({ name: 'early', email: `${made}@x` });
      return names.length > 0;
    });
    await Person.updateMany({}, { $set: { age: 1 } });
    await Person.create({ name: 'last', email: 'last@x' });
    await eventually(() => names.at(-1) === 'last');
    await stream.close();
    expect(new Set(names)).toEqual(new Set(['early', 'last']));
  });
});
