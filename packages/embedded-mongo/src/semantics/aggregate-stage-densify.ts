import { addNumbers, asDouble, multiplyNumbers, numericKind } from './aggregate-arithmetic.ts';
import { addToDate, unitOf, zoneOf, type TimeUnit } from './aggregate-dates.ts';
import { fieldPathParts, readPath } from './aggregate-expressions.ts';
import { fail, isNullish, typeText } from './aggregate-operator-kit.ts';
import { withPath, type StageCompiler } from './aggregate-stage-kit.ts';
import { equalityKey } from './aggregate-value-set.ts';
import type { BsonDocument } from './types.ts';
import {
  compareValues,
  createDocument,
  getField,
  isArray,
  isDocument,
  toSafeInteger,
  typeName,
} from './values.ts';

/** MongoDB's default for internalQueryMaxAllowedDensifyDocs. */
const MAX_GENERATED = 500_000;
const UTC = zoneOf('UTC');

interface Range {
  step: unknown;
  unit: TimeUnit | undefined;
  bounds: 'full' | 'partition' | readonly [lower: unknown, upper: unknown];
}

interface Row {
  value: unknown;
  document: BsonDocument;
}

function parseBounds(value: unknown, unit: TimeUnit | undefined): Range['bounds'] {
  if (value === 'full' || value === 'partition') {
    return value;
  }
  if (!isArray(value) || value.length !== 2) {
    return fail(
      5733401,
      "the bounds in a range statement must be the string 'full', 'partition' or a 2 element array",
    );
  }
  const [lower, upper] = value;
  const fits = (bound: unknown): boolean =>
    unit === undefined ? numericKind(bound) !== undefined : bound instanceof Date;
  if (!fits(lower) || !fits(upper)) {
    return fail(
      5733406,
      "a bounding array in a range statement must contain numbers, or dates together with a 'unit'",
    );
  }
  return compareValues(lower, upper) <= 0
    ? [lower, upper]
    : fail(5733402, 'the bounds in a range statement must be in ascending order');
}

function parseRange(value: unknown): Range {
  if (!isDocument(value)) {
    return fail(40414, "BSON field '$densify.range' is missing but a required field");
  }
  for (const key of Object.keys(value)) {
    if (!['step', 'unit', 'bounds'].includes(key)) {
      fail(40415, `BSON field '$densify.range.${key}' is an unknown field.`);
    }
  }
  const step = value['step'];
  const unit = Object.hasOwn(value, 'unit') ? unitOf(value['unit'], '$densify') : undefined;
  if (numericKind(step) === undefined) {
    return fail(5733402, `the step parameter in a range statement must be a number, found ${typeName(step)}`);
  }
  if (asDouble(step) <= 0) {
    return fail(5733401, 'the step parameter in a range statement must be a strictly positive numeric value');
  }
  if (unit !== undefined && toSafeInteger(step) === undefined) {
    return fail(
      6586400,
      'The step parameter in a range statement must be a whole number when densifying a date range',
    );
  }
  return { step, unit, bounds: parseBounds(value['bounds'], unit) };
}

function partitionPaths(value: unknown): string[][] {
  if (value === undefined) {
    return [];
  }
  return isArray(value)
    ? value.map((path) =>
        typeof path === 'string' && !path.startsWith('$')
          ? fieldPathParts(path)
          : fail(8993000, "fields in 'partitionByFields' must be field names without '$'"),
      )
    : fail(14, "'partitionByFields' must be an array of strings");
}

