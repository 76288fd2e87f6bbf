import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

/**
 * Renders our overlays as `kubectl kustomize` does, so that the rules about them can be tested on a machine that has
 * only Node. It knows the fields that our kustomizations use and refuses all others; a test compares its result with
 * kubectl's where there is one.
 */

/** Any Kubernetes object. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

interface Operation {
  op: string;
  path: string;
  value?: unknown;
}

interface ConfigMapGenerator {
  name: string;
  behavior?: string;
  literals: string[];
}

interface Kustomization {
  apiVersion: string;
  kind: string;
  resources?: string[];
  components?: string[];
  namespace?: string;
  labels?: { pairs: Record<string, string> }[];
  images?: { name: string; newName?: string; newTag?: string }[];
  configMapGenerator?: ConfigMapGenerator[];
  patches?: { target: { kind: string; name?: string }; patch: string }[];
}

const KNOWN: ReadonlySet<string> = new Set([
  'apiVersion',
  'kind',
  'resources',
  'components',
  'namespace',
  'labels',
  'images',
  'configMapGenerator',
  'patches',
]);
const WITHOUT_NAMESPACE: ReadonlySet<string> = new Set(['Namespace']);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** Calls `visit` for an object and everything in it. */
export function walk(value: unknown, visit: (node: Record<string, unknown>) => void): void {
  if (Array.isArray(value)) {
    value.forEach((entry) => {
      walk(entry, visit);
    });
  } else if (isRecord(value)) {
    visit(value);
    Object.values(value).forEach((entry) => {
      walk(entry, visit);
    });
  }
}

function readManifests(path: string): Manifest[] {
  return parseAllDocuments(readFileSync(path, 'utf8')).map((document) => document.toJS() as Manifest);
}

function replaceAt(manifest: Manifest, { op, path, value }: Operation): void {
  if (op !== 'replace') {
    throw new Error(`the renderer knows no patch operation ${op}`);
  }
  const keys = path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = keys.pop() ?? '';
  let node: unknown = manifest;
  for (const key of keys) {
    node = isRecord(node) ? node[key] : undefined;
  }
  if (!isRecord(node) || !(last in node)) {
    throw new Error(`${path} is not in ${manifest.kind} ${manifest.metadata.name}`);
  }
  node[last] = value;
}

function generateConfigMap(
  manifests: Manifest[],
  { name, behavior = 'create', literals }: ConfigMapGenerator,
): void {
  const data = Object.fromEntries(
    literals.map((literal) => {
      const at = literal.indexOf('=');
      return [literal.slice(0, at), literal.slice(at + 1)];
    }),
  );
  const existing = manifests.find(
    (manifest) => manifest.kind === 'ConfigMap' && manifest.metadata.name === name,
  );
  if (behavior === 'merge') {
    if (existing === undefined) {
      throw new Error(`there is no ConfigMap ${name} to merge into`);
    }
    existing['data'] = { ...(existing['data'] as Record<string, string>), ...data };
  } else {
    manifests.push({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
  }
}

function setImages(
  manifests: readonly Manifest[],
  { name, newName, newTag }: { name: string; newName?: string; newTag?: string },
): void {
  walk(manifests, (node) => {
    const { image } = node;
    if (typeof image === 'string' && image.replace(/:[^:/]+$/, '') === name) {
      node['image'] = `${newName ?? name}${newTag === undefined ? '' : `:${newTag}`}`;
    }
  });
}

function apply(manifests: Manifest[], folder: string): Manifest[] {
  const path = join(folder, 'kustomization.yaml');
  if (!existsSync(path)) {
    throw new Error(`${folder} has no kustomization.yaml`);
  }
  const kustomization = parse(readFileSync(path, 'utf8')) as Kustomization;
  const unknown = Object.keys(kustomization).filter((field) => !KNOWN.has(field));
  if (unknown.length > 0) {
    throw new Error(`${path} has fields that the renderer does not know: ${unknown.join(', ')}`);
  }
  let result = [...manifests];
  for (const resource of kustomization.resources ?? []) {
    const at = join(folder, resource);
    result.push(...(resource.endsWith('.yaml') ? readManifests(at) : apply([], at)));
  }
  for (const component of kustomization.components ?? []) {
    result = apply(result, join(folder, component));
  }
  kustomization.configMapGenerator?.forEach((generator) => {
    generateConfigMap(result, generator);
  });
  for (const { target, patch } of kustomization.patches ?? []) {
    const targets = result.filter(
      ({ kind, metadata }) =>
        kind === target.kind && (target.name === undefined || target.name === metadata.name),
    );
    for (const manifest of targets) {
      (parse(patch) as Operation[]).forEach((operation) => {
        replaceAt(manifest, operation);
      });
    }
  }
  const { namespace } = kustomization;
  if (namespace !== undefined) {
    for (const { kind, metadata } of result) {
      if (WITHOUT_NAMESPACE.has(kind)) {
        metadata.name = namespace;
      } else {
        metadata.namespace = namespace;
      }
    }
  }
  for (const { pairs } of kustomization.labels ?? []) {
    for (const { metadata } of result) {
      metadata.labels = { ...metadata.labels, ...pairs };
    }
  }
  kustomization.images?.forEach((image) => {
    setImages(result, image);
  });
  return result;
}

/**
 * Everything that an overlay deploys.
 * @param folder of its kustomization
 * @throws Error for a missing file, an unknown field or a patch that meets nothing
 */
export const render = (folder: string): Manifest[] => apply([], folder);

/** Folder of an overlay. */
export const overlay = (root: string, name: string): string => join(root, 'k8s/overlays', name);
