import type { ServerResponse } from 'node:http';
import type { ErrorShape } from '@orrery/contracts';
import type { Logger } from 'pino';
import { toAppError } from '../errors/to-app-error.ts';
import { shapeError } from './error-shapes.ts';

export interface ProblemContext {
  requestId: string;
  logger: Logger;
  /** Default `problem`. */
  shape?: ErrorShape;
}

/**
 * Answers a request with an error; the only place that does. What is not an AppError is logged with its cause and
 * shown as `internal`: no stack, host, path or secret reaches the caller. A reply that has begun is cut off instead.
 * @param response the reply, not ended
 * @param thrown what was thrown
 * @param context request id, logger and the error shape of the route
 */
export const respondWithProblem = (
  response: ServerResponse,
  thrown: unknown,
  context: ProblemContext,
): void => {
  const error = toAppError(thrown);
  const report = { err: error.cause ?? error, code: error.code, status: error.status };
  if (error.status >= 500) {
    context.logger.error(report, 'request failed');
  } else {
    context.logger.debug(report, 'request refused');
  }
  if (response.writableEnded || response.destroyed) {
    return;
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, contentType, body } = shapeError(error, context.shape ?? 'problem', context.requestId);
  const text = JSON.stringify(body);
  for (const name of [
    'Content-Encoding',
    'Content-Disposition',
    'ETag',
    'Last-Modified',
    'Transfer-Encoding',
  ]) {
    response.removeHeader(name);
  }
  for (const [name, value] of Object.entries(error.headers)) {
    response.setHeader(name, value);
  }
  response.statusCode = status;
  response.setHeader('Content-Type', contentType);
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
};
