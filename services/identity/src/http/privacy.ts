import { UserConsentChanged, defineRoute } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import { AppError, type MountedRoute, type Runtime, handle, requireUserId } from '@orrery/service-kit';
import { z } from 'zod';
import type { CollectArchives } from '../clients/user-data-client.ts';
import type { ConsentStore } from '../store/consent-store.ts';
import type { Erasure, ErasureStore } from '../store/erasure-store.ts';

export interface PrivacyParts extends Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'> {
  consents: ConsentStore;
  erasures: ErasureStore;
  /** Begins the erasure of a user and ends the account, if there is one; returns the erasure's id. */
  erase(userId: string): Promise<string>;
  /** What this service holds itself. */
  archiveOf(userId: string): AsyncIterable<string>;
  collect: CollectArchives;
}

const tag = 'privacy';

const ErasureBody = z.object({
  id: z.string(),
  state: z.enum(['in-progress', 'done']),
  requestedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  /** What each service removed so far, by collection. */
  services: z.array(
    z.object({ service: z.string(), removed: z.record(z.string(), z.int()), confirmed: z.boolean() }),
  ),
});

const ConsentBody = z.object({
  pooledLearning: z.boolean().describe('Corrections may improve the categories of everybody'),
  partnerView: z.boolean().describe('The linked partner may see the household view'),
});

const Export = defineRoute({
  method: 'get',
  path: '/v1/privacy/export',
  operationId: 'exportMyData',
  summary: 'Everything that every service holds about the caller, as one JSON archive',
  tag,
  audience: 'user',
  responses: { 200: { contentType: 'application/json', description: 'The archive' } },
  problems: ['upstream-unavailable'],
});

const Erase = defineRoute({
  method: 'post',
  path: '/v1/privacy/erase',
  operationId: 'eraseMyData',
  summary: 'Erases the caller from every service; the account ends too',
  tag,
  audience: 'user',
  responses: { 202: ErasureBody },
  problems: ['act-refused'],
});

const ReadErasure = defineRoute({
  method: 'get',
  path: '/v1/privacy/erasures/{erasureId}',
  operationId: 'readErasure',
  summary: 'The result of an erasure, for whoever holds its id: the user has no token any more',
  tag,
  audience: 'public',
  params: z.object({ erasureId: z.string().regex(/^[\w-]{43}$/) }),
  responses: { 200: ErasureBody },
  problems: ['not-found'],
});

const ReadConsents = defineRoute({
  method: 'get',
  path: '/v1/privacy/consents',
  operationId: 'readConsents',
  summary: 'What the caller allows beyond their own use; nothing by default',
  tag,
  audience: 'user',
  responses: { 200: ConsentBody },
});

const SaveConsents = defineRoute({
  method: 'put',
  path: '/v1/privacy/consents',
  operationId: 'saveConsents',
  summary: 'Allows or withdraws',
  tag,
  audience: 'user',
  body: ConsentBody,
  responses: { 200: ConsentBody },
});

const toErasureBody = (erasure: Erasure): z.input<typeof ErasureBody> => ({
  id: erasure._id,
  state: erasure.finishedAt === null ? 'in-progress' : 'done',
  requestedAt: erasure.requestedAt.toISOString(),
  finishedAt: erasure.finishedAt?.toISOString() ?? null,
  services: [...new Set([...Object.keys(erasure.removed), ...erasure.waitingFor])].sort().map((service) => {
    const removed = Object.entries(erasure.removed).find(([name]) => name === service)?.[1];
    return { service, removed: removed ?? {}, confirmed: removed !== undefined };
  }),
});

/**
 * Routes by which users see, take along and erase what is held about them.
 * @param parts stores, use cases and the other services
 */
export function privacyRoutes(parts: PrivacyParts): MountedRoute[] {
  const { consents, erasures, erase, archiveOf, collect, inTransaction, recordEvents } = parts;

  const findErasure = async (erasureId: string): Promise<Erasure> => {
    const erasure = await erasures.find(erasureId);
    if (erasure === undefined) {
      throw new AppError('not-found');
    }
    return erasure;
  };

  async function* archive(
    userId: string,
    others: Awaited<ReturnType<CollectArchives>>,
  ): AsyncGenerator<string | Buffer> {
    yield `{"userId":${JSON.stringify(userId)},"exportedAt":"${new Date().toISOString()}","services":{"identity":`;
    yield* archiveOf(userId);
    for (const { service, text } of others) {
      yield `,"${service}":`;
      for await (const chunk of text) {
        yield Buffer.from(chunk);
      }
    }
    yield '}}';
  }

  return [
    handle(Export, async ({ identity, requestId, signal }) => {
      const userId = requireUserId(identity);
      const others = await collect(userId, requestId, signal);
      return {
        status: 200,
        body: archive(userId, others),
        headers: { 'Content-Disposition': 'attachment; filename="my-data.json"' },
      };
    }),
    handle(Erase, async ({ identity }) => {
      const erasureId = await erase(requireUserId(identity));
      return { status: 202, body: toErasureBody(await findErasure(erasureId)) };
    }),
    handle(ReadErasure, async ({ params }) => ({
      status: 200,
      body: toErasureBody(await findErasure(params.erasureId)),
    })),
    handle(ReadConsents, async ({ identity }) => ({
      status: 200,
      body: await consents.find(requireUserId(identity)),
    })),
    handle(SaveConsents, async ({ identity, body }) => {
      const userId = requireUserId(identity);
      await inTransaction(async (session) => {
        await consents.save(userId, body, session);
        await recordEvents(session, [newEvent(UserConsentChanged, userId, { userId, ...body })]);
      });
      return { status: 200, body };
    }),
  ];
}
