import createFetchClient, { type Client } from 'openapi-fetch';
import type { paths } from './schema.ts';

export interface OrreryOptions {
  /** Address of the gateway, for instance `http://127.0.0.1:8080`. */
  url: string;
  /** The user's token, or what gives a fresh one for each call; absent for public routes. */
  token?: string | (() => string | Promise<string>);
  /** Sent as `Accept-Language`. */
  language?: string;
  fetch?: (request: Request) => Promise<Response>;
}

/** Calls every public route by its path, with typed parameters, bodies and answers. */
export type OrreryClient = Client<paths>;

/**
 * A client for one user.
 * @param options address and token
 * @returns `client.GET('/v1/transactions', { params })` and so on; answers come as `{ data, error, response }`
 */
export function createOrreryClient({ url, token, language, fetch }: OrreryOptions): OrreryClient {
  const client = createFetchClient<paths>({ baseUrl: url, ...(fetch === undefined ? {} : { fetch }) });
  client.use({
    async onRequest({ request }) {
      const current = typeof token === 'function' ? await token() : token;
      if (current !== undefined) {
        request.headers.set('authorization', `Bearer ${current}`);
      }
      if (language !== undefined) {
        request.headers.set('accept-language', language);
      }
      return request;
    },
  });
  return client;
}
