import { randomBytes } from 'node:crypto';
import { Binary } from 'bson';
import { evaluationContext, matcherFor } from './evaluation.ts';
import { MongoServerError } from './semantics/errors.ts';
import { type GeoField, geoFields } from './semantics/geo-index.ts';
import type { IndexField } from './semantics/keys.ts';
import type { BsonDocument, Collation, Matcher } from './semantics/types.ts';
import { getField, isArray, isDocument, isTruthy, toNumber } from './semantics/values.ts';
import { catalogKey, catalogRange, parseCatalogKey } from './storage/keyspace.ts';
import type { ReadView, WriteView } from './storage/store.ts';
import { decodeDocument } from './wire/bson-decode.ts';
import { encodeDocument } from './wire/bson-encode.ts';

/** An index as the planner and the writers use it. */
export interface IndexInfo {
  /** Number under which its entries are stored; never used again. */
  id: number;
  name: string;
  fields: readonly IndexField[];
  unique: boolean;
  sparse: boolean;
  hidden: boolean;
  /** True while entries for older documents are still being made: written, but not read. */
  building: boolean;
  /** False for text, geo and wildcard indexes, which are kept in the catalogue only. */
  ordered: boolean;
  /** What may be stored in the fields of a geo index; empty for other indexes. */
  geo: readonly GeoField[];
  /** The hashed field, which takes no arrays. */
  hashed?: string;
  collation?: Collation;
  partialFilter?: BsonDocument;
  partial?: Matcher;
  expireAfterSeconds?: number;
  /** The specification as listIndexes shows it. */
  spec: BsonDocument;
}

/** A collection or view as the commands use it. */
export interface CollectionInfo {
  database: string;
  name: string;
  /** `database.name` */
  namespace: string;
  kind: 'collection' | 'view';
  /** Number under which its documents are stored; never used again. */
  id: number;
  uuid: Binary;
  options: BsonDocument;
  /** The `_id` index first. Empty for a view. */
  indexes: readonly IndexInfo[];
  collation?: Collation;
  validator?: Matcher;
  capped?: { size: number; max: number };
  /** Field of a time series that holds the time of each measurement. */
  timeField?: string;
  view?: { on: string; pipeline: BsonDocument[] };
  /** The bytes of the catalogue record, to tell whether it changed. */
  raw: Buffer;
}

/** What is stored of an index. */
export interface StoredIndex {
  id: number;
  spec: BsonDocument;
  building?: boolean;
}

/** What is stored of a collection or view. */
export interface StoredCollection {
  id: number;
  kind: 'collection' | 'view';
  uuid: Binary;
  options: BsonDocument;
  indexes: StoredIndex[];
}

/** Specification of the index that every collection has. */
export const ID_INDEX_SPEC: BsonDocument = { v: 2, key: { _id: 1 }, name: '_id_' };

/** Reads a collation document. Throws MongoServerError 9 or 2 when it is malformed. */
export function readCollation(value: unknown): Collation | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  if (!isDocument(value)) {
    throw new MongoServerError(14, `BSON field 'collation' is the wrong type, expected type 'object'`);
  }
  if (Object.keys(value).length === 0) {
    return undefined;
  }
  const locale = getField(value, 'locale');
  if (typeof locale !== 'string') {
    throw new MongoServerError(40414, `BSON field 'collation.locale' is missing but a required field`);
  }
  if (locale === 'simple') {
    return { locale };
  }
  if (!/^[a-z]{2,3}([_@-][A-Za-z0-9=_-]+)*$/.test(locale)) {
    throw new MongoServerError(2, `Field 'locale' is invalid in: { locale: "${locale}" }`);
  }
  const collation: Collation = { locale };
  const strength = toNumber(getField(value, 'strength'));
  if (strength !== undefined) {
    if (![1, 2, 3, 4, 5].includes(strength)) {
      throw new MongoServerError(
        51024,
        `BSON field 'strength' value must be between 1 and 5, actual value '${strength}'`,
      );
    }
    collation.strength = strength;
  }
  const caseFirst = getField(value, 'caseFirst');
  if (typeof caseFirst === 'string') {
    collation.caseFirst = caseFirst;
  }
  for (const name of ['caseLevel', 'numericOrdering'] as const) {
    const flag = getField(value, name);
    if (flag !== undefined) {
      collation[name] = isTruthy(flag);
    }
  }
  return collation;
}

