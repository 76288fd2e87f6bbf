export * from './auth/identity.ts';
export * from './auth/require-audience.ts';
export * from './auth/service-token.ts';
export * from './config/common-config.ts';
export * from './config/load-config.ts';
export * from './define-service.ts';
export * from './errors/app-error.ts';
export {
  defineError,
  findErrorDefinition,
  type CommonErrorCode,
  type ErrorDefinition,
} from './errors/error-codes.ts';
export { isDatabaseUnavailable, isTransient } from './errors/is-transient.ts';
export { toAppError } from './errors/to-app-error.ts';
export type { HealthProbe, Readiness } from './health/health-routes.ts';
export { buildOpenApi, type OpenApiDocument, type OpenApiInfo } from './http/build-openapi.ts';
export { shapeError, type ErrorReply } from './http/error-shapes.ts';
export { byteLimit, type ByteLimitOptions } from './http/byte-limit.ts';
export { chooseLanguage } from './http/choose-language.ts';
export { eventStream, type StreamEvent } from './http/event-stream.ts';
export { IDEMPOTENCY_COLLECTION } from './http/idempotency-key.ts';
export { listen, type ListeningServer } from './http/http-server.ts';
export { respondWithProblem, type ProblemContext } from './http/respond-with-problem.ts';
export type { CallOptions, ClientInput, ClientReply, ServiceClient } from './http/service-client.ts';
export * from './jobs/job-desk.ts';
export { openLogDestination, type LogDestination } from './observability/log-destination.ts';
export { createLogger, userDigest, type LogLevel } from './observability/logger.ts';
export { createMetrics, type ServiceMetrics } from './observability/metrics.ts';
export { REDACTED, REDACTED_PATHS, redactText } from './observability/redaction.ts';
export {
  acceptRequestId,
  currentContext,
  runWithContext,
  type RequestContext,
} from './observability/request-context.ts';
export {
  currentTraceId,
  startTracing,
  traceHeaders,
  type SpanOptions,
  type Tracing,
} from './observability/tracing.ts';
export { COMMON_HOLDINGS, type Holding } from './privacy/holding.ts';
export { openUserData, type UserData, type UserDataOptions } from './privacy/user-data.ts';
export { openUserMarks, type UserMark } from './privacy/user-marks.ts';
export { runProcess, runServices, type RunningServices, type RunOptions } from './run-process.ts';
export { reportFault, runServer } from './run-server.ts';
export { startBus, startService, type StartedService, type StartOptions } from './start-service.ts';
export { openTaskThreads, type TaskThreads, type TaskThreadsOptions } from './threads/task-threads.ts';
