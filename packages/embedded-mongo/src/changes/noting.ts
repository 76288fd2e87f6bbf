import type { CollectionInfo } from '../catalog.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { isDocument } from '../semantics/values.ts';
import { RawDocument } from '../wire/bson-encode.ts';
import type { WriteContext } from '../write-context.ts';
import type { Change, OperationType } from './change.ts';
import { describeUpdate, type NamedPaths } from './describe-update.ts';

function about(collection: CollectionInfo, operation: OperationType): Change {
  const { database, name, uuid, kind } = collection;
  return { operation, db: database, coll: name, ...(kind === 'collection' && { uuid }) };
}

function keepsImages({ options }: CollectionInfo): boolean {
  const setting = options.changeStreamPreAndPostImages;
  return isDocument(setting) && setting.enabled === true;
}

/** Notes for change streams that a document was inserted. */
export function noteInsert(
  context: WriteContext,
  collection: CollectionInfo,
  inserted: { document: BsonDocument; raw: Buffer },
): void {
  context.changes(collection.database)?.push({
    ...about(collection, 'insert'),
    key: { _id: inserted.document._id },
    document: new RawDocument(inserted.raw),
  });
}

/** Notes for change streams that a document was replaced, or updated by what named some paths. */
export function noteChange(
  context: WriteContext,
  collection: CollectionInfo,
  before: BsonDocument,
  after: { document: BsonDocument; raw: Buffer },
  how: NamedPaths | 'replaced',
): void {
  const changes = context.changes(collection.database);
  if (changes === undefined) {
    return;
  }
  const images = keepsImages(collection) && { before, after: new RawDocument(after.raw) };
  const key = { _id: before._id };
  changes.push(
    how === 'replaced'
      ? { ...about(collection, 'replace'), key, document: new RawDocument(after.raw), ...images }
      : {
          ...about(collection, 'update'),
          key,
          description: { ...describeUpdate(before, after.document, how) },
          ...images,
        },
  );
}

/** Notes for change streams that a document was removed. */
export function noteRemoval(context: WriteContext, collection: CollectionInfo, before: BsonDocument): void {
  context.changes(collection.database)?.push({
    ...about(collection, 'delete'),
    key: { _id: before._id },
    ...(keepsImages(collection) && { before }),
  });
}

/** Notes for change streams what happened to a collection itself. */
export function noteCollection(
  context: WriteContext,
  collection: CollectionInfo,
  operation: OperationType,
  more: Pick<Change, 'to' | 'details'> = {},
): void {
  const changes =
    context.changes(collection.database) ?? (more.to === undefined ? undefined : context.changes(more.to.db));
  changes?.push({
    ...about(collection, operation),
    ...more,
    ...(collection.kind === 'view' && { ofView: true }),
  });
}
