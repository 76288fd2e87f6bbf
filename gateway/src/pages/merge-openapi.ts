/** JSON as documents have it. */
export type Json = { [name: string]: unknown };

/** The OpenAPI document of one service. */
export interface ServiceDocument {
  service: string;
  document: Json;
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const childOf = (value: unknown, name: string): Json => {
  const child = isJson(value) ? value[name] : undefined;
  return isJson(child) ? child : {};
};

/** The value with every reference to a renamed schema changed. */
function renameReferences(value: unknown, renamed: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) {
    return value.map((child) => renameReferences(child, renamed));
  }
  if (!isJson(value)) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      const target = key === '$ref' && typeof child === 'string' ? renamed.get(child) : undefined;
      return [key, target ?? renameReferences(child, renamed)];
    }),
  );
}

const sorted = (value: Json): Json =>
  Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));

/**
 * Joins the documents of services into one. Schemas of the same name and different content get the service's name in
 * front; two services that claim one operation are an error. Internal routes are left out.
 * @param documents one for each service; the order does not matter
 * @param info title and version of the whole
 * @param own paths of the gateway itself
 * @throws Error when two documents declare the same method of the same path
 */
export function mergeOpenApi(documents: readonly ServiceDocument[], info: Json, own: Json = {}): Json {
  const paths: Json = structuredClone(own);
  const schemas: Json = {};
  const securitySchemes: Json = {};
  const tags = new Map<string, Json>();
  const ordered = [...documents].sort((a, b) => (a.service < b.service ? -1 : 1));

  for (const { service, document } of ordered) {
    const components = childOf(document, 'components');
    const renamed = new Map<string, string>();
    for (const [name, schema] of Object.entries(childOf(components, 'schemas'))) {
      const isTaken = schemas[name] !== undefined && JSON.stringify(schemas[name]) !== JSON.stringify(schema);
      if (isTaken) {
        const prefix = service.charAt(0).toUpperCase() + service.slice(1);
        renamed.set(`#/components/schemas/${name}`, `#/components/schemas/${prefix}${name}`);
      }
    }
    for (const [name, schema] of Object.entries(childOf(components, 'schemas'))) {
      const reference = renamed.get(`#/components/schemas/${name}`);
      schemas[reference?.slice('#/components/schemas/'.length) ?? name] = renameReferences(schema, renamed);
    }
    Object.assign(securitySchemes, childOf(components, 'securitySchemes'));
    for (const tag of Array.isArray(document['tags']) ? document['tags'] : []) {
      if (isJson(tag) && typeof tag['name'] === 'string') {
        tags.set(tag['name'], tag);
      }
    }
    for (const [path, item] of Object.entries(childOf(document, 'paths'))) {
      if (path.startsWith('/internal/')) {
        continue;
      }
      const present = childOf(paths, path);
      const clash = METHODS.find(
        (method) => isJson(item) && item[method] !== undefined && present[method] !== undefined,
      );
      if (clash !== undefined) {
        throw new Error(`${clash.toUpperCase()} ${path} is declared by two services`);
      }
      paths[path] = { ...present, ...childOf({ item: renameReferences(item, renamed) }, 'item') };
    }
  }

  return {
    openapi: '3.1.0',
    info,
    servers: [{ url: '/' }],
    ...(tags.size === 0
      ? {}
      : { tags: [...tags.values()].sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1)) }),
    paths: sorted(paths),
    components: { schemas: sorted(schemas), securitySchemes: sorted(securitySchemes) },
  };
}
