import { createHash } from 'node:crypto';
import type { Connection } from 'mongoose';

interface SummaryRow {
  _id: string;
  userId: string;
  text: string;
  /** Messages up to this instant are in the text. */
  upTo: Date;
}

/** What was said before the latest messages. */
export interface ConversationSummary {
  text: string;
  upTo: Date;
}

/**
 * Rolling summaries of long conversations.
 * @param connection database of the service
 */
export async function openSummaryStore(connection: Connection) {
  const summaries = connection.collection<SummaryRow>('conversation_summaries');
  await summaries.createIndex({ userId: 1 });
  const idOf = (userId: string, conversationId: string): string =>
    createHash('sha256').update(`${userId}\0${conversationId}`).digest('hex').slice(0, 32);

  return {
    async find(userId: string, conversationId: string): Promise<ConversationSummary | undefined> {
      const row = await summaries.findOne({ _id: idOf(userId, conversationId), userId });
      return row === null ? undefined : { text: row.text, upTo: row.upTo };
    },
    async save(userId: string, conversationId: string, { text, upTo }: ConversationSummary): Promise<void> {
      await summaries.replaceOne(
        { _id: idOf(userId, conversationId) },
        { userId, text, upTo },
        { upsert: true },
      );
    },
    async drop(userId: string, conversationId: string): Promise<void> {
      await summaries.deleteOne({ _id: idOf(userId, conversationId), userId });
    },
  };
}

export type SummaryStore = Awaited<ReturnType<typeof openSummaryStore>>;
