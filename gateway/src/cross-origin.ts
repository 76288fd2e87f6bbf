import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError, defineError } from '@orrery/service-kit';

const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
// What a page without a list of its own may send; one that names headers is allowed those, as Reho's clients expect.
const USUAL_HEADERS =
  'Authorization, Content-Type, Accept, Accept-Language, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, X-Request-ID';
const EXPOSED_HEADERS =
  'X-Request-ID, ETag, Location, Retry-After, RateLimit, RateLimit-Policy, Content-Disposition';
const PREFLIGHT_SECONDS = '600';
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+(?: *, *[\w!#$%&'*+.^`|~-]+)*$/;

// 400 and not 403: the web apps of the systems we stand in for got it from theirs.
const FOREIGN_ORIGIN = defineError('origin-not-allowed', 400, 'Pages of this origin may not call');

/** Which web apps may call. */
export interface CrossOrigin {
  /** Whether the page of this origin may call; a request without `Origin` comes from no page. `null` never may. */
  isAllowed(request: IncomingMessage): boolean;
  /**
   * Adds what a browser needs to show an answer to an allowed page, and answers preflights. A foreign page gets no
   * permission, so that the browser withholds the answer; the request itself needs a token like any other, because a
   * back end that passes a browser's headers on must not be refused.
   * @returns whether the request was a preflight and is answered
   * @throws AppError `origin-not-allowed` for the preflight of a foreign page
   */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
}

const isSameOrigin = (origin: string, host: string | undefined): boolean =>
  host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);

const headersFor = ({ headers }: IncomingMessage): string => {
  const asked = headers['access-control-request-headers'] ?? '';
  return HEADER_NAMES.test(asked) ? asked : USUAL_HEADERS;
};

/**
 * Rules of an allow-list.
 * @param origins allowed origins, scheme and port included
 */
export function crossOrigin(origins: readonly string[]): CrossOrigin {
  const listed = new Set(origins);
  const isAllowed = ({ headers: { origin, host } }: IncomingMessage): boolean =>
    origin === undefined || (origin !== 'null' && (listed.has(origin) || isSameOrigin(origin, host)));

  return {
    isAllowed,
    answer(request, response) {
      const { origin } = request.headers;
      if (listed.size > 0 || origin !== undefined) {
        response.setHeader('Vary', 'Origin');
      }
      if (origin === undefined) {
        return false;
      }
      const isPreflight =
        request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
      if (!isAllowed(request)) {
        if (isPreflight) {
          throw new AppError(FOREIGN_ORIGIN, {
            detail: 'This origin is not on the list of allowed origins.',
          });
        }
        return false;
      }
      response.setHeader('Access-Control-Allow-Origin', origin);
      response.setHeader('Access-Control-Allow-Credentials', 'true');
      response.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
      if (isPreflight) {
        response.setHeader('Access-Control-Allow-Methods', ALLOWED_METHODS);
        response.setHeader('Access-Control-Allow-Headers', headersFor(request));
        response.setHeader('Access-Control-Max-Age', PREFLIGHT_SECONDS);
        response.statusCode = 204;
        response.end();
      }
      return isPreflight;
    },
  };
}
