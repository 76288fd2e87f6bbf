import { defineRoute, ResourceId } from '@orrery/contracts';
import { AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { ImportStore } from '../store/import-store.ts';
import { ImportReply, showImport } from './import-reply.ts';

const GetImport = defineRoute({
  method: 'get',
  path: '/v1/imports/{importId}',
  operationId: 'getImport',
  summary: 'How an import of the caller stands',
  tag: 'Imports',
  audience: 'user',
  params: z.object({ importId: ResourceId }),
  responses: { 200: ImportReply },
  problems: ['not-found'],
});

/**
 * `GET /v1/imports/{importId}`.
 * @param imports the stored imports
 */
export const getImport = (imports: ImportStore): MountedRoute =>
  handle(GetImport, async ({ params, identity }) => {
    const record = await imports.find(requireUserId(identity), params.importId);
    if (record === null) {
      throw new AppError('not-found');
    }
    return { status: 200, body: showImport(record) };
  });
