import type { Message, Role } from './conversation.ts';

/** The two forms of the socket that clients know, and their union. */
export const DIALECTS = ['current', 'readme', 'both'] as const;
export type Dialect = (typeof DIALECTS)[number];

/** News about the user's money that is pushed to open sockets. */
export interface Notification {
  kind: 'advice' | 'alert' | 'bank' | 'budget' | 'mission';
  id: string;
  title: string;
  text: string;
  createdAt: string;
}

/** One frame to a client. */
export type Frame =
  | { type: 'conversation_id'; data: string }
  | { type: 'title'; data: string }
  | { type: 'initial_history'; data: { role: Role; content: string }[] }
  | { type: 'stream'; data: string; turn?: string; index?: number }
  | { type: 'full_response'; data: string }
  | { type: 'status'; data: 'done' | 'cancelled' }
  | { type: 'turn'; data: { id: string } }
  | { type: 'notification'; data: Notification }
  | { type: 'error'; data: string }
  | { error: string };

/** The sentence of the contract for a message that could not be handled. */
export const ERROR_TEXT = 'Sorry, I encountered an error processing your request. Please try again.';

/** What happens while a message is answered, in order. */
export type TurnEvent =
  | { kind: 'delta'; text: string }
  | { kind: 'tool'; name: string }
  /** The conversation was new and got a title; it may come before or after the answer. */
  | { kind: 'title'; title: string }
  /** The whole answer, after it was stored. */
  | { kind: 'answer'; text: string; messageId: string; usage: TurnUsage }
  | { kind: 'cancelled' }
  | { kind: 'failed'; code: string; text: string };

/** Tokens that the model reported, and which model it was. */
export interface TurnUsage {
  model: string;
  inputTokens: number;
  outputTokens: number;
}

/**
 * Whether nothing but a title can follow.
 * @param event what happened
 */
export const isLast = (event: TurnEvent): boolean =>
  event.kind === 'answer' || event.kind === 'cancelled' || event.kind === 'failed';

/**
 * The frames that tell a client of a dialect about an event of a turn.
 * @param dialect what the client speaks
 * @param event what happened
 * @param place where it stands in the turn, for clients that want to resume
 */
export function framesOf(
  dialect: Dialect,
  event: TurnEvent,
  place?: { turn: string; index: number },
): Frame[] {
  switch (event.kind) {
    case 'delta':
      return dialect === 'current' ? [] : [{ type: 'stream', data: event.text, ...place }];
    case 'answer':
      return [
        ...(dialect === 'readme' ? [] : [{ type: 'full_response' as const, data: event.text }]),
        { type: 'status', data: 'done' },
      ];
    case 'cancelled':
      return [{ type: 'status', data: 'cancelled' }];
    case 'failed':
      return [{ type: 'error', data: event.text }];
    case 'title':
      return dialect === 'current' ? [] : [{ type: 'title', data: event.title }];
    case 'tool':
      return [];
  }
}

/**
 * The frame with the latest messages.
 * @param messages oldest first
 */
export const historyFrame = (messages: readonly Message[]): Frame => ({
  type: 'initial_history',
  data: messages.map(({ role, content }) => ({ role, content })),
});
