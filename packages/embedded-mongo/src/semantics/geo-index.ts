import { MongoServerError } from './errors.ts';
import { assertOnEarth, pairOf, readShape } from './geo-shapes.ts';
import { splitPath, visitPath } from './paths.ts';
import type { BsonDocument } from './types.ts';
import { describeValue } from './update-describe.ts';
import { documentOf, isArray, toNumber } from './values.ts';

/** A field of a geo index: what may be stored there. */
export interface GeoField {
  path: string;
  kind: '2d' | '2dsphere';
  /** Bounds of the coordinates in a 2d index. */
  min: number;
  max: number;
}

const DEFAULT_BOUND = 180;

/** The geo fields of an index specification. */
export function geoFields(spec: BsonDocument): GeoField[] {
  const key = documentOf(spec.key) ?? {};
  const fields: GeoField[] = [];
  for (const path of Object.keys(key)) {
    const kind = key[path];
    if (kind === '2d' || kind === '2dsphere') {
      fields.push({
        path,
        kind,
        min: toNumber(spec.min) ?? -DEFAULT_BOUND,
        max: toNumber(spec.max) ?? DEFAULT_BOUND,
      });
    }
  }
  return fields;
}

function assertOnSphere(value: unknown, document: BsonDocument): void {
  try {
    const shape = readShape(value);
    if (!shape.geoJson) {
      shape.points.forEach(assertOnEarth);
    }
  } catch (error) {
    if (error instanceof MongoServerError) {
      throw new MongoServerError(
        16755,
        `Can't extract geo keys: ${describeValue(document)}  ${error.message}`,
      );
    }
    throw error;
  }
}

function assertInBounds(value: unknown, { min, max }: GeoField): void {
  const pair = pairOf(value);
  if (pair === undefined) {
    throw new MongoServerError(13654, 'location object expected, location array not in correct format');
  }
  if (!pair.every((number) => number >= min && number <= max)) {
    throw new MongoServerError(13027, `point not in interval of [ ${min}, ${max} ]`);
  }
}

const holdsSeveral = (value: unknown): value is unknown[] =>
  isArray(value) && value.length > 0 && toNumber(value[0]) === undefined;

/**
 * Checks what a document has in a geo field: nothing, one location or an array of them.
 * Throws MongoServerError 16755 (2dsphere), 13654 or 13027 (2d).
 */
export function assertGeoValue(field: GeoField, document: BsonDocument): void {
  visitPath(
    document,
    splitPath(field.path),
    (value, present) => {
      if (!present || value === null || value === undefined || (isArray(value) && value.length === 0)) {
        return false;
      }
      for (const one of holdsSeveral(value) ? value : [value]) {
        if (field.kind === '2dsphere') {
          assertOnSphere(one, document);
        } else {
          assertInBounds(one, field);
        }
      }
      return false;
    },
    false,
  );
}
