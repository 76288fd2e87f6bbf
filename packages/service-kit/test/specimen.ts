import { defineRoute, type EventDefinition } from '@orrery/contracts';
import { TransactionsCategorized, TransactionsRemoved } from '@orrery/contracts';
import { newEvent, subscribe } from '@orrery/messaging';
import type { Connection } from 'mongoose';
import { z } from 'zod';
import { defineService, handle, type Job, type Runtime, type ServiceModule } from '../src/define-service.ts';
import { AppError } from '../src/errors/app-error.ts';
import { currentContext } from '../src/observability/request-context.ts';

const base = { summary: 'A test', tag: 'Tests', audience: 'user' } as const;

export const AddNote = defineRoute({
  ...base,
  method: 'post',
  path: '/v1/notes',
  operationId: 'addNote',
  body: z.object({ text: z.string().min(1), dieAfterEffect: z.boolean().default(false) }),
  responses: { 201: z.object({ id: z.string(), text: z.string() }) },
  idempotent: true,
});

export const CountNotes = defineRoute({
  ...base,
  method: 'get',
  path: '/v1/notes/count',
  operationId: 'countNotes',
  responses: { 200: z.object({ count: z.int() }) },
});

export const Slow = defineRoute({
  ...base,
  method: 'get',
  path: '/v1/slow',
  operationId: 'slow',
  responses: { 200: z.object({ done: z.boolean() }) },
});

export const Upload = defineRoute({
  ...base,
  method: 'post',
  path: '/v1/uploads',
  operationId: 'upload',
  bodyKind: 'multipart',
  responses: { 201: z.object({ uploads: z.int() }) },
  idempotent: true,
});

export interface Specimen {
  module: ServiceModule;
  /** Ends requests to /v1/slow. */
  releaseSlow(): void;
  /** Resolves when a request to /v1/slow is at work. */
  slowArrived: Promise<void>;
  /** Contexts in which events were handled. */
  handled: { requestId: string | undefined; userId: string | undefined; type: string }[];
  runtime(): Runtime<unknown>;
}

/** A service with a bit of everything, under the name of one that may state and hear events. */
export const specimen = (
  options: { jobs?: readonly Job[]; failEvents?: () => Error | undefined } = {},
): Specimen => {
  let release: () => void = () => undefined;
  const slowEnds = new Promise<void>((resolve) => {
    release = resolve;
  });
  let arrive: () => void = () => undefined;
  const slowArrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const handled: Specimen['handled'] = [];
  let given: Runtime<unknown> | undefined;

  const countOf = (mongo: Connection, name: string): Promise<number> =>
    mongo.collection(name).countDocuments();
  const listen = (definition: EventDefinition<(typeof TransactionsRemoved)['data']>) =>
    subscribe(definition, 'categorization', async (event) => {
      const context = currentContext();
      handled.push({ requestId: context?.requestId, userId: context?.userId, type: event.type });
      const error = options.failEvents?.();
      if (error !== undefined) {
        throw error;
      }
      return Promise.resolve();
    });

  const module = defineService({
    name: 'categorization',
    config: z.object({}),
    create: async (runtime) => {
      given = runtime;
      const { mongo, inTransaction, recordEvents } = runtime;
      await mongo.createCollection('notes');
      await mongo.createCollection('uploads');
      return {
        routes: [
          handle(AddNote, async ({ body, identity, keepReply, requestId }) => {
            const reply = { status: 201, body: { id: requestId, text: body.text } } as const;
            await inTransaction(async (session) => {
              await mongo.collection('notes').insertOne({ text: body.text }, { session });
              await recordEvents(session, [
                newEvent(TransactionsCategorized, identity.userId ?? '', {
                  userId: identity.userId ?? '',
                  transactions: [
                    {
                      transactionId: 't-1',
                      rowVersion: 1,
                      accountId: 'a-1',
                      source: 'manual',
                      postedOn: '2026-03-01',
                      description: body.text,
                      amountMinor: -100,
                      currency: 'EUR',
                      pending: false,
                      decision: {
                        category: null,
                        confidence: 0,
                        decision: 'none',
                        source: 'none',
                        merchant: null,
                        decisionVersion: 1,
                      },
                    },
                  ],
                }),
              ]);
              await keepReply(session, reply);
            });
            if (body.dieAfterEffect) {
              throw new AppError('unavailable');
            }
            return reply;
          }),
          handle(CountNotes, async () => ({ status: 200, body: { count: await countOf(mongo, 'notes') } })),
          handle(Slow, async () => {
            arrive();
            await slowEnds;
            return { status: 200, body: { done: true } };
          }),
          handle(Upload, async ({ stream }) => {
            for await (const _chunk of stream) {
              // Only the arrival matters here.
            }
            await mongo.collection('uploads').insertOne({ at: new Date() });
            return { status: 201, body: { uploads: await countOf(mongo, 'uploads') } };
          }),
        ],
        subscriptions: [listen(TransactionsRemoved)],
        jobs: options.jobs ?? [],
      };
    },
  });

  return {
    module,
    handled,
    slowArrived,
    releaseSlow: () => {
      release();
    },
    runtime: () => {
      if (given === undefined) {
        throw new Error('The specimen has not been started');
      }
      return given;
    },
  };
};
