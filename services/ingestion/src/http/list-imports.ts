import { defineRoute, pageOf, pageQuery } from '@orrery/contracts';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { ImportStore } from '../store/import-store.ts';
import { ImportReply, showImport } from './import-reply.ts';

const ListImports = defineRoute({
  method: 'get',
  path: '/v1/imports',
  operationId: 'listImports',
  summary: 'Imports of the caller, newest first',
  tag: 'Imports',
  audience: 'user',
  query: z.object(pageQuery({ max: 100, default: 20 })),
  responses: { 200: pageOf(ImportReply) },
});

/**
 * `GET /v1/imports`.
 * @param imports the stored imports
 */
export const listImports = (imports: ImportStore): MountedRoute =>
  handle(ListImports, async ({ query, identity }) => {
    const { rows, nextCursor } = await imports.list(requireUserId(identity), query);
    return { status: 200, body: { data: rows.map(showImport), page: { nextCursor } } };
  });
