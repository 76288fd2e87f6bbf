import { fail } from './aggregate-operator-kit.ts';
import type { BsonDocument } from './types.ts';
import { documentOf, isArray } from './values.ts';

/** What a pipeline knows of a document besides its fields: what `$meta` gives. */
export interface DocumentMetadata {
  textScore?: unknown;
  geoNearDistance?: unknown;
  geoNearPoint?: unknown;
}

/** The names that `$meta` takes and that this server can have a value for, with what errors call them. */
export const METADATA_NAMES: ReadonlyMap<string, string> = new Map([
  ['textScore', 'text score'],
  ['geoNearDistance', '$geoNear distance'],
  ['geoNearPoint', '$geoNear point'],
]);

/** Under a symbol, metadata is no field of the document, but a copy made by spreading has it too. */
const METADATA = Symbol('metadata');

interface Described {
  [METADATA]?: DocumentMetadata;
}

/** The metadata of a document; empty when it has none. */
function metadataOf(document: unknown): DocumentMetadata {
  return (typeof document === 'object' ? (document as Described | null)?.[METADATA] : undefined) ?? {};
}

/**
 * One piece of a document's metadata.
 * @throws MongoServerError 40218 when the pipeline does not know it
 */
export function metadataValue(document: unknown, name: string): unknown {
  const metadata = metadataOf(document);
  return Object.hasOwn(metadata, name)
    ? metadata[name as keyof DocumentMetadata]
    : fail(40218, `query requires ${METADATA_NAMES.get(name) ?? name} metadata, but it is not available`);
}

/** Gives a document metadata, in place. */
export function setMetadata(document: BsonDocument, metadata: DocumentMetadata): BsonDocument {
  (document as Described)[METADATA] = metadata;
  return document;
}

/** Gives a document that was made from another one its metadata, in place. */
export function keepMetadata(from: BsonDocument, to: BsonDocument): BsonDocument {
  const metadata = (from as Described)[METADATA];
  return metadata === undefined || to === from ? to : setMetadata(to, metadata);
}

/** True when a stage or expression has a `$meta` in it. */
export function mentionsMetadata(value: unknown): boolean {
  if (isArray(value)) {
    return value.some(mentionsMetadata);
  }
  const document = documentOf(value);
  return (
    document !== undefined &&
    Object.keys(document).some((name) => name === '$meta' || mentionsMetadata(document[name]))
  );
}
