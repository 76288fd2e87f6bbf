import type { ServiceName } from '@orrery/contracts';
import { pino, type DestinationStream, type Logger } from 'pino';
import { currentContext } from './request-context.ts';
import { REDACTED, REDACTED_PATHS, redactText } from './redaction.ts';
import { currentTraceId } from './tracing.ts';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

const CAUSE_LIMIT = 5;

const serializeError = (error: unknown, depth = 0): unknown => {
  if (!(error instanceof Error)) {
    return { message: redactText(String(error)) };
  }
  return {
    type: error.name,
    message: redactText(error.message),
    ...('code' in error && (typeof error.code === 'string' || typeof error.code === 'number')
      ? { code: error.code }
      : {}),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(error.cause === undefined || depth >= CAUSE_LIMIT
      ? {}
      : { cause: serializeError(error.cause, depth + 1) }),
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
        ...(context?.userId === undefined ? {} : { userId: context.userId }),
        ...(context?.workId === undefined ? {} : { workId: context.workId }),
        ...(traceId === undefined ? {} : { traceId }),
      };
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
};