/** A collation with every default spelled out, as listCollections and listIndexes show it. */
export function fullCollation(value: BsonDocument): BsonDocument {
  return {
    locale: value.locale,
    caseLevel: value.caseLevel ?? false,
    caseFirst: value.caseFirst ?? 'off',
    strength: value.strength ?? 3,
    numericOrdering: value.numericOrdering ?? false,
    alternate: value.alternate ?? 'non-ignorable',
    maxVariable: value.maxVariable ?? 'punct',
    normalization: value.normalization ?? false,
    backwards: value.backwards ?? false,
    version: '57.1',
  };
}

/** True when two collations compare strings alike. */
export function sameCollation(a: Collation | undefined, b: Collation | undefined): boolean {
  const simpleA = a === undefined || a.locale === 'simple';
  const simpleB = b === undefined || b.locale === 'simple';
  if (simpleA || simpleB) {
    return simpleA === simpleB;
  }
  return (
    a.locale === b.locale &&
    (a.strength ?? 3) === (b.strength ?? 3) &&
    (a.caseLevel ?? false) === (b.caseLevel ?? false) &&
    (a.caseFirst ?? 'off') === (b.caseFirst ?? 'off') &&
    (a.numericOrdering ?? false) === (b.numericOrdering ?? false)
  );
}

/** The fields of an index key pattern, or undefined for a text, geo or wildcard index. */
export function indexFields(key: BsonDocument): IndexField[] | undefined {
  const fields: IndexField[] = [];
  for (const path of Object.keys(key)) {
    const direction = key[path];
    if (path.includes('$**')) {
      return undefined;
    }
    if (typeof direction === 'string' && direction !== 'hashed') {
      return undefined;
    }
    fields.push([path, (toNumber(direction) ?? 1) < 0 ? -1 : 1]);
  }
  return fields;
}

function indexInfo(stored: StoredIndex, collectionCollation: Collation | undefined): IndexInfo {
  const { spec } = stored;
  const key = isDocument(spec.key) ? spec.key : {};
  const fields = indexFields(key);
  const hashed = Object.keys(key).find((path) => key[path] === 'hashed');
  const isId = spec.name === '_id_' || isTruthy(spec.clustered);
  const collation = readCollation(spec.collation) ?? (isId ? collectionCollation : undefined);
  const partialFilter = isDocument(spec.partialFilterExpression) ? spec.partialFilterExpression : undefined;
  const expireAfterSeconds = toNumber(spec.expireAfterSeconds);
  return {
    id: stored.id,
    name: String(spec.name),
    fields: fields ?? [],
    unique: isId || isTruthy(spec.unique),
    sparse: isTruthy(spec.sparse),
    hidden: isTruthy(spec.hidden),
    building: stored.building === true,
    ordered: fields !== undefined,
    geo: geoFields(spec),
    ...(hashed === undefined ? {} : { hashed }),
    ...(collation === undefined ? {} : { collation }),
    ...(partialFilter === undefined
      ? {}
      : { partialFilter, partial: matcherFor(partialFilter, evaluationContext(new Date(0), collation)) }),
    ...(expireAfterSeconds === undefined ? {} : { expireAfterSeconds }),
    spec,
  };
}

