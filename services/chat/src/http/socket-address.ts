import { defineRoute } from '@orrery/contracts';
import { AppError, defineError, handle, type MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { DIALECTS } from '../domain/frames.ts';

const UPGRADE_REQUIRED = defineError('upgrade-required', 426, 'This address takes WebSockets only');

const SocketAddress = defineRoute({
  method: 'get',
  path: '/chat/ws',
  operationId: 'chatSocket',
  summary: 'The assistant over a WebSocket; a plain request is refused with 426',
  tag: 'Reho chat',
  audience: 'public',
  errorShape: 'detail',
  query: z.object({
    /** The access token; the `Authorization` header is taken as well. */
    token: z.string().max(4096).optional(),
    conversation_id: z.string().max(200).optional(),
    dialect: z.enum(DIALECTS).optional(),
    /** `1`: frames say where they stand, and an answer goes on for a while when the connection is lost. */
    resumable: z.string().max(8).optional(),
    /** The turn to take up again, with `from`, the first place that is missing. */
    turn: z.string().max(64).optional(),
    from: z.string().max(16).optional(),
  }),
  responses: { 426: z.undefined() },
});

/** `GET /chat/ws` without an upgrade. */
export const socketAddress = (): MountedRoute =>
  handle(SocketAddress, () =>
    Promise.reject(
      new AppError(UPGRADE_REQUIRED, { headers: { Upgrade: 'websocket', Connection: 'Upgrade' } }),
    ),
  );