/** `$densify`: adds documents where the values of a field leave gaps wider than a step. */
export const densifyStage: StageCompiler = (argument) => {
  if (!isDocument(argument)) {
    return fail(5733201, 'The $densify stage specification must be an object');
  }
  for (const key of Object.keys(argument)) {
    if (!['field', 'partitionByFields', 'range'].includes(key)) {
      fail(40415, `BSON field '$densify.${key}' is an unknown field.`);
    }
  }
  const field = argument['field'];
  if (typeof field !== 'string') {
    return fail(40414, "BSON field '$densify.field' is missing but a required field");
  }
  if (field.startsWith('$')) {
    return fail(16410, "FieldPath field names may not start with '$'.");
  }
  const fieldParts = fieldPathParts(field);
  const paths = partitionPaths(getField(argument, 'partitionByFields'));
  const { step, unit, bounds } = parseRange(argument['range']);
  if (bounds === 'partition' && paths.length === 0) {
    return fail(
      5733408,
      "one may not specify the bounds as 'partition' without specifying a non-empty array of partitionByFields.",
    );
  }

  const pointAt = (origin: unknown, index: number): unknown =>
    unit !== undefined && origin instanceof Date
      ? new Date(addToDate(origin.getTime(), unit, index * asDouble(step), UTC))
      : addNumbers(origin, multiplyNumbers(step, index));

  const generated = (partition: readonly unknown[], value: unknown): BsonDocument => {
    let document = createDocument();
    paths.forEach((parts, index) => {
      if (partition[index] !== undefined) {
        document = withPath(document, parts, partition[index]);
      }
    });
    return withPath(document, fieldParts, value);
  };

  const checkValue = (value: unknown): void => {
    if (unit === undefined && numericKind(value) === undefined) {
      fail(5733201, `Densify field type must be numeric without a 'unit', found ${typeText(value)}`);
    }
    if (unit !== undefined && !(value instanceof Date)) {
      fail(6053600, `Densify field type must be a date when a 'unit' is given, found ${typeText(value)}`);
    }
  };

  /** Origin and end of the grid, and whether the end belongs to it. */
  const gridOf = (rows: readonly Row[], all: readonly Row[]): [unknown, unknown, boolean] => {
    if (bounds === 'full') {
      return [all[0]?.value, all.at(-1)?.value, true];
    }
    return bounds === 'partition'
      ? [rows[0]?.value, rows.at(-1)?.value, true]
      : [bounds[0], bounds[1], false];
  };

  return function* (input) {
    const rows: Row[] = [];
    for (const document of input) {
      const value = readPath(document, fieldParts);
      if (isNullish(value)) {
        yield document;
        continue;
      }
      checkValue(value);
      rows.push({ value, document });
    }
    rows.sort((a, b) => compareValues(a.value, b.value));
    const partitions = new Map<string, { key: unknown[]; rows: Row[] }>();
    if (paths.length === 0) {
      partitions.set('', { key: [], rows });
    } else {
      for (const row of rows) {
        const key = paths.map((parts) => readPath(row.document, parts));
        const name = equalityKey(key);
        const partition = partitions.get(name);
        if (partition === undefined) {
          partitions.set(name, { key, rows: [row] });
        } else {
          partition.rows.push(row);
        }
      }
    }
    let count = 0;
    const ordered = [...partitions.values()].sort((a, b) => compareValues(a.key, b.key));
    for (const partition of ordered) {
      const [origin, end, inclusive] = gridOf(partition.rows, rows);
      if (origin === undefined) {
        continue;
      }
      let index = 0;
      let point = pointAt(origin, 0);
      const within = (): boolean => {
        const order = compareValues(point, end);
        return inclusive ? order <= 0 : order < 0;
      };
      const advance = (): void => {
        index += 1;
        point = pointAt(origin, index);
      };
      for (const row of partition.rows) {
        while (within() && compareValues(point, row.value) < 0) {
          count += 1;
          if (count > MAX_GENERATED) {
            fail(
              5897900,
              `Generated ${count} documents in $densify, which is over the limit of ${MAX_GENERATED}.`,
            );
          }
          yield generated(partition.key, point);
          advance();
        }
        if (compareValues(point, row.value) === 0) {
          advance();
        }
        yield row.document;
      }
      while (within()) {
        count += 1;
        if (count > MAX_GENERATED) {
          fail(
            5897900,
            `Generated ${count} documents in $densify, which is over the limit of ${MAX_GENERATED}.`,
          );
        }
        yield generated(partition.key, point);
        advance();
      }
    }
  };
};
