import {
  Problem,
  type BodyKind,
  type ErrorShape,
  type ReplySchema,
  type RouteDefinition,
} from '@orrery/contracts';
import { z } from 'zod';
import { findErrorDefinition } from '../errors/error-codes.ts';

export interface OpenApiInfo {
  title: string;
  version: string;
  description?: string;
}

type Json = Record<string, unknown>;

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument {
  openapi: '3.1.0';
  info: OpenApiInfo;
  paths: Record<string, Json>;
  components: { schemas: Record<string, Json>; securitySchemes: Record<string, Json> };
}

const MEDIA_TYPES: Record<BodyKind, string> = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  multipart: 'multipart/form-data',
  raw: 'application/octet-stream',
};

const LEGACY_ERRORS: Record<Exclude<ErrorShape, 'problem'>, z.ZodType> = {
  detail: z
    .object({
      detail: z.union([z.string(), z.array(z.looseObject({}))]),
      code: z.string(),
      request_id: z.string(),
    })
    .meta({ id: 'DetailError' }),
  error: z.object({ error: z.string(), code: z.string(), request_id: z.string() }).meta({ id: 'PlainError' }),
  'error-code': z
    .object({ error_code: z.string(), message: z.string(), code: z.string(), request_id: z.string() })
    .meta({ id: 'CodedError' }),
};

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Collects named schemas while a document is built. */
class Components {
  readonly schemas: Record<string, Json> = {};

  /**
   * JSON Schema of a zod schema, with its named parts moved to the components.
   * @param schema any schema
   * @param io whether it describes what comes in or what goes out
   */
  describe(schema: z.ZodType, io: 'input' | 'output'): Json {
    const {
      $schema: _dialect,
      $defs = {},
      ...own
    } = z.toJSONSchema(schema, {
      io,
      unrepresentable: 'any',
      // Replies may gain fields at any time, so readers must not be told that there are no others.
      override: ({ jsonSchema }) => {
        if (io === 'output' && jsonSchema.additionalProperties === false) {
          delete jsonSchema.additionalProperties;
        }
      },
    });
    const renamed = new Map(Object.keys($defs).map((name) => [name, this.#nameFor(name, $defs, io)]));
    for (const [name, definition] of Object.entries($defs)) {
      this.schemas[renamed.get(name) ?? name] = this.#relink(definition, renamed);
    }
    return this.#relink(own, renamed);
  }

  // A schema with defaults, at any depth, looks different to those who send it and those who receive it.
  #nameFor(name: string, definitions: Json, io: 'input' | 'output'): string {
    const reachable = (from: string, seen: ReadonlySet<string>): string => {
      const text = JSON.stringify(definitions[from]);
      const next = [...text.matchAll(/"#\/\$defs\/([^"]+)"/g)].map(([, found]) => found ?? '');
      const fresh = new Set(next.filter((found) => !seen.has(found)));
      const all = new Set([...seen, ...fresh]);
      return text + [...fresh].map((found) => reachable(found, all)).join('');
    };
    const text = reachable(name, new Set([name]));
    const known = this.#seen.get(name) ?? text;
    this.#seen.set(name, known);
    return known === text ? name : io === 'input' ? `${name}Input` : `${name}Output`;
  }

  readonly #seen = new Map<string, string>();

  #relink(value: unknown, renamed: ReadonlyMap<string, string>): Json {
    const walk = (node: unknown): unknown => {
      if (Array.isArray(node)) {
        return node.map(walk);
      }
      if (!isRecord(node)) {
        return node;
      }
      return Object.fromEntries(
        Object.entries(node)
          .filter(([key]) => key !== '$schema')
          .map(([key, child]) => {
            if (key === '$ref' && typeof child === 'string' && child.startsWith('#/$defs/')) {
              const name = child.slice('#/$defs/'.length);
              return [key, `#/components/schemas/${renamed.get(name) ?? name}`];
            }
            return [key, walk(child)];
          }),
      );
    };
    const linked = walk(value);
    return isRecord(linked) ? linked : {};
  }
}

const parametersOf = (
  schema: z.ZodType | undefined,
  place: 'path' | 'query',
  components: Components,
): Json[] => {
  if (schema === undefined) {
    return [];
  }
  const described = components.describe(schema, 'input');
  const properties = isRecord(described['properties']) ? described['properties'] : {};
  const required = Array.isArray(described['required']) ? described['required'] : [];
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
    ...(isRecord(property) && typeof property['description'] === 'string'
      ? { description: property['description'] }
      : {}),
  }));
};

