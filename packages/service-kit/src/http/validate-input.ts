import type { RouteDefinition } from '@orrery/contracts';
import type { z } from 'zod';
import { AppError, type FieldError } from '../errors/app-error.ts';
import { unknownFields } from './unknown-fields.ts';

type Place = NonNullable<FieldError['in']>;

// A hostile body must not make an answer longer than itself.
const MAX_FIELD_ERRORS = 50;

const nameOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (name, part) =>
      typeof part === 'number'
        ? `${name}[${String(part)}]`
        : name === ''
          ? String(part)
          : `${name}.${String(part)}`,
    '',
  );

const SECRET_FIELD = /pass|secret|token|key/i;
const MAX_ECHO = 100;

/** What may be said back of a value: no secret, nothing long, and of a structure only that it was one. */
const echoOf = (field: string, value: unknown): string | number | boolean | null => {
  if (SECRET_FIELD.test(field)) {
    return null;
  }
  if (typeof value === 'string') {
    return value.slice(0, MAX_ECHO);
  }
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)) ? value : null;
};

/** The word that pydantic has for an issue, as far as there is one. */
const kindOf = (issue: z.core.$ZodIssue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'missing' : `${issue.expected}_type`;
    case 'too_small':
      return issue.origin === 'string'
        ? 'string_too_short'
        : issue.inclusive === false
          ? 'greater_than'
          : 'greater_than_equal';
    case 'too_big':
      return issue.origin === 'string'
        ? 'string_too_long'
        : issue.inclusive === false
          ? 'less_than'
          : 'less_than_equal';
    case 'invalid_value':
      return issue.input === undefined ? 'missing' : 'literal_error';
    default:
      return 'value_error';
  }
};

const fieldErrors = (error: z.ZodError, place: Place): FieldError[] =>
  error.issues.flatMap((issue): FieldError[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        in: place,
        field: nameOf([...issue.path, key]),
        message: 'is not a known field',
        kind: 'extra_forbidden',
      }));
    }
    const field = nameOf(issue.path) || place;
    return [
      { in: place, field, message: issue.message, kind: kindOf(issue), input: echoOf(field, issue.input) },
    ];
  });

const refuse = (fields: readonly FieldError[]): AppError =>
  new AppError('validation-failed', { fields: fields.slice(0, MAX_FIELD_ERRORS) });

/** One value per name, in one pass: a body of a megabyte can hold a quarter of a million names. */
const onceEach = (entries: Iterable<[string, string]>, place?: 'query'): Record<string, string> => {
  const values = new Map<string, string>();
  const repeated = new Set<string>();
  for (const [name, value] of entries) {
    if (values.has(name)) {
      repeated.add(name);
    }
    values.set(name, value);
  }
  if (repeated.size > 0) {
    throw refuse(
      Array.from(repeated, (field) => ({
        ...(place && { in: place }),
        field,
        message: 'may be given only once',
      })),
    );
  }
  return Object.fromEntries(values);
};

/**
 * The query string as one value per key.
 * @param url path and query of the request
 * @throws AppError `validation-failed` naming every key that is given twice
 */
export const singleQuery = (url: string): Record<string, string> => {
  const start = url.indexOf('?');
  return onceEach(new URLSearchParams(start === -1 ? '' : url.slice(start + 1)), 'query');
};

/**
 * The fields of a form body, one value per name.
 * @param text `application/x-www-form-urlencoded`
 * @throws AppError `validation-failed` naming every field that is given twice
 */
export const singleForm = (text: string): Record<string, string> => onceEach(new URLSearchParams(text));

/**
 * The fields of a form that a browser sends in parts.
 * @param bytes `multipart/form-data`, whole
 * @param contentType with its boundary
 * @throws AppError `malformed-request`, `validation-failed` naming every field that is given twice or is a file
 */
export const multipartFields = async (
  bytes: Buffer,
  contentType: string,
): Promise<Record<string, string>> => {
  const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': contentType } })
    .formData()
    .catch((cause: unknown) => {
      throw new AppError('malformed-request', { detail: 'The body is not a form.', cause });
    });
  return onceEach(
    Array.from(form, ([field, value]): [string, string] => {
      if (typeof value !== 'string') {
        throw refuse([{ field, message: 'must be text, not a file' }]);
      }
      return [field, value];
    }),
  );
};

/**
 * Parses path parameters, query and body by the schemas of a route and reports every field at fault at once.
 * Unknown body fields are refused on `/v1` routes; legacy contracts have always ignored them.
 * @param route the declaration
 * @param raw what came
 * @throws AppError `validation-failed`
 */
export const validateInput = (
  route: RouteDefinition,
  raw: { params: unknown; query: unknown; body: unknown },
): { params: unknown; query: unknown; body: unknown } => {
  const failures: FieldError[] = [];
  const parse = (schema: z.ZodType | undefined, value: unknown, place: Place): unknown => {
    if (schema === undefined) {
      return undefined;
    }
    const parsed = schema.safeParse(value, { reportInput: true });
    if (!parsed.success) {
      failures.push(...fieldErrors(parsed.error, place));
      return undefined;
    }
    if (place === 'body' && (route.errorShape ?? 'problem') === 'problem') {
      const strangers = unknownFields(schema, value);
      failures.push(
        ...strangers.map((path) => ({ in: place, field: nameOf(path), message: 'is not a known field' })),
      );
    }
    return parsed.data;
  };
  const input = {
    params: parse(route.params, raw.params, 'path'),
    query: parse(route.query, raw.query, 'query'),
    body: parse(
      route.bodyKind === 'multipart' || route.bodyKind === 'raw' ? undefined : route.body,
      raw.body,
      'body',
    ),
  };
  if (failures.length > 0) {
    throw refuse(failures);
  }
  return input;
};
