import { MAX_MESSAGE_CHARACTERS } from './conversation.ts';

/** What a client wants when it sends a frame. */
export type ClientMessage =
  { kind: 'ask'; text: string } | { kind: 'cancel' } | { kind: 'ignore' } | { kind: 'refuse' };

const isTooLong = (text: string): boolean => text.length > MAX_MESSAGE_CHARACTERS;

const asked = (text: string): ClientMessage => {
  if (isTooLong(text)) {
    return { kind: 'refuse' };
  }
  return text.trim() === '' ? { kind: 'ignore' } : { kind: 'ask', text: text.trim() };
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // Plain text is the other way to ask.
    return text;
  }
};

/**
 * Reads a frame of either dialect: plain text, or an object with `message`. Plain text that happens to be a JSON number
 * or string is a question like any other; an object or a list that carries no text is refused.
 * @param frame the text of the frame
 */
export function readClientMessage(frame: string): ClientMessage {
  const value = parsed(frame);
  if (typeof value !== 'object' || value === null) {
    return asked(frame);
  }
  if ('message' in value) {
    return typeof value.message === 'string' ? asked(value.message) : { kind: 'refuse' };
  }
  return 'type' in value && value.type === 'cancel' ? { kind: 'cancel' } : { kind: 'refuse' };
}
