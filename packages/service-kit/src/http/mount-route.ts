import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReplySchema, RouteDefinition, StreamReply } from '@orrery/contracts';
import type { Express, Request, Response } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Identity } from '../auth/identity.ts';
import { requireAudience } from '../auth/require-audience.ts';
import type { MountedRoute, RouteInput, UntypedReply } from '../define-service.ts';
import { AppError } from '../errors/app-error.ts';
import type { ServiceMetrics } from '../observability/metrics.ts';
import { currentContext, type RequestContext } from '../observability/request-context.ts';
import {
  hashRequest,
  requireKeyForm,
  StreamHash,
  type IdempotencyClaim,
  type IdempotencyStore,
  type IdempotentRequest,
  type KeptReply,
} from './idempotency-key.ts';
import {
  DEFAULT_BODY_LIMIT_BYTES,
  limitedBody,
  parseJsonBody,
  readBody,
  requireContentType,
} from './read-body.ts';
import { respondWithProblem } from './respond-with-problem.ts';
import { multipartFields, singleForm, singleQuery, validateInput } from './validate-input.ts';

/** What mounted routes need from the service they run in. */
export interface RouteEnvironment {
  logger: Logger;
  metrics: ServiceMetrics;
  /** Absent when the service has no database; `Idempotency-Key` is then ignored. */
  idempotency?: IdempotencyStore;
  /** Longest time a handler may take before it is answered with 503; default 25 s. */
  deadlineMs?: number;
}

// Below the gateway's 28 s and above the database's 5 s, so that the innermost party reports first.
const DEADLINE_MS = 25_000;

const LINGER_MS = 2_000;

interface IncomingBody {
  /** Parsed JSON or form fields. */
  parsed: unknown;
  stream: Readable;
  streamHash?: StreamHash;
}

const isStreamReply = (schema: ReplySchema): schema is StreamReply => !(schema instanceof z.ZodType);

const receiveBody = async (route: RouteDefinition, request: Request): Promise<IncomingBody> => {
  const limit = route.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES;
  const kind = route.bodyKind ?? 'json';
  if (kind === 'multipart' || kind === 'raw') {
    if (kind === 'multipart') {
      requireContentType(request, ['multipart/form-data']);
    }
    const streamHash = new StreamHash(request.originalUrl, request.headers['content-type'] ?? '');
    const stream = limitedBody(request, limit, (chunk) => {
      streamHash.update(chunk);
    });
    return { parsed: undefined, stream, streamHash };
  }
  const none = Readable.from([]);
  if (route.body === undefined) {
    return { parsed: undefined, stream: none };
  }
  const bytes = await readBody(request, limit);
  if (kind === 'form') {
    if (/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      // As the older systems answer it: readable, but none of the form's fields.
      throw new AppError('validation-failed', {
        fields: [{ field: 'body', message: 'must be a form, application/x-www-form-urlencoded' }],
      });
    }
    const type = request.headers['content-type'] ?? '';
    if (/^multipart\/form-data\b/i.test(type)) {
      return { parsed: await multipartFields(bytes, type), stream: none };
    }
    requireContentType(request, ['application/x-www-form-urlencoded']);
    return { parsed: singleForm(bytes.toString('utf8')), stream: none };
  }
  // FastAPI took a body without a type for JSON, and clients of its routes rely on it.
  const isLegacy = (route.errorShape ?? 'problem') !== 'problem';
  if (bytes.length > 0 && !(isLegacy && request.headers['content-type'] === undefined)) {
    requireContentType(request, ['application/json', '+json']);
  }
  return { parsed: parseJsonBody(bytes), stream: none };
};

const declaredReply = (route: RouteDefinition, status: number): ReplySchema => {
  const schema = route.responses[status];
  if (schema === undefined) {
    throw new AppError('internal', {
      cause: new Error(
        `${route.operationId} answered with status ${String(status)}, which it does not declare`,
      ),
    });
  }
  return schema;
};

