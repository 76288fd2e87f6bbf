import { z } from 'zod';
import { eventSchemaUrn, type EventDefinition } from './define-event.ts';

/** JSON as it is read from a file. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Words that explain a schema and bind nobody. */
const ANNOTATIONS: ReadonlySet<string> = new Set(['$schema', '$id', 'title', 'description', 'examples']);

/**
 * JSON Schema of an event's data, as it is frozen in `published-events/` once the event has been released.
 * @param event the declaration
 */
export function publishedSchemaOf(event: EventDefinition): Json {
  const schema = z.toJSONSchema(event.data, { target: 'draft-2020-12', io: 'input' });
  const { $schema, ...rest } = schema;
  const document = { $schema, $id: eventSchemaUrn(event), title: event.summary, ...rest };
  return z.json().parse(JSON.parse(JSON.stringify(document)));
}

/**
 * What a change of a released schema would break for those who wrote against it. Only added optional fields pass:
 * removing, renaming, narrowing or widening anything needs a new version beside the old one.
 * @param released the frozen schema
 * @param current the schema as it is declared now
 * @param path where in the schema; for the recursion
 * @returns one sentence per difference; empty when the change is safe
 */
export function breakingChanges(released: Json, current: Json, path = 'data'): string[] {
  if (!isRecord(released) || !isRecord(current)) {
    return sameJson(released, current) ? [] : [`${path} changed from ${text(released)} to ${text(current)}`];
  }
  const keys = new Set([...Object.keys(released), ...Object.keys(current)]);
  return [...keys]
    .filter((key) => !ANNOTATIONS.has(key))
    .flatMap((key) => {
      const [before, after] = [released[key], current[key]];
      if (key === 'properties' && isRecord(before) && isRecord(after)) {
        return changedProperties(before, after, path);
      }
      if (key === 'required') {
        return changedRequired(before, after, path);
      }
      if (before === undefined || after === undefined) {
        return [`${path}: ${key} was ${before === undefined ? 'added' : 'removed'}`];
      }
      return breakingChanges(before, after, `${path} ${key}`);
    });
}

function changedProperties(
  before: Record<string, Json>,
  after: Record<string, Json>,
  path: string,
): string[] {
  return Object.entries(before).flatMap(([name, schema]) => {
    const now = after[name];
    return now === undefined
      ? [`${path}.${name} was removed`]
      : breakingChanges(schema, now, `${path}.${name}`);
  });
}

/** A required field that is new fails old messages; one that may now be absent fails old consumers. */
function changedRequired(before: Json | undefined, after: Json | undefined, path: string): string[] {
  const [was, is] = [namesIn(before), namesIn(after)];
  return [
    ...is.filter((name) => !was.includes(name)).map((name) => `${path}.${name} became required`),
    ...was.filter((name) => !is.includes(name)).map((name) => `${path}.${name} became optional`),
  ];
}

const namesIn = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(String) : []);

const isRecord = (value: Json | undefined): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function sameJson(one: Json, other: Json): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return (
      one.length === other.length &&
      one.every((item, index) => breakingChanges(item, other[index] ?? null).length === 0)
    );
  }
  return one === other;
}

const text = (value: Json): string => JSON.stringify(value).slice(0, 80);
