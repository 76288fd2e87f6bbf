import { ExternalSecret } from '@kubernetes-models/external-secrets/external-secrets.io/v1/ExternalSecret';
import { HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { TriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication';
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import type { Manifest } from './render.ts';

/** Models by kind; `validate` checks `this` against the API's compiled schema and throws. */
const MODELS: Readonly<Record<string, { prototype: { validate(): void } }>> = {
  ConfigMap,
  Deployment,
  ExternalSecret,
  HTTPRoute,
  HorizontalPodAutoscaler,
  Ingress,
  Job,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  PrometheusRule,
  ScaledObject,
  Service,
  ServiceAccount,
  ServiceMonitor,
  TriggerAuthentication,
};

/**
 * What a manifest would be refused for: fields of a wrong type, missing ones, and fields that the API does not have.
 * The validators accept unknown fields, but they read every field that they know: one that was never read is unknown.
 * @param manifest any object
 */
export function schemaErrors(manifest: Manifest): string[] {
  const subject = `${manifest.kind} ${manifest.metadata.name}`;
  const model = MODELS[manifest.kind];
  if (model === undefined) {
    return [`${subject}: no schema is known for this kind`];
  }
  const read = new Set<string>();
  const errors: string[] = [];
  try {
    // Not on an instance: its constructor would read every field to copy it.
    Reflect.apply(model.prototype.validate, watch(manifest, '', read), []);
  } catch (error) {
    errors.push(error instanceof Error ? error.message : String(error));
  }
  const unknown = unreadPaths(manifest, '', read).map((path) => `${path} is no field of the API`);
  return [...errors, ...unknown].map((error) => `${subject}: ${error}`);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function watch(value: unknown, path: string, read: Set<string>): unknown {
  if (!isObject(value)) {
    return value;
  }
  return new Proxy(value, {
    get(target, key, receiver) {
      const child: unknown = Reflect.get(target, key, receiver);
      if (typeof key === 'symbol' || !Object.hasOwn(target, key)) {
        return child;
      }
      read.add(`${path}/${key}`);
      return watch(child, `${path}/${key}`, read);
    },
  });
}

function unreadPaths(value: unknown, path: string, read: ReadonlySet<string>): string[] {
  if (!isObject(value)) {
    return [];
  }
  return Object.entries(value).flatMap(([key, child]: [string, unknown]) => {
    const own = `${path}/${key}`;
    return read.has(own) ? unreadPaths(child, own, read) : [own];
  });
}
