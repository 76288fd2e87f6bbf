/** Who said something; very old rows say `bot` for the assistant. */
export type Role = 'user' | 'assistant' | 'system';

/** One message as it is shown. */
export interface Message {
  id: string;
  role: Role;
  content: string;
  sentAt: Date;
  /** The turn that it belongs to; rows of the Python service have none. */
  turnId?: string;
  /** The answer was cut off by a failure, a cancellation or a lost connection. */
  isPartial: boolean;
}

/** Longest id of a conversation: a UUID, `default_<user id>`, `fixed_convo_<user id>`, or what a client chose. */
export const MAX_CONVERSATION_ID = 200;

/** Messages that a client gets when it connects, and that the model always sees, newest ones first to stay. */
export const HISTORY_LIMIT = 20;

/** Most characters of one message. */
export const MAX_MESSAGE_CHARACTERS = 8_000;

/**
 * The conversation of a user whose client names none, as the newest Python service calls it.
 * @param userId owner
 */
export const defaultConversationId = (userId: string): string => `default_${userId}`;

/**
 * Role of a stored row.
 * @param stored what stands in the row
 */
export const roleOf = (stored: unknown): Role =>
  stored === 'user' || stored === 'system' ? stored : 'assistant';

/**
 * The messages that a model may see again: each question with its answer. A question whose turn failed, and an answer
 * that was cut off, are left out, so that no old question is answered a second time.
 * @param messages oldest first
 */
export function completedTurns(messages: readonly Message[]): Message[] {
  const whole = messages.filter(({ isPartial }) => !isPartial);
  return whole.filter(({ role }, index) => role !== 'user' || whole[index + 1]?.role === 'assistant');
}

const TITLE_WORDS = 5;
const MAX_TITLE = 100;

/**
 * A title made of the first words of a message: at most five words without punctuation, as the contract asks.
 * @param message the first message of a conversation
 */
export function titleOf(message: string): string {
  const words = message
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}\p{M}'’%£€$₩ -]+/gu, ' ')
    .trim()
    .split(/\s+/)
    .slice(0, TITLE_WORDS)
    .join(' ');
  const title = [...words].slice(0, MAX_TITLE).join('').trim();
  return title === '' ? 'New conversation' : title.charAt(0).toUpperCase() + title.slice(1);
}
