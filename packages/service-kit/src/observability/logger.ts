import { createHash } from 'node:crypto';
import type { ServiceName } from '@orrery/contracts';
import { pino, type DestinationStream, type Logger } from 'pino';
import { isErrorLike } from '../errors/error-like.ts';
import { logToStandardOutput } from './log-destination.ts';
import { currentContext } from './request-context.ts';
import { REDACTED, REDACTED_PATHS, redactText } from './redaction.ts';
import { currentTraceId } from './tracing.ts';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

const CAUSE_LIMIT = 5;
const USER_DIGEST_CHARACTERS = 16;

/**
 * What stands in a log line for a user: enough to find all lines of one user whose id is known, and no id, so that the
 * log has nothing to forget when the user is erased.
 * @param userId the user
 */
export const userDigest = (userId: string): string =>
  createHash('sha256').update(userId).digest('base64url').slice(0, USER_DIGEST_CHARACTERS);

const serializeError = (error: unknown, depth = 0): unknown => {
  if (!isErrorLike(error)) {
    return { message: redactText(String(error)) };
  }
  const { name, message, code, stack, cause } = error;
  return {
    type: name,
    message: redactText(message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof stack === 'string' ? { stack: redactText(stack) } : {}),
    ...(cause === undefined || depth >= CAUSE_LIMIT ? {} : { cause: serializeError(cause, depth + 1) }),
  };
};

/**
 * A service's logger: JSON lines with the service, and the request id, user and trace of the work at hand.
 * @param service name of the service
 * @param level lowest level that is written
 * @param destination where lines go; default standard output
 */
export const createLogger = (
  service: ServiceName,
  level: LogLevel = 'info',
  destination?: DestinationStream,
): Logger => {
  const options = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    messageKey: 'message',
    errorKey: 'err',
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: [...REDACTED_PATHS], censor: REDACTED },
    serializers: { err: (error: unknown) => serializeError(error) },
    mixin: () => {
      const context = currentContext();
      const traceId = currentTraceId();
      return {
        ...(context === undefined ? {} : { requestId: context.requestId }),
        ...(context?.userId === undefined ? {} : { user: userDigest(context.userId) }),
        ...(context?.workId === undefined ? {} : { workId: context.workId }),
        ...(traceId === undefined ? {} : { traceId }),
      };
    },
  };
  return pino(options, destination ?? logToStandardOutput());
};
