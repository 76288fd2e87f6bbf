import { createHash } from 'node:crypto';
import { type Collection, type Db, ObjectId } from 'mongodb';
import { afterCursor, cutPage, isDuplicateKey, sortOf, type SortKey } from '@orrery/mongo';
import { roleOf, type Message, type Role } from '../domain/conversation.ts';
import { ownerOf } from './reho-database.ts';

/** Row of `conversations`, as the Python service wrote it. */
interface ConversationRow {
  _id: ObjectId;
  conversation_id: string;
  userId: ObjectId | string;
  title: string;
  createdAt: Date;
}

/** Row of `chat_history`; the last two fields are ours. */
interface MessageRow {
  _id: ObjectId;
  userId: ObjectId | string;
  conversation_id: string;
  role: string;
  message: string;
  timestamp: Date;
  turnId?: string;
  isPartial?: boolean;
}

/** A conversation as a list shows it. */
export interface Conversation {
  id: string;
  title: string;
  createdAt: Date;
}

/** What is stored of a new message. */
export interface NewMessage {
  role: Role;
  content: string;
  turnId?: string;
  isPartial?: boolean;
}

/** Nobody scrolls further; the legacy list has no pages. */
const MAX_LISTED = 1_000;

const NEWEST_FIRST: readonly SortKey[] = [
  { field: 'timestamp', direction: -1, kind: 'date' },
  { field: '_id', direction: -1, kind: 'objectId' },
];

const shown = (row: MessageRow): Message => ({
  id: row._id.toHexString(),
  role: roleOf(row.role),
  content: typeof row.message === 'string' ? row.message : '',
  sentAt: row.timestamp,
  isPartial: row.isPartial === true,
  ...(row.turnId === undefined ? {} : { turnId: row.turnId }),
});

// Two sockets may open one conversation at once: the same id of the row keeps it single without a unique index, which
// rows of the Python service could contradict.
const rowIdOf = (userId: string, conversationId: string): ObjectId =>
  new ObjectId(createHash('sha256').update(`${userId}\0${conversationId}`).digest().subarray(0, 12));

/**
 * Conversations and their messages in Reho's collections. Every read and write names the owner, so an id that somebody
 * else uses is an empty conversation of the caller's own.
 * @param db the database that holds them
 * @param now the machine's time
 */
