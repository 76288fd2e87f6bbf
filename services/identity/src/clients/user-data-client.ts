import { ExportUserData, SERVICES_WITH_USER_DATA, type ServiceWithUserData } from '@orrery/contracts';
import {
  AppError,
  type Runtime,
  SERVICE_TOKEN_HEADER,
  serviceIdentity,
  signServiceToken,
} from '@orrery/service-kit';

/** What another service holds about a user, as JSON text in pieces. */
export interface ServiceArchive {
  service: ServiceWithUserData;
  text: AsyncIterable<Uint8Array>;
}

/**
 * Asks every other service for what it holds about a user; all must have answered before the first piece is read, so
 * that an archive is whole or refused.
 * @throws AppError `upstream-unavailable` naming the service that did not answer
 */
export type CollectArchives = (
  userId: string,
  requestId: string,
  signal: AbortSignal,
) => Promise<ServiceArchive[]>;

/**
 * The body of an answer. It holds the answer itself until reading begins: `fetch` closes the body of one that nobody
 * refers to any more, and then an archive that waits for its turn would come out empty.
 */
async function* piecesOf(response: Response): AsyncGenerator<Uint8Array> {
  for await (const piece of response.body ?? []) {
    yield piece;
  }
}

/**
 * A client of the services' export routes. It streams, because an archive may be larger than memory should hold.
 * @param runtime addresses and keys
 */
export function createCollectArchives({
  addressOf,
  serviceTokenKeys,
}: Pick<Runtime<unknown>, 'addressOf' | 'serviceTokenKeys'>): CollectArchives {
  const ask = async (
    service: ServiceWithUserData,
    userId: string,
    requestId: string,
    signal: AbortSignal,
  ): Promise<ServiceArchive> => {
    const token = signServiceToken(serviceTokenKeys, {
      identity: serviceIdentity('identity'),
      target: service,
      requestId,
    });
    const path = ExportUserData.path.replace('{userId}', encodeURIComponent(userId));
    const refuse = (cause: unknown): AppError =>
      new AppError('upstream-unavailable', { detail: `The ${service} service did not answer.`, cause });
    const response = await fetch(`${addressOf(service)}${path}`, {
      headers: { [SERVICE_TOKEN_HEADER]: token, 'x-request-id': requestId },
      signal,
    }).catch((error: unknown) => {
      throw refuse(error);
    });
    if (response.status !== 200 || response.body === null) {
      throw refuse(new Error(`status ${String(response.status)}`));
    }
    return { service, text: piecesOf(response) };
  };

  return (userId, requestId, signal) =>
    Promise.all(
      SERVICES_WITH_USER_DATA.filter((service) => service !== 'identity').map((service) =>
        ask(service, userId, requestId, signal),
      ),
    );
}
