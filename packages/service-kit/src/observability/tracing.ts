import { trace } from '@opentelemetry/api';

/** Id of the trace at hand in 32 hexadecimal digits; undefined outside of any. */
export const currentTraceId = (): string | undefined => trace.getActiveSpan()?.spanContext().traceId;
