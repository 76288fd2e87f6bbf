export * from './auth/identity.ts';
export * from './auth/require-audience.ts';
export * from './auth/service-token.ts';
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
export { shapeError, type ErrorReply } from './http/error-shapes.ts';
export { mountRoutes, type RouteEnvironment } from './http/mount-route.ts';
export { respondWithProblem, type ProblemContext } from './http/respond-with-problem.ts';
export * from './http/service-client.ts';
export * from './jobs/job-desk.ts';
export { createLogger, type LogLevel } from './observability/logger.ts';
export { createMetrics, type ServiceMetrics } from './observability/metrics.ts';
export { REDACTED, REDACTED_PATHS, redactText } from './observability/redaction.ts';
export {
  acceptRequestId,
  currentContext,
  runWithContext,
  type RequestContext,
} from './observability/request-context.ts';