const encodeJson = (route: RouteDefinition, reply: { status: number; body: unknown }): string => {
  const schema = declaredReply(route, reply.status);
  if (!(schema instanceof z.ZodType)) {
    throw new AppError('internal', {
      cause: new Error(`${route.operationId} keeps a streamed reply, which cannot be stored`),
    });
  }
  const parsed = schema.safeParse(reply.body);
  if (!parsed.success) {
    throw new AppError('internal', {
      cause: new Error(`${route.operationId} answered outside its schema: ${z.prettifyError(parsed.error)}`),
    });
  }
  return parsed.data === undefined ? '' : JSON.stringify(parsed.data);
};

const sendText = (response: Response, reply: KeptReply): void => {
  response.status(reply.status);
  for (const [name, value] of Object.entries(reply.headers)) {
    response.setHeader(name, value);
  }
  if (reply.body === '') {
    response.end();
    return;
  }
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(reply.body));
  response.end(reply.body);
};

const isAsyncIterable = (value: unknown): value is AsyncIterable<Buffer | string> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

const sendStream = async (
  request: Request,
  response: Response,
  schema: StreamReply,
  reply: UntypedReply,
): Promise<void> => {
  response.status(reply.status);
  response.setHeader('Content-Type', schema.contentType);
  for (const [name, value] of Object.entries(reply.headers ?? {})) {
    response.setHeader(name, value);
  }
  if (!isAsyncIterable(reply.body)) {
    response.end(reply.body);
    return;
  }
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  if (schema.contentType.startsWith('text/event-stream')) {
    response.flushHeaders();
  }
  await pipeline(Readable.from(reply.body), response);
};

const runBefore = async <Result>(
  controller: AbortController,
  deadlineMs: number,
  work: Promise<Result>,
): Promise<Result> => {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new AppError('deadline-exceeded');
      reject(error);
      controller.abort(error);
    }, deadlineMs);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
};

const idempotentRequest = (
  route: RouteDefinition,
  request: Request,
  identity: Identity,
  input: { params: unknown; query: unknown; body: unknown },
  body: IncomingBody,
): IdempotentRequest | undefined => {
  const key = request.headers['idempotency-key'];
  // Without a person behind it a key is not anybody's, and its reply must not be given to a stranger.
  if (route.idempotent !== true || typeof key !== 'string' || identity.kind === 'anonymous') {
    return undefined;
  }
  const { streamHash, stream } = body;
  const fixedHash = streamHash === undefined ? hashRequest(input) : undefined;
  return {
    userId: identity.kind === 'user' ? identity.userId : `service:${identity.caller}`,
    route: route.operationId,
    key: requireKeyForm(key),
    hash: () => fixedHash ?? (stream.readableEnded ? (streamHash?.digest() ?? null) : null),
    drain: async () => {
      for await (const _chunk of stream) {
        // Only its digest is wanted.
      }
    },
  };
};

const claimKey = async (
  environment: RouteEnvironment,
  wanted: IdempotentRequest | undefined,
): Promise<{ claim?: IdempotencyClaim; kept?: KeptReply }> =>
  wanted === undefined || environment.idempotency === undefined ? {} : environment.idempotency.begin(wanted);