function collectionInfo(database: string, name: string, raw: Buffer): CollectionInfo {
  const stored = readStored(raw);
  const { options } = stored;
  const collation = readCollation(options.collation);
  const validator =
    isDocument(options.validator) && Object.keys(options.validator).length > 0
      ? options.validator
      : undefined;
  const info: CollectionInfo = {
    database,
    name,
    namespace: `${database}.${name}`,
    kind: stored.kind,
    id: stored.id,
    uuid: stored.uuid,
    options,
    indexes: stored.indexes.map((index) => indexInfo(index, collation)),
    raw,
  };
  if (collation !== undefined) {
    info.collation = collation;
  }
  if (validator !== undefined) {
    info.validator = matcherFor(validator, evaluationContext(new Date(0), collation));
  }
  if (isTruthy(options.capped)) {
    info.capped = {
      size: toNumber(options.size) ?? 0,
      max: toNumber(options.max) ?? Number.POSITIVE_INFINITY,
    };
  }
  if (isDocument(options.timeseries)) {
    info.timeField = String(options.timeseries.timeField);
  }
  if (stored.kind === 'view') {
    const pipeline = isArray(options.pipeline) ? options.pipeline.filter(isDocument) : [];
    info.view = { on: String(options.viewOn), pipeline };
  }
  return info;
}

function readStored(raw: Buffer): StoredCollection {
  const document = decodeDocument(raw);
  const indexes = isArray(document.indexes) ? document.indexes.filter(isDocument) : [];
  return {
    id: toNumber(document.id) ?? 0,
    kind: document.kind === 'view' ? 'view' : 'collection',
    uuid: document.uuid instanceof Binary ? document.uuid : new Binary(),
    options: isDocument(document.options) ? document.options : {},
    indexes: indexes.map((index) => ({
      id: toNumber(index.id) ?? 0,
      spec: isDocument(index.spec) ? index.spec : {},
      ...(isTruthy(index.building) ? { building: true } : {}),
    })),
  };
}

/** A version 4 UUID as BSON binary of subtype 4. */
export function newUuid(): Binary {
  const bytes = randomBytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return new Binary(bytes, 4);
}

/**
 * The collections of a store. Every lookup reads the stored record through the view it is given, so that
 * transactions see their own state; parsed records are reused as long as their bytes are the same.
 */
export class Catalog {
  private readonly parsed = new Map<string, CollectionInfo>();
  private nextId = 1;

  /** Finds the first number that no collection or index uses. Called once when the store is opened. */
  reserveIds(view: ReadView, usedElsewhere: Iterable<number>): void {
    for (const id of usedElsewhere) {
      this.nextId = Math.max(this.nextId, id + 1);
    }
    for (const { value } of view.range(catalogRange())) {
      const stored = readStored(value);
      for (const id of [stored.id, ...stored.indexes.map((index) => index.id)]) {
        this.nextId = Math.max(this.nextId, id + 1);
      }
    }
  }

  /** A number for a new collection or index. */
  newId(): number {
    const id = this.nextId;
    this.nextId += 1;
    return id;
  }

  /** A collection or view, or undefined when there is none of that name. */
  find(view: ReadView, database: string, name: string): CollectionInfo | undefined {
    const raw = view.get(catalogKey(database, name));
    if (raw === undefined) {
      return undefined;
    }
    const namespace = `${database}\0${name}`;
    const known = this.parsed.get(namespace);
    if (known !== undefined && known.raw.equals(raw)) {
      return known;
    }
    const info = collectionInfo(database, name, raw);
    this.parsed.set(namespace, info);
    return info;
  }

  /** All collections and views of one database, or of all, by name. */
  list(view: ReadView, database?: string): CollectionInfo[] {
    const found: CollectionInfo[] = [];
    for (const { key } of [...view.range(catalogRange(database))]) {
      const names = parseCatalogKey(key);
      const info = this.find(view, names.database, names.collection);
      if (info !== undefined) {
        found.push(info);
      }
    }
    return found;
  }

  /** Writes a collection's record and returns the collection. */
  save(view: WriteView, database: string, name: string, stored: StoredCollection): CollectionInfo {
    view.put(
      catalogKey(database, name),
      encodeDocument({
        id: stored.id,
        kind: stored.kind,
        uuid: stored.uuid,
        options: stored.options,
        indexes: stored.indexes,
      }),
    );
    const info = this.find(view, database, name);
    if (info === undefined) {
      throw new MongoServerError(1, 'catalogue record vanished');
    }
    return info;
  }

  /** The stored form of a collection, to be changed and saved again. */
  storedForm(collection: CollectionInfo): StoredCollection {
    return readStored(collection.raw);
  }
}
