import { describe, expect, it } from '@jest/globals';
import {
  BSON,
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';
import fc from 'fast-check';
import type { BsonDocument } from '../semantics/types.ts';
import { decodeDocument, decodeFields, MAX_NESTING } from './bson-decode.ts';
import { encodeDocument, RawDocument } from './bson-encode.ts';

const leaf = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.integer().map((number) => new Int32(number)),
  fc.double().map((number) => new Double(number)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((number) => Long.fromBigInt(number)),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
  fc.uint8Array().map((bytes) => new Binary(bytes, 0)),
  fc.constantFrom(
    new MinKey(),
    new MaxKey(),
    new BSONRegExp('^a', 'i'),
    new BSONSymbol('s'),
    Decimal128.fromString('1.50'),
  ),
  fc.constantFrom(new Timestamp({ t: 4, i: 5 }), new Code('x'), new Code('y', { a: new Int32(1) })),
);
const name = fc.oneof(
  fc.constantFrom('a', 'b', '__proto__', 'constructor', 'toString', 'größe', ''),
  fc.string().filter((text) => !text.includes('\0')),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('value'), { maxLength: 4 }), tie('document')),
  document: fc.dictionary(name, tie('value'), { maxKeys: 4 }),
}));
const document = fc.dictionary(name, value, { maxKeys: 6, noNullPrototype: true });
const OPTIONS = { promoteValues: false, bsonRegExp: true } as const;

describe('the BSON codec', () => {
  it('writes the same bytes as the bson package, and reads them back', () => {
    fc.assert(
      fc.property(document, (one) => {
        const bytes = encodeDocument(one as BsonDocument);
        expect(Buffer.from(BSON.serialize(one))).toEqual(bytes);
        const decoded = decodeDocument(bytes);
        expect(decoded).toEqual(BSON.deserialize(bytes, OPTIONS));
        expect(encodeDocument(decoded)).toEqual(bytes);
      }),
    );
  });

  it('reads single fields as the whole decode does', () => {
    fc.assert(
      fc.property(document, fc.subarray(['a', 'b', '__proto__', 'größe']), (one, wanted) => {
        const bytes = encodeDocument(one as BsonDocument);
        const whole = decodeDocument(bytes);
        const some = decodeFields(bytes, new Set(wanted));
        expect(Object.keys(some)).toEqual(Object.keys(whole).filter((key) => wanted.includes(key)));
        for (const key of Object.keys(some)) {
          expect(Object.getOwnPropertyDescriptor(some, key)).toEqual(
            Object.getOwnPropertyDescriptor(whole, key),
          );
        }
      }),
    );
  });

  it('never throws anything but its own error on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const buffer = Buffer.from(bytes);
        if (buffer.length > 4) {
          buffer.writeInt32LE(buffer.length, 0);
        }
        try {
          decodeDocument(buffer);
        } catch (error) {
          expect(error).toMatchObject({ name: 'MongoServerError', code: 22 });
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws anything but its own error on damaged documents', () => {
    fc.assert(
      fc.property(document, fc.nat(), fc.integer({ min: 0, max: 255 }), (one, at, byte) => {
        const bytes = Buffer.from(encodeDocument(one as BsonDocument));
        bytes[at % bytes.length] = byte;
        try {
          decodeDocument(bytes);
        } catch (error) {
          expect(error).toMatchObject({ name: 'MongoServerError', code: 22 });
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses documents nested too deeply', () => {
    const nested = (depth: number): BsonDocument => (depth === 0 ? {} : { a: nested(depth - 1) });
    expect(() => decodeDocument(encodeDocument(nested(MAX_NESTING - 1)))).not.toThrow();
    expect(() => decodeDocument(encodeDocument(nested(MAX_NESTING)))).toThrow('nested deeper');
    expect(() => encodeDocument(nested(250))).toThrow('BSON depth');
  });

  it('copies raw documents as they are', () => {
    const inner = encodeDocument({ x: new Double(1) });
    const outer = decodeDocument(encodeDocument({ list: [new RawDocument(inner)] }));
    expect(outer).toEqual({ list: [{ x: new Double(1) }] });
  });

  it('leaves out undefined fields and keeps the place of undefined elements', () => {
    expect(decodeDocument(encodeDocument({ a: undefined, b: [undefined, 1] }))).toEqual({
      b: [null, new Int32(1)],
    });
  });

  it('does not let a field name reach a prototype', () => {
    const bytes = BSON.serialize(JSON.parse('{"__proto__": {"polluted": true}}') as BsonDocument);
    const decoded = decodeDocument(Buffer.from(bytes));
    expect(Object.keys(decoded)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect(({} as BsonDocument).polluted).toBeUndefined();
  });
});
