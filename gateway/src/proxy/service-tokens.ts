import type { ServiceName } from '@orrery/contracts';
import { type Identity, type ServiceTokenKeys, signServiceToken } from '@orrery/service-kit';

/** Makes the signed statement that a service believes about a request. */
export interface ServiceTokens {
  /**
   * @param identity who calls
   * @param service who is called; no other service accepts the token
   * @param requestId id of the request
   */
  tokenFor(identity: Identity, service: ServiceName, requestId: string): string;
}

/**
 * @param keys keys of calls between services
 */
export const serviceTokens = (keys: ServiceTokenKeys): ServiceTokens => ({
  tokenFor: (identity, target, requestId) => signServiceToken(keys, { identity, target, requestId }),
});