const serve = async (
  route: MountedRoute,
  environment: RouteEnvironment,
  context: RequestContext & { identity: Identity },
  request: Request,
  response: Response,
): Promise<void> => {
  const { definition } = route;
  requireAudience(context.identity, definition.audience);
  const query = singleQuery(request.originalUrl);
  const body = await receiveBody(definition, request);
  const input = validateInput(definition, { params: request.params, query, body: body.parsed });
  const { claim, kept } = await claimKey(
    environment,
    idempotentRequest(definition, request, context.identity, input, body),
  );
  if (kept !== undefined) {
    environment.metrics.idempotentReplays.inc({ route: definition.operationId });
    sendText(response, { ...kept, headers: { ...kept.headers, 'Idempotency-Replayed': 'true' } });
    return;
  }

  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) {
      controller.abort(new AppError('malformed-request', { detail: 'The client left.' }));
    }
  });
  const routeInput: RouteInput<unknown, unknown, unknown> = {
    ...input,
    stream: body.stream,
    identity: context.identity,
    requestId: context.requestId,
    request,
    response,
    signal: controller.signal,
    keepReply: async (session, reply) => {
      await claim?.keep(session, { status: reply.status, headers: {}, body: encodeJson(definition, reply) });
    },
  };
  try {
    const reply = await runBefore(
      controller,
      definition.deadlineMs ?? environment.deadlineMs ?? DEADLINE_MS,
      route.handle(routeInput),
    );
    const schema = declaredReply(definition, reply.status);
    if (isStreamReply(schema)) {
      await claim?.abandon();
      await sendStream(request, response, schema, reply);
      return;
    }
    const encoded = {
      status: reply.status,
      headers: reply.headers ?? {},
      body: encodeJson(definition, reply),
    };
    await claim?.finish(encoded);
    sendText(response, encoded);
  } catch (error) {
    await claim?.abandon();
    throw error;
  }
};

const leftEarly = (request: Request, response: Response): boolean =>
  response.destroyed || (request.destroyed && !request.complete);

/** Reads on for a while after an early answer, so that a client that is still sending gets to see it. */
const discardRest = (request: Request): void => {
  if (request.complete) {
    return;
  }
  request.unpipe();
  request.resume();
  const cut = setTimeout(() => {
    request.destroy();
  }, LINGER_MS);
  request.once('close', () => {
    clearTimeout(cut);
  });
};

const asExpressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

// `/v1/rules/preview` has to be tried before `/v1/rules/{id}`, in whatever order a service lists them.
const bySpecificity = (left: string, right: string): number => {
  const ranks = (path: string): string =>
    path
      .split('/')
      .map((segment) => (segment.startsWith('{') ? '1' : '0'))
      .join('');
  return ranks(left) < ranks(right) ? -1 : ranks(left) > ranks(right) ? 1 : 0;
};

const allowedMethods = (routes: readonly MountedRoute[]): string => {
  const methods = routes.map(({ definition }) => definition.method.toUpperCase());
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
};

/**
 * Mounts routes on an Express application: checks the audience, validates the input, runs the handler with a deadline,
 * checks the reply against its schema and answers errors in the shape the route declares.
 * @param app the application, after its sign-in step
 * @param routes the routes in any order
 * @param environment what routes need from their service
 */
export const mountRoutes = (
  app: Express,
  routes: readonly MountedRoute[],
  environment: RouteEnvironment,
): void => {
  const byPath = Map.groupBy(routes, ({ definition }) => definition.path);
  const paths = [...byPath.keys()].sort(bySpecificity);
  for (const path of paths) {
    const here = byPath.get(path) ?? [];
    const mounted = app.route(asExpressPath(path));
    for (const route of here) {
      mounted[route.definition.method](async (request: Request, response: Response) => {
        const context = currentContext();
        if (context?.identity === undefined) {
          throw new AppError('sign-in-required');
        }
        context.route = path;
        const { logger } = environment;
        const shape = route.definition.errorShape ?? 'problem';
        try {
          await serve(route, environment, { ...context, identity: context.identity }, request, response);
        } catch (error) {
          if (leftEarly(request, response)) {
            logger.debug({ err: error }, 'client left before the reply');
            response.destroy();
            return;
          }
          respondWithProblem(response, error, { requestId: context.requestId, logger, shape });
        } finally {
          discardRest(request);
        }
      });
    }
    mounted.all((request: Request, response: Response) => {
      const context = currentContext();
      const allow = allowedMethods(here);
      if (request.method === 'OPTIONS') {
        response.status(204).setHeader('Allow', allow).end();
        return;
      }
      respondWithProblem(response, new AppError('method-not-allowed', { headers: { Allow: allow } }), {
        requestId: context?.requestId ?? '',
        logger: environment.logger,
        shape: here[0]?.definition.errorShape ?? 'problem',
      });
    });
  }
};
