import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_MESSAGE_BYTES } from '../src/wire/messages.ts';
import { encodeDocument } from '../src/wire/bson-encode.ts';
import { bodySection, message, RawClient, sequenceSection } from './raw-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let test: TestServer;
let raw: RawClient;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.close());
beforeEach(async () => {
  raw = await RawClient.connect(test.server.port);
});
afterEach(() => {
  raw.close();
});

const ping = bodySection({ ping: 1, $db: 'test' });

function query(requestId: number, namespace: string, document: Record<string, unknown>): Buffer {
  const numbers = Buffer.alloc(8);
  numbers.writeInt32LE(-1, 4);
  return message(requestId, 0, [Buffer.from(`${namespace}\0`), numbers, encodeDocument(document)], 2004);
}

describe('framing', () => {
  it('answers an old-style greeting with an old-style reply', async () => {
    raw.send(query(7, 'admin.$cmd', { isMaster: 1, helloOk: true }));
    const reply = await raw.reply(7);
    expect(raw.replies[0]?.operation).toBe(1);
    expect(reply).toMatchObject({ ismaster: true, helloOk: true, setName: 'rs0', ok: 1 });
  });

  it('reads a message in single bytes', async () => {
    for (const byte of message(3, 0, [ping])) {
      raw.send(Buffer.from([byte]));
    }
    expect(await raw.reply(3)).toMatchObject({ ok: 1 });
  });

  it('reads several messages from one packet and answers them in order', async () => {
    const name = test.fresh().collectionName;
    const insert = bodySection({ insert: name, documents: [{ _id: 1 }], $db: 'test' });
    const find = bodySection({ find: name, $db: 'test' });
    raw.send(
      Buffer.concat([
        message(1, 0, [ping]),
        message(2, 0, [insert]),
        message(3, 0, [find]),
        message(4, 0, [ping]),
      ]),
    );
    expect((await raw.reply(3)).cursor.firstBatch).toEqual([{ _id: 1 }]);
    await raw.reply(4);
    expect(raw.replies.map((reply) => reply.requestId)).toEqual([1, 2, 3, 4]);
  });

  it('skips the checksum at the end', async () => {
    raw.send(message(5, 1, [ping, Buffer.from([1, 2, 3, 4])]));
    expect(await raw.reply(5)).toMatchObject({ ok: 1 });
  });

  it('sends no reply when none is wanted', async () => {
    const name = test.fresh().collectionName;
    raw.send(message(1, 2, [bodySection({ insert: name, documents: [{ a: 1 }], $db: 'test' })]));
    raw.send(message(2, 0, [bodySection({ count: name, $db: 'test' })]));
    expect(await raw.reply(2)).toMatchObject({ n: 1 });
    expect(raw.replies).toHaveLength(1);
  });

  it('takes documents from sections of their own, before or after the command', async () => {
    const name = test.fresh().collectionName;
    const insert = bodySection({ insert: name, $db: 'test' });
    const documents = sequenceSection('documents', [{ a: 1 }, { _id: 2, a: 2 }]);
    raw.send(message(1, 0, [documents, insert]));
    expect(await raw.reply(1)).toMatchObject({ n: 2, ok: 1 });
  });
});