export function createConversationStore(db: Db, now: () => Date = () => new Date()) {
  const conversationRows = db.collection<ConversationRow>('conversations');
  const messageRows = db.collection<MessageRow>('chat_history');
  let prepared: Promise<void> | undefined;

  const prepare = async (): Promise<void> => {
    await Promise.all([
      conversationRows.createIndex({ userId: 1, createdAt: -1 }),
      conversationRows.createIndex({ userId: 1, conversation_id: 1 }),
      messageRows.createIndex({ userId: 1, conversation_id: 1, timestamp: -1, _id: -1 }),
      messageRows.createIndex({ userId: 1, turnId: 1 }),
    ]);
  };
  // The main back end's database may come up after us; the next use tries again.
  const ready = async (): Promise<{
    conversations: Collection<ConversationRow>;
    messages: Collection<MessageRow>;
  }> => {
    prepared ??= prepare().catch((error: unknown) => {
      prepared = undefined;
      throw error;
    });
    await prepared;
    return { conversations: conversationRows, messages: messageRows };
  };
  const keyOf = (userId: string, conversationId: string) => ({
    userId: ownerOf(userId),
    conversation_id: conversationId,
  });

  return {
    /** Conversations of a user that have a record, newest first, at most 1,000. */
    async list(userId: string): Promise<Conversation[]> {
      const { conversations } = await ready();
      const rows = await conversations
        .find({ userId: ownerOf(userId) })
        .sort({ createdAt: -1 })
        .limit(MAX_LISTED)
        .toArray();
      const byId = new Map(rows.reverse().map((row) => [row.conversation_id, row]));
      return [...byId.values()]
        .map(({ conversation_id: id, title, createdAt }) => ({ id, title, createdAt }))
        .reverse();
    },

    /** Whether the user has a record or a message under this id. */
    async exists(userId: string, conversationId: string): Promise<boolean> {
      const { conversations, messages } = await ready();
      const key = keyOf(userId, conversationId);
      const found = await Promise.all([
        conversations.findOne(key, { projection: { _id: 1 } }),
        messages.findOne(key, { projection: { _id: 1 } }),
      ]);
      return found.some((row) => row !== null);
    },

    /** Whether the conversation has a record, hence a title. */
    async hasTitle(userId: string, conversationId: string): Promise<boolean> {
      const { conversations } = await ready();
      return (
        (await conversations.findOne(keyOf(userId, conversationId), { projection: { _id: 1 } })) !== null
      );
    },

    /**
     * Makes the record of a conversation that has none.
     * @returns false when it had one
     */
    async create(userId: string, conversationId: string, title: string): Promise<boolean> {
      const { conversations } = await ready();
      const key = keyOf(userId, conversationId);
      try {
        const { upsertedCount } = await conversations.updateOne(
          key,
          { $setOnInsert: { _id: rowIdOf(userId, conversationId), title, createdAt: now() } },
          { upsert: true },
        );
        return upsertedCount === 1;
      } catch (error) {
        if (isDuplicateKey(error)) {
          return false;
        }
        throw error;
      }
    },

    /**
     * Renames a conversation; one that has only messages gets its record by that.
     * @returns false when the user has no such conversation
     */
    async rename(userId: string, conversationId: string, title: string): Promise<boolean> {
      const { conversations, messages } = await ready();
      const key = keyOf(userId, conversationId);
      const { matchedCount } = await conversations.updateMany(key, { $set: { title } });
      if (matchedCount > 0) {
        return true;
      }
      if ((await messages.findOne(key, { projection: { _id: 1 } })) === null) {
        return false;
      }
      await this.create(userId, conversationId, title);
      return true;
    },

    /**
     * Removes a conversation and its messages.
     * @returns false when there was none
     */
    async remove(userId: string, conversationId: string): Promise<boolean> {
      const { conversations, messages } = await ready();
      const key = keyOf(userId, conversationId);
      const gone = [await messages.deleteMany(key), await conversations.deleteMany(key)];
      return gone.some(({ deletedCount }) => deletedCount > 0);
    },

    /** Stores a message and returns it. */
    async add(userId: string, conversationId: string, message: NewMessage): Promise<Message> {
      const { messages } = await ready();
      const { role, content, turnId, isPartial } = message;
      const row: MessageRow = {
        _id: new ObjectId(),
        ...keyOf(userId, conversationId),
        role,
        message: content,
        timestamp: now(),
        ...(turnId === undefined ? {} : { turnId }),
        ...(isPartial === true ? { isPartial } : {}),
      };
      await messages.insertOne(row);
      return shown(row);
    },

    /**
     * Stores the answer of a turn, unless its question is gone meanwhile: a conversation that was deleted, or a user who
     * was erased, while the model was at work must not come back.
     * @returns the stored answer, or undefined
     */
    async addAnswer(
      userId: string,
      conversationId: string,
      questionId: string,
      message: NewMessage,
    ): Promise<Message | undefined> {
      const { messages } = await ready();
      const question = await messages.findOne(
        { _id: new ObjectId(questionId), ...keyOf(userId, conversationId) },
        { projection: { _id: 1 } },
      );
      return question === null ? undefined : this.add(userId, conversationId, message);
    },

    /** The latest messages, oldest first. */
    async latest(userId: string, conversationId: string, limit: number): Promise<Message[]> {
      const { messages } = await ready();
      const rows = await messages
        .find(keyOf(userId, conversationId))
        .sort(sortOf(NEWEST_FIRST))
        .limit(limit)
        .toArray();
      return rows.reverse().map(shown);
    },

    /** Messages after one instant and before another, oldest first. */
    async between(
      userId: string,
      conversationId: string,
      { after, before, limit }: { after: Date | undefined; before: Date; limit: number },
    ): Promise<Message[]> {
      const { messages } = await ready();
      const rows = await messages
        .find({
          ...keyOf(userId, conversationId),
          timestamp: { ...(after === undefined ? {} : { $gt: after }), $lt: before },
        })
        .sort({ timestamp: 1, _id: 1 })
        .limit(limit)
        .toArray();
      return rows.map(shown);
    },

    /**
     * A page of messages, newest first.
     * @throws InvalidCursorError
     */
    async page(
      userId: string,
      conversationId: string,
      { limit, cursor }: { limit: number; cursor?: string | undefined },
    ): Promise<{ rows: Message[]; nextCursor: string | null }> {
      const { messages } = await ready();
      const rows = await messages
        .find({ $and: [keyOf(userId, conversationId), afterCursor(NEWEST_FIRST, cursor)] })
        .sort(sortOf(NEWEST_FIRST))
        .limit(limit + 1)
        .toArray();
      const page = cutPage(NEWEST_FIRST, rows, limit);
      return { rows: page.rows.map(shown), nextCursor: page.nextCursor };
    },

    /** The messages of a turn, oldest first, with their conversation; empty when the user has no such turn. */
    async turn(userId: string, turnId: string): Promise<{ conversationId: string; message: Message }[]> {
      const { messages } = await ready();
      const rows = await messages
        .find({ userId: ownerOf(userId), turnId })
        .sort({ timestamp: 1, _id: 1 })
        .limit(10)
        .toArray();
      return rows.map((row) => ({ conversationId: row.conversation_id, message: shown(row) }));
    },

    /** Removes everything of a user; returns rows removed by collection. */
    async erase(userId: string): Promise<Record<string, number>> {
      const { conversations, messages } = await ready();
      // Rows may have been stored under either form of the id.
      const owner = { userId: { $in: [ownerOf(userId), userId] } };
      const [history, records] = [await messages.deleteMany(owner), await conversations.deleteMany(owner)];
      return { chat_history: history.deletedCount, conversations: records.deletedCount };
    },

    /** Records of a user as they are stored. */
    async *allConversations(userId: string): AsyncGenerator<object> {
      const { conversations } = await ready();
      yield* conversations.find({ userId: { $in: [ownerOf(userId), userId] } });
    },

    /** Messages of a user as they are stored. */
    async *allMessages(userId: string): AsyncGenerator<object> {
      const { messages } = await ready();
      yield* messages.find({ userId: { $in: [ownerOf(userId), userId] } });
    },
  };
}

export type ConversationStore = ReturnType<typeof createConversationStore>;
