import { defineRoute } from '@orrery/contracts';
import { AppError, handle, requireUserId, type MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { MAX_CONVERSATION_ID } from '../../../domain/conversation.ts';
import type { ConversationStore } from '../../../store/conversation-store.ts';

const common = { tag: 'Reho chat', audience: 'user', errorShape: 'detail' } as const;
const params = z.object({ conversationId: z.string().min(1).max(MAX_CONVERSATION_ID) });

const ListConversations = defineRoute({
  ...common,
  method: 'get',
  path: '/chat/conversations',
  operationId: 'rehoListConversations',
  summary: 'Conversations of the caller, newest first',
  responses: {
    200: z.array(z.object({ conversation_id: z.string(), title: z.string(), createdAt: z.iso.datetime() })),
  },
});

const RenameConversation = defineRoute({
  ...common,
  method: 'patch',
  path: '/chat/conversations/{conversationId}',
  operationId: 'rehoRenameConversation',
  summary: 'Give a conversation another title',
  params,
  body: z.object({ title: z.string().min(1).max(100) }),
  responses: { 200: z.object({ message: z.string() }) },
  problems: ['not-found'],
});

const DeleteConversation = defineRoute({
  ...common,
  method: 'delete',
  path: '/chat/conversations/{conversationId}',
  operationId: 'rehoDeleteConversation',
  summary: 'Delete a conversation and its messages',
  params,
  responses: { 204: z.undefined() },
  problems: ['not-found'],
});

const missing = (verb: string): AppError =>
  new AppError('not-found', {
    detail: `Conversation not found or you do not have permission to ${verb} it.`,
  });

/**
 * `GET /chat/conversations`, `PATCH` and `DELETE /chat/conversations/{conversationId}` as Reho's clients know them.
 * @param parts where conversations are kept, and what else is kept about one
 */
export const conversationRoutes = (parts: {
  conversations: ConversationStore;
  forget(userId: string, conversationId: string): Promise<void>;
}): MountedRoute[] => [
  handle(ListConversations, async ({ identity }) => ({
    status: 200,
    body: (await parts.conversations.list(requireUserId(identity))).map(({ id, title, createdAt }) => ({
      conversation_id: id,
      title,
      createdAt: createdAt.toISOString(),
    })),
  })),
  handle(RenameConversation, async ({ identity, params: { conversationId }, body }) => {
    if (!(await parts.conversations.rename(requireUserId(identity), conversationId, body.title))) {
      throw missing('rename');
    }
    return { status: 200, body: { message: 'Conversation renamed successfully' } };
  }),
  handle(DeleteConversation, async ({ identity, params: { conversationId } }) => {
    const userId = requireUserId(identity);
    if (!(await parts.conversations.remove(userId, conversationId))) {
      throw missing('delete');
    }
    await parts.forget(userId, conversationId);
    return { status: 204, body: undefined };
  }),
];
