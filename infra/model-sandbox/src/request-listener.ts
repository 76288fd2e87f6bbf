import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { answerRequest } from './answer-request.ts';
import { CompletionRequest } from './completion-request.ts';
import { Fault, spoiled, type Faults } from './faults.ts';
import { completionOf, streamReply, wholeReply } from './write-completion.ts';

const MAX_BODY_BYTES = 4 * 1024 * 1024;

export interface ListenerParts {
  /** Name of the model that is listed; any other name is taken as well. */
  model: string;
  faults: Faults;
  now(): Date;
  /** Counts completions. */
  counts: { completions: number };
  onFault(error: unknown): void;
}

/** An error in the form of OpenAI's servers. */
class ApiError extends Error {
  readonly status: number;
  readonly type: string;
  readonly headers: Record<string, string>;

  constructor(status: number, type: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.type = type;
    this.headers = headers;
  }
}

const sendJson = (
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void => {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
};

const readJson = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_BODY_BYTES) {
      throw new ApiError(413, 'invalid_request_error', 'The request is too large.');
    }
    chunks.push(bytes);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new ApiError(400, 'invalid_request_error', 'The body is not valid JSON.');
  }
};

const parsed = <Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> => {
  const result = schema.safeParse(value);
  if (!result.success) {
    throw new ApiError(400, 'invalid_request_error', z.prettifyError(result.error));
  }
  return result.data;
};

const isLocal = ({ socket: { remoteAddress } }: IncomingMessage): boolean =>
  remoteAddress === '127.0.0.1' || remoteAddress === '::1' || remoteAddress === '::ffff:127.0.0.1';

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Answers the HTTP requests of the sandbox: `/v1/models`, `/v1/chat/completions`, and control routes on loopback.
 * @param parts the model's name, faults and clock
 */
export function createRequestListener(parts: ListenerParts): RequestListener {
  const { faults, now, counts } = parts;

  const complete: Handler = async (request, response) => {
    const asked = parsed(CompletionRequest, await readJson(request));
    if ((asked.n ?? 1) !== 1) {
      throw new ApiError(400, 'invalid_request_error', 'n must be 1.');
    }
    counts.completions += 1;
    const fault = faults.take();
    if (fault?.kind === 'status') {
      const headers: Record<string, string> =
        fault.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(fault.retryAfterSeconds) };
      throw new ApiError(
        fault.status,
        fault.status === 429 ? 'rate_limit_exceeded' : 'server_error',
        'This error was asked for.',
        headers,
      );
    }
    if (fault?.kind === 'hang') {
      return;
    }
    if (fault?.kind === 'garbage') {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>not what you asked for</html>');
      return;
    }
    if (fault !== undefined && fault.delayMs > 0) {
      await pause(fault.delayMs);
    }
    const said = spoiled(answerRequest(asked, now()), fault);
    const completion = completionOf(asked, said, now());
    if (asked.stream !== true) {
      if (fault?.kind === 'cut') {
        response.destroy();
        return;
      }
      sendJson(response, 200, wholeReply(completion));
      return;
    }
    streamReply(response, completion, {
      withUsage: asked.stream_options?.include_usage === true,
      ...(fault?.kind === 'cut' ? { cutAfter: fault.afterPieces } : {}),
    });
  };

  const routes: Readonly<Record<string, Handler>> = {
    'GET /health': (_request, response) => {
      sendJson(response, 200, { status: 'ok' });
      return Promise.resolve();
    },
    'GET /v1/models': (_request, response) => {
      const model = { id: parts.model, object: 'model', created: 0, owned_by: 'orrery' };
      sendJson(response, 200, { object: 'list', data: [model] });
      return Promise.resolve();
    },
    'POST /v1/chat/completions': complete,
    'GET /_control/counts': (_request, response) => {
      sendJson(response, 200, counts);
      return Promise.resolve();
    },
    'POST /_control/faults': async (request, response) => {
      faults.add(parsed(Fault, await readJson(request)));
      sendJson(response, 200, { status: 'ok' });
    },
    'DELETE /_control/faults': (_request, response) => {
      faults.clear();
      sendJson(response, 200, { status: 'ok' });
      return Promise.resolve();
    },
  };

  const answer: Handler = async (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const handler = routes[`${request.method ?? ''} ${path}`];
    if (handler === undefined || (path.startsWith('/_control/') && !isLocal(request))) {
      throw new ApiError(404, 'invalid_request_error', `There is no ${request.method ?? ''} ${path}.`);
    }
    await handler(request, response);
  };

  return (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!(error instanceof ApiError)) {
        parts.onFault(error);
      }
      const shown =
        error instanceof ApiError ? error : new ApiError(500, 'server_error', 'Something went wrong.');
      if (response.headersSent || response.destroyed) {
        response.destroy();
        return;
      }
      const body = { error: { message: shown.message, type: shown.type, param: null, code: null } };
      sendJson(response, shown.status, body, shown.headers);
    });
  };
}
