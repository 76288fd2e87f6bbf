import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { ServiceName } from '@orrery/contracts';
import type { Identity } from '../auth/identity.ts';

/** What is known about the work at hand, be it a request, an event or a job. */
export interface RequestContext {
  service: ServiceName;
  /** `X-Request-ID` of the request that started it all. */
  requestId: string;
  /** User the work is about. */
  userId?: string;
  identity?: Identity;
  /** Path template of the route that answers, for metrics. */
  route?: string;
  /** Id of the event or job at work. */
  workId?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

// Printable and short, so that an id is safe in a header, a log line and an event.
const REQUEST_ID = /^[A-Za-z0-9._:+/=-]{1,128}$/;

/**
 * Runs work within a context that logs, events and calls to other services pick up.
 * @param context what is known
 * @param work what to run
 */
export const runWithContext = <Result>(context: RequestContext, work: () => Result): Result =>
  storage.run(context, work);

/** The context of the work at hand; undefined outside of any. */
export const currentContext = (): RequestContext | undefined => storage.getStore();

/**
 * Keeps a request id that came from outside, or makes a new one when it is missing or unsafe.
 * @param incoming value of `X-Request-ID`
 */
export const acceptRequestId = (incoming: string | undefined): string =>
  incoming !== undefined && REQUEST_ID.test(incoming) ? incoming : randomUUID();
