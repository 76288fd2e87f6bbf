import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace';
import type { ServiceName } from '@orrery/contracts';
import { redactText } from './redaction.ts';

export interface TracingOptions {
  /** Base address of an OTLP/HTTP collector; without it spans are made and propagated but sent nowhere. */
  otlpEndpoint?: string;
  /** Extra processors, for tests. */
  processors?: readonly SpanProcessor[];
}

export interface SpanOptions {
  kind?: SpanKind;
  attributes?: Attributes;
  /** W3C `traceparent` that caused the work; default the span at hand, else a new trace. */
  traceparent?: string | undefined;
}

/** Traces of one service. */
export interface Tracing {
  /** Runs work in a span of its own; a throw marks the span as failed. */
  inSpan<Result>(name: string, options: SpanOptions, work: (span: Span) => Promise<Result>): Promise<Result>;
  /** Starts a span that somebody else ends, and runs `enter` within it. */
  openSpan(name: string, options: SpanOptions, enter: (span: Span) => void): void;
  /** Sends what is still waiting. */
  stop(): Promise<void>;
}

/** Id of the trace at hand in 32 hexadecimal digits; undefined outside of any. */
export const currentTraceId = (): string | undefined => trace.getActiveSpan()?.spanContext().traceId;

/** W3C trace headers of the span at hand; empty outside of any. */
export const traceHeaders = (): Record<string, string> => {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
};

const parentOf = (traceparent: string | undefined): Context =>
  traceparent === undefined ? context.active() : propagation.extract(context.active(), { traceparent });

const exportTo = async (otlpEndpoint: string): Promise<SpanProcessor> => {
  // Loaded only when somebody collects: it is larger than the rest of tracing together.
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const url = `${otlpEndpoint.replace(/\/+$/, '')}/v1/traces`;
  return new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) });
};

const tracingWith = (provider: TracerProvider, tracer: Tracer): Tracing => ({
  inSpan: async (name, { kind = SpanKind.INTERNAL, attributes = {}, traceparent }, work) => {
    const parent = parentOf(traceparent);
    const span = tracer.startSpan(name, { kind, attributes }, parent);
    try {
      return await context.with(trace.setSpan(parent, span), () => work(span));
    } catch (error) {
      const message = redactText(error instanceof Error ? error.message : String(error));
      span.setStatus({ code: SpanStatusCode.ERROR, message });
      throw error;
    } finally {
      span.end();
    }
  },
  openSpan: (name, { kind = SpanKind.INTERNAL, attributes = {}, traceparent }, enter) => {
    const parent = parentOf(traceparent);
    const span = tracer.startSpan(name, { kind, attributes }, parent);
    context.with(trace.setSpan(parent, span), () => {
      enter(span);
    });
  },
  stop: () => provider.shutdown(),
});

/**
 * Starts the traces of a service. The context manager and the W3C propagator belong to the whole process and are
 * installed by the first service; each service has a provider of its own, so that spans name the right service.
 * @param service name of the service
 * @param options where spans go
 */
export const startTracing = async (service: ServiceName, options: TracingOptions = {}): Promise<Tracing> => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const exporters = options.otlpEndpoint === undefined ? [] : [await exportTo(options.otlpEndpoint)];
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.namespace': 'orrery' }),
    spanProcessors: [...exporters, ...(options.processors ?? [])],
  });
  return tracingWith(provider, provider.getTracer('@orrery/service-kit'));
};
