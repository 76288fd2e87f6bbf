import { MODEL_USAGE_HOLDING } from '@orrery/language-model';
import type { Holding } from '@orrery/service-kit';
import { z } from 'zod';

/** What this service holds about users in its own database; conversations are named in the README and exported too. */
export const HOLDINGS: readonly Holding[] = [
  MODEL_USAGE_HOLDING,
  {
    collection: 'waiting_acts',
    owner: 'userId',
    purpose: 'A change that the assistant proposed and the user has not confirmed yet',
    retention: '10 minutes',
    hidden: ['_id', 'actId'],
    fields: z.object({
      _id: z.string().describe('Digest of owner and conversation'),
      userId: z.string().describe('Owner'),
      actId: z.string().describe('Keeps the change from being made twice'),
      act: z.unknown().describe('The change'),
      proposal: z.string().describe('The change in words'),
      expiresAt: z.date().describe('When the row goes'),
    }),
  },
  {
    collection: 'conversation_summaries',
    owner: 'userId',
    purpose: 'What a long conversation was about before its latest messages',
    retention: 'until the conversation is deleted',
    hidden: ['_id'],
    fields: z.object({
      _id: z.string().describe('Digest of owner and conversation'),
      userId: z.string().describe('Owner'),
      text: z.string().describe('The summary'),
      upTo: z.date().describe('Until which message it reaches'),
    }),
  },
  {
    collection: 'pushes',
    owner: 'userId',
    purpose: 'News on their way to open sockets',
    retention: '10 minutes',
    fields: z.object({
      _id: z.string().describe('The event that it came from'),
      userId: z.string().describe('Owner'),
      kind: z.string().describe('Alert, mission, advice, bank or budget'),
      subject: z.string().describe('What it is about'),
      createdAt: z.string().describe('When it came true'),
      texts: z.unknown().describe('Its wording by language'),
      storedAt: z.date().describe('When it was stored'),
      expiresAt: z.date().describe('When the row goes'),
    }),
  },
  {
    collection: 'message_counts',
    owner: 'userId',
    purpose: 'How many messages a user sent in the present minute',
    retention: '1 minute',
    hidden: ['_id'],
    fields: z.object({
      _id: z.string().describe('User and minute'),
      userId: z.string().describe('Owner'),
      messages: z.int().describe('Messages in that minute'),
      expiresAt: z.date().describe('When the row goes'),
    }),
  },
];