describe('malformed messages close their connection and no other', () => {
  const header = (length: number): Buffer => {
    const bytes = Buffer.alloc(16);
    bytes.writeInt32LE(length, 0);
    bytes.writeInt32LE(2013, 12);
    return bytes;
  };
  const nested = (depth: number): Record<string, unknown> => (depth === 0 ? {} : { a: nested(depth - 1) });

  it.each<[string, () => Buffer]>([
    ['a length below the header', () => header(15)],
    ['a negative length', () => header(-5)],
    ['a length over the limit', () => header(MAX_MESSAGE_BYTES + 1)],
    ['no section', () => message(1, 0, [])],
    ['an unknown section kind', () => message(1, 0, [Buffer.from([9]), encodeDocument({})])],
    ['an unknown required flag', () => message(1, 1 << 7, [ping])],
    ['two commands', () => message(1, 0, [ping, ping])],
    [
      'a section twice',
      () =>
        message(1, 0, [
          ping,
          sequenceSection('d', []),
          sequenceSection('d', [{}]),
          sequenceSection('d', [{}]),
        ]),
    ],
    ['a section named like a field', () => message(1, 0, [ping, sequenceSection('ping', [{}])])],
    ['a document with a wrong length', () => message(1, 0, [Buffer.from([0, 200, 0, 0, 0, 0])])],
    ['a document of an unknown type', () => message(1, 0, [Buffer.from([0, 8, 0, 0, 0, 0x42, 97, 0, 0])])],
    [
      'a string without end',
      () => message(1, 0, [Buffer.from([0, 14, 0, 0, 0, 2, 97, 0, 99, 0, 0, 0, 97, 0, 0])]),
    ],
    ['an unknown operation', () => message(1, 0, [ping], 4242)],
    ['a query that is no command', () => query(1, 'test.things', {})],
    ['documents nested too deeply', () => message(1, 0, [bodySection({ ping: nested(190), $db: 'test' })])],
    ['a sequence with a wrong length', () => message(1, 0, [ping, Buffer.from([1, 255, 0, 0, 0, 97, 0])])],
    ['random bytes', () => Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')],
  ])('%s', async (_what, bytes) => {
    raw.send(bytes());
    await raw.untilClosed();
    expect(await test.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  it('a connection that ends in the middle of a message', async () => {
    raw.send(header(100));
    raw.close();
    expect(await test.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
  });
});

describe('hostile names and values', () => {
  it.each([
    '__proto__',
    'constructor',
    'constructor.prototype',
    'toString',
    'hasOwnProperty',
    '__proto__.polluted',
  ])('the field %s is only a field', async (name) => {
    const things = test.fresh();
    const parts = name.split('.');
    const build = (rest: string[]): unknown =>
      rest.length === 0 ? 1 : Object.fromEntries([[rest[0] ?? '', build(rest.slice(1))]]);
    const command = async (document: Record<string, unknown>): Promise<Record<string, unknown>> =>
      raw.command({ ...document, $db: 'test' });
    const $set = Object.fromEntries([[name, 1]]);
    const filter = Object.fromEntries([[name, 1]]);
    expect(await command({ insert: things.collectionName, documents: [build(parts)] })).toMatchObject({
      n: 1,
    });
    expect(await command({ insert: things.collectionName, documents: [{ a: 1 }] })).toMatchObject({ n: 1 });
    expect(
      await command({ update: things.collectionName, updates: [{ q: { a: 1 }, u: { $set } }] }),
    ).toMatchObject({
      nModified: 1,
    });
    expect(await command({ count: things.collectionName, query: filter })).toMatchObject({ n: 2 });
    const index = { key: filter, name: 'i' };
    expect(await command({ createIndexes: things.collectionName, indexes: [index] })).toMatchObject({
      ok: 1,
    });
    expect(await command({ count: things.collectionName, query: filter, hint: 'i' })).toMatchObject({ n: 2 });
    expect(await command({ distinct: things.collectionName, key: name })).toMatchObject({ values: [1] });
    expect(
      await command({ find: things.collectionName, filter, sort: filter, projection: filter }),
    ).toMatchObject({ ok: 1 });
    const group = [{ $group: { _id: null, n: { $sum: 1 } } }, { $set: { x: 1 } }];
    expect(await command({ aggregate: things.collectionName, pipeline: group, cursor: {} })).toMatchObject({
      ok: 1,
    });
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.hasOwn(Object.prototype, 'a')).toBe(false);
  });

  it.each(['__proto__', 'constructor', 'toString'])(
    'the collection %s is only a collection',
    async (name) => {
      await raw.command({ insert: name, documents: [{ a: 1 }], $db: 'hostile' });
      expect(await raw.command({ count: name, $db: 'hostile' })).toMatchObject({ n: 1 });
      expect(await raw.command({ insert: 'x', documents: [{ a: 1 }], $db: name })).toMatchObject({ n: 1 });
    },
  );

  it.each(['__proto__', 'constructor', 'toString', ''])('the command %j is unknown', async (name) => {
    const command = Object.defineProperty({}, name, { value: 1, enumerable: true });
    const bytes = encodeDocument(Object.assign(command, { $db: 'test' }));
    raw.send(message(9, 0, [Buffer.from([0]), bytes]));
    expect(await raw.reply(9)).toMatchObject({ ok: 0, code: 59 });
  });

  it.each(['', 'a/b', 'a.b', 'a b', 'a\\b', 'a"b', '$x', 'x'.repeat(64)])(
    'the database %j is refused',
    async ($db) => {
      expect(await raw.command({ ping: 1, $db })).toMatchObject({ ok: 0, code: 73 });
    },
  );

  it.each([
    { find: 'x', filter: { $where: 'while (true) {}' } },
    { find: 'x', filter: { $expr: { $function: { body: 'function () {}', args: [], lang: 'js' } } } },
    { mapReduce: 'x', map: 'x', reduce: 'y', out: { inline: 1 } },
    { aggregate: 'x', pipeline: [{ $group: { _id: null, a: { $accumulator: {} } } }], cursor: {} },
  ])('no code is run: %j', async (command) => {
    await raw.command({ insert: 'x', documents: [{ a: 1 }], $db: 'test' });
    expect(await raw.command({ ...command, $db: 'test' })).toMatchObject({ ok: 0 });
  });

  it('refuses sessions with malformed ids', async () => {
    expect(await raw.command({ ping: 1, lsid: 5, $db: 'test' })).toMatchObject({ code: 14 });
    expect(await raw.command({ ping: 1, lsid: {}, $db: 'test' })).toMatchObject({ code: 40414 });
    expect(await raw.command({ ping: 1, lsid: { id: 'x' }, $db: 'test' })).toMatchObject({ code: 40414 });
  });

  it('answers errors of its own without details', async () => {
    const reply = await raw.command({ find: 'x', filter: { a: { $in: 5 } }, $db: 'test' });
    expect(reply).toMatchObject({ ok: 0, code: 2 });
  });
});
