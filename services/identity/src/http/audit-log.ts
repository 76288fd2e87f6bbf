import { defineRoute, pageOf, pageQuery } from '@orrery/contracts';
import { handle } from '@orrery/service-kit';
import { z } from 'zod';
import type { AuditStore } from '../store/audit-store.ts';
import type { Gatekeeper } from './require-account.ts';

const ListActs = defineRoute({
  method: 'get',
  path: '/v1/audit-log',
  operationId: 'listAuditLog',
  summary: 'What administrators did to accounts, newest first',
  tag: 'admin',
  audience: 'user',
  query: z.object(pageQuery()),
  responses: {
    200: pageOf(
      z.object({
        id: z.string(),
        at: z.iso.datetime(),
        adminId: z.string(),
        act: z.enum(['set-role', 'activate', 'deactivate', 'delete']),
        targetId: z.string(),
        before: z.string().nullable(),
        after: z.string().nullable(),
        requestId: z.string(),
      }),
    ),
  },
  problems: ['admins-only'],
});

/**
 * `GET /v1/audit-log`.
 * @param gatekeeper judges who calls
 * @param audit the log
 */
export const listAuditLog = (gatekeeper: Gatekeeper, audit: AuditStore) =>
  handle(ListActs, async ({ identity, query }) => {
    await gatekeeper.requireAdmin(identity, 'Admin access required');
    const { rows, nextCursor } = await audit.list(query);
    const data = rows.map(({ _id, at, ...row }) => ({ id: _id, at: at.toISOString(), ...row }));
    return { status: 200, body: { data, page: { nextCursor } } };
  });
