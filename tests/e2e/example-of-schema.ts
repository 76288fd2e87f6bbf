/** The part of JSON Schema that our OpenAPI document uses. */
export interface JsonSchema {
  $ref?: string;
  const?: unknown;
  default?: unknown;
  enum?: unknown[];
  type?: string;
  format?: string;
  minimum?: number;
  minLength?: number;
  minItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
}

const textOf = ({ format, minLength = 1 }: JsonSchema): string => {
  switch (format) {
    case 'date':
      return '2026-03-02';
    case 'date-time':
      return '2026-03-02T12:00:00Z';
    case 'email':
      return 'someone@example.com';
    default:
      return 'x'.repeat(Math.max(1, minLength));
  }
};

const resolve = (ref: string, document: unknown): JsonSchema =>
  ref
    .replace(/^#\//, '')
    .split('/')
    .reduce((node, key) => (node as Record<string, unknown>)[key], document) as JsonSchema;

/**
 * A value that a schema accepts, as small as it may be; an object without required fields gets its first one, so that
 * a change is not empty. Patterns of texts are not followed.
 * @param schema the schema
 * @param document what its references point into
 */
export const exampleOf = (schema: JsonSchema, document: unknown): unknown => {
  if (schema.$ref !== undefined) {
    return exampleOf(resolve(schema.$ref, document), document);
  }
  if (schema.const !== undefined) {
    return schema.const;
  }
  if (schema.enum !== undefined) {
    return schema.enum[0];
  }
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice !== undefined) {
    return exampleOf(choice, document);
  }
  switch (schema.type) {
    case 'object': {
      const fields = Object.entries(schema.properties ?? {});
      const required = new Set(schema.required ?? []);
      const chosen = required.size === 0 ? fields.slice(0, 1) : fields.filter(([name]) => required.has(name));
      return Object.fromEntries(chosen.map(([name, field]) => [name, exampleOf(field, document)]));
    }
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => exampleOf(schema.items ?? {}, document));
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1);
    case 'boolean':
      return false;
    case 'string':
      return textOf(schema);
    default:
      return null;
  }
};
