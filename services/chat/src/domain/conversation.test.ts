import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readClientMessage } from './client-message.ts';
import { completedTurns, roleOf, titleOf, type Message } from './conversation.ts';
import { framesOf } from './frames.ts';

const said = (role: Message['role'], content: string, isPartial = false): Message => ({
  id: content,
  role,
  content,
  sentAt: new Date(0),
  isPartial,
});

describe('a frame of a client', () => {
  it.each([
    ['{"message":"x"}', { kind: 'ask', text: 'x' }],
    ['x', { kind: 'ask', text: 'x' }],
    ['42', { kind: 'ask', text: '42' }],
    ['"hi"', { kind: 'ask', text: '"hi"' }],
    ['null', { kind: 'ask', text: 'null' }],
    ['  ', { kind: 'ignore' }],
    ['{"message":"  "}', { kind: 'ignore' }],
    ['{}', { kind: 'refuse' }],
    ['[1]', { kind: 'refuse' }],
    ['{"message":5}', { kind: 'refuse' }],
    ['{"type":"cancel"}', { kind: 'cancel' }],
    ['y'.repeat(8_001), { kind: 'refuse' }],
    [JSON.stringify({ message: 'y'.repeat(8_001) }), { kind: 'refuse' }],
    ['y'.repeat(8_000), { kind: 'ask', text: 'y'.repeat(8_000) }],
  ])('%.20s is read as the contract says', (frame, expected) => {
    expect(readClientMessage(frame)).toEqual(expected);
  });

  it('is never an exception, whatever is sent', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (frame) => {
        expect(['ask', 'cancel', 'ignore', 'refuse']).toContain(readClientMessage(frame).kind);
      }),
    );
  });
});

describe('what the model sees again', () => {
  it('leaves out questions without an answer and answers that were cut off', () => {
    const seen = completedTurns([
      said('user', 'failed'),
      said('user', 'asked'),
      said('assistant', 'answered'),
      said('user', 'cut'),
      said('assistant', 'cu', true),
      said('user', 'last'),
    ]);

    expect(seen.map(({ content }) => content)).toEqual(['asked', 'answered']);
  });

  it('reads the role of very old rows as the assistant', () => {
    expect(['bot', 'assistant', 'user', 'system', 7].map(roleOf)).toEqual([
      'assistant',
      'assistant',
      'user',
      'system',
      'assistant',
    ]);
  });
});

describe('a title', () => {
  it('has at most five words and no punctuation', () => {
    expect(titleOf('how do I pay off my card, please?')).toBe('How do I pay off');
    expect(titleOf('???')).toBe('New conversation');
    expect(titleOf('지난달 커피에 얼마 썼어?')).toBe('지난달 커피에 얼마 썼어');
  });

  it('always fits the rename route', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), (message) => {
        const title = titleOf(message);

        expect(title.length).toBeGreaterThan(0);
        expect([...title].length).toBeLessThanOrEqual(100);
      }),
    );
  });
});

describe('frames of a turn', () => {
  const usage = { model: 'm', inputTokens: 0, outputTokens: 0 };

  it('stream in one dialect, come whole in the other, and both ways in their union', () => {
    const types = (dialect: 'current' | 'readme' | 'both') =>
      [
        ...framesOf(dialect, { kind: 'delta', text: 'Hel' }),
        ...framesOf(dialect, { kind: 'answer', text: 'Hello', messageId: '1', usage }),
      ].map((frame) => ('type' in frame ? frame.type : 'error'));

    expect(types('current')).toEqual(['full_response', 'status']);
    expect(types('readme')).toEqual(['stream', 'status']);
    expect(types('both')).toEqual(['stream', 'full_response', 'status']);
  });
});
