import { defineRoute, pageOf, pageQuery } from '@orrery/contracts';
import { AppError, handle, requireUserId, type MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { MAX_CONVERSATION_ID } from '../domain/conversation.ts';
import type { ConversationStore } from '../store/conversation-store.ts';

const ListMessages = defineRoute({
  method: 'get',
  path: '/v1/chat/conversations/{conversationId}/messages',
  operationId: 'listChatMessages',
  summary: 'Messages of a conversation of the caller, newest first',
  tag: 'Chat',
  audience: 'user',
  params: z.object({ conversationId: z.string().min(1).max(MAX_CONVERSATION_ID) }),
  query: z.object(pageQuery({ max: 200, default: 50 })),
  responses: {
    200: pageOf(
      z
        .object({
          id: z.string(),
          role: z.enum(['user', 'assistant', 'system']),
          content: z.string(),
          createdAt: z.iso.datetime(),
          /** The answer was cut off. */
          incomplete: z.boolean(),
        })
        .meta({ id: 'ChatMessage' }),
    ),
  },
  problems: ['not-found'],
});

/**
 * `GET /v1/chat/conversations/{conversationId}/messages`.
 * @param conversations where they are kept
 */
export const listMessages = (conversations: ConversationStore): MountedRoute =>
  handle(ListMessages, async ({ identity, params: { conversationId }, query }) => {
    const userId = requireUserId(identity);
    const page = await conversations.page(userId, conversationId, query);
    if (page.rows.length === 0 && !(await conversations.exists(userId, conversationId))) {
      throw new AppError('not-found');
    }
    return {
      status: 200,
      body: {
        data: page.rows.map(({ id, role, content, sentAt, isPartial }) => ({
          id,
          role,
          content,
          createdAt: sentAt.toISOString(),
          incomplete: isPartial,
        })),
        page: { nextCursor: page.nextCursor },
      },
    };
  });
