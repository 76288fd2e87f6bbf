import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { defineEvent } from './define-event.ts';
import { breakingChanges, publishedSchemaOf } from './published-events.ts';

const released = z.object({
  userId: z.string().max(64),
  rows: z
    .array(z.object({ id: z.string(), state: z.enum(['open', 'closed']), note: z.string().optional() }))
    .max(200),
});

const schemaOf = (data: z.ZodType) =>
  publishedSchemaOf(
    defineEvent({
      name: 'thing.happened',
      version: 1,
      producer: 'ingestion',
      consumers: ['insights'],
      summary: 'A thing happened',
      data,
    }),
  );

const row = released.shape.rows.element;

describe('a released event schema', () => {
  it.each([
    ['stays as it is', released],
    ['gains an optional field', released.extend({ source: z.string().optional() })],
    [
      'gains an optional field deep inside',
      released.extend({ rows: z.array(row.extend({ tag: z.int().optional() })).max(200) }),
    ],
    ['gets a description', released.describe('What happened')],
  ])('may be one that %s', (_change, current) => {
    expect(breakingChanges(schemaOf(released), schemaOf(current))).toEqual([]);
  });

  it.each([
    ['loses a field', released.omit({ userId: true })],
    ['gains a required field', released.extend({ source: z.string() })],
    ['makes a field optional', released.extend({ userId: z.string().max(64).optional() })],
    ['makes a field required', released.extend({ rows: z.array(row.extend({ note: z.string() })).max(200) })],
    ['changes a type', released.extend({ userId: z.int() })],
    ['narrows a limit', released.extend({ userId: z.string().max(32) })],
    ['drops a limit', released.extend({ userId: z.string() })],
    [
      'adds a value to a list',
      released.extend({ rows: z.array(row.extend({ state: z.enum(['open', 'closed', 'lost']) })).max(200) }),
    ],
    ['allows null', released.extend({ userId: z.string().max(64).nullable() })],
  ])('may not be one that %s', (_change, current) => {
    expect(breakingChanges(schemaOf(released), schemaOf(current))).not.toEqual([]);
  });
});