// JSON that is written piece by piece is any JSON, and never a text.
const streamed = (contentType: string): Json =>
  /^application\/json\b/.test(contentType) ? {} : { type: 'string', format: 'binary' };

const replyOf = (status: string, schema: ReplySchema, components: Components): Json => {
  if (!(schema instanceof z.ZodType)) {
    return {
      description: schema.description,
      content: { [schema.contentType]: { schema: streamed(schema.contentType) } },
    };
  }
  const description = schema.description ?? `Status ${status}`;
  if (schema instanceof z.ZodUndefined || schema instanceof z.ZodVoid) {
    return { description };
  }
  return { description, content: { 'application/json': { schema: components.describe(schema, 'output') } } };
};

const errorsOf = (route: RouteDefinition, components: Components): Record<string, Json> => {
  const shape = route.errorShape ?? 'problem';
  const hasInput = route.params !== undefined || route.query !== undefined || route.body !== undefined;
  const codes = [
    ...(hasInput ? ['validation-failed'] : []),
    ...(route.body === undefined ? [] : ['malformed-json', 'body-too-large']),
    ...(route.audience === 'public' ? [] : ['sign-in-required']),
    ...(route.audience === 'admin' || route.audience === 'analyst' ? ['forbidden'] : []),
    ...(route.idempotent === true ? ['idempotency-key-in-flight', 'idempotency-key-reused'] : []),
    ...(route.problems ?? []),
    'unavailable',
  ];
  const byStatus = Map.groupBy(codes, (code) => {
    const status = findErrorDefinition(code)?.status ?? 400;
    return String(shape === 'error' && code === 'validation-failed' ? 400 : status);
  });
  const schema = components.describe(shape === 'problem' ? Problem : LEGACY_ERRORS[shape], 'output');
  const mediaType = shape === 'problem' ? 'application/problem+json' : 'application/json';
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: [...new Set(group)]
          .map((code) => `\`${code}\`: ${findErrorDefinition(code)?.title ?? code}`)
          .join('; '),
        content: { [mediaType]: { schema } },
      },
    ]),
  );
};

const operationOf = (route: RouteDefinition, components: Components): Json => {
  const replies = Object.entries(route.responses).map(([status, schema]) => [
    status,
    replyOf(status, schema, components),
  ]);
  const parameters = [
    ...parametersOf(route.params, 'path', components),
    ...parametersOf(route.query, 'query', components),
    ...(route.idempotent === true
      ? [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: false,
            description:
              'The same key and request within 24 hours gives the same reply and has its effect once',
            schema: { type: 'string', minLength: 1, maxLength: 255 },
          },
        ]
      : []),
  ];
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.tag],
    security: route.audience === 'public' ? [] : [{ bearer: [] }],
    'x-audience': route.audience,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: !route.body.safeParse(undefined).success,
            content: {
              [MEDIA_TYPES[route.bodyKind ?? 'json']]: { schema: components.describe(route.body, 'input') },
            },
          },
        }),
    responses: { ...errorsOf(route, components), ...Object.fromEntries(replies) },
  };
};

/**
 * Builds the OpenAPI 3.1 document of routes. Routes between our own services carry `x-audience: service`, so that the
 * public document can leave them out.
 * @param routes declarations in any order
 * @param info title and version
 */
export const buildOpenApi = (routes: readonly RouteDefinition[], info: OpenApiInfo): OpenApiDocument => {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route, components) };
  }
  return {
    openapi: '3.1.0',
    info,
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
};
