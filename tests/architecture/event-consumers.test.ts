import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import * as contracts from '@orrery/contracts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Erasure is subscribed to by the kit, and its confirmations by identity for all services at once. */
const BY_THE_KIT: ReadonlySet<unknown> = new Set([
  contracts.UserErasureRequested,
  ...Object.values(contracts.USER_ERASED_BY),
]);

const sourceOf = (service: string): string =>
  globSync(`{gateway,services/${service}}/src/**/*.ts`, { cwd: ROOT })
    .filter((path) => service === 'gateway' || path.startsWith('services/'))
    .map((path) => readFileSync(`${ROOT}${path}`, 'utf8'))
    .join('\n');

describe('the consumers of an event', () => {
  it('name only services that speak of it, because a queue without a reader keeps its messages for ever', () => {
    const unread = contracts.EVENTS.filter((event) => !BY_THE_KIT.has(event)).flatMap((event) => {
      const name = Object.entries(contracts).find(([, value]) => value === event)?.[0] ?? event.name;
      return event.consumers
        .filter((service) => !new RegExp(`\\b${name}\\b`).test(sourceOf(service)))
        .map((service) => `${event.name} names ${service}`);
    });

    expect(unread).toEqual([]);
  });
});
