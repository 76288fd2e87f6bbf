/**
 * A document or value as the server holds it: decoded by `bson` with `promoteValues: false` and
 * `bsonRegExp: true`, so int32, double, int64 and decimal stay told apart. Strings, booleans, null, arrays and
 * plain objects are JavaScript's own; everything else is a class of the `bson` package or Date.
 * Documents are hostile input: read own properties only, write with `defineProperty` where a key may be
 * `__proto__`.
 */
export type BsonDocument = { [field: string]: unknown };

/** The subset of MongoDB's collation document that the server honours. */
export interface Collation {
  locale: string;
  strength?: number;
  caseLevel?: boolean;
  caseFirst?: string;
  numericOrdering?: boolean;
}

/** Values that a query, update or pipeline may refer to besides the document. */
export interface EvaluationContext {
  /** Server time of the command: `$$NOW`, `$currentDate`. */
  now: Date;
  /** Collation of the command or else of the collection; absent means binary comparison. */
  collation?: Collation;
  /** Variables of the command's `let`, already evaluated. */
  variables?: BsonDocument;
  /** The score of a document in the query's `$text` search, above 0 for a match. */
  textScore?: (document: BsonDocument) => number;
}

/** Outcome of a match. `arrayIndex` is the index of the first matched array element, for the positional `$`. */
export interface MatchResult {
  matched: boolean;
  arrayIndex?: number;
}

/** A compiled query filter. */
export interface Matcher {
  test(document: BsonDocument): boolean;
  /** Like `test`, but also finds the position that `$` stands for. */
  match(document: BsonDocument): MatchResult;
}

/** A compiled update. */
export interface Updater {
  /**
   * Returns a new document, or the same reference when nothing changed. Never mutates its input.
   * `insert` is true while an upsert builds its new document (`$setOnInsert` applies).
   */
  apply(document: BsonDocument, options: { insert: boolean; arrayIndex?: number }): BsonDocument;
}

/** A compiled find projection. `arrayIndex` comes from the matcher (positional projection). */
export type Projector = (document: BsonDocument, arrayIndex?: number) => BsonDocument;

/** What aggregation stages need of the rest of the server. */
export interface AggregationHost {
  /** Documents of a collection or view of the same database that match `filter`; uses indexes where it can. */
  find(collection: string, filter: BsonDocument): Iterable<BsonDocument>;
  /** Handles `$out` and `$merge`: called once with the stage and every resulting document. */
  write(stage: BsonDocument, documents: Iterable<BsonDocument>): void;
}
