import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

const JsonObject = z.record(z.string(), z.unknown());
type JsonObject = z.output<typeof JsonObject>;

/** A call to the bank provider as it went over the wire. */
export interface WireCall {
  path: string;
  body: JsonObject;
  /** Epoch milliseconds. */
  beganAt: number;
  /** Undefined while it is not answered. */
  endedAt?: number;
}

/** What happens to a call in place of being passed on as it is. */
export type Mishap =
  /** Another answer, such as one of a proxy in between. */
  | { kind: 'answer'; status: number; body: string; headers?: Record<string, string> }
  /** No answer at all. */
  | { kind: 'silence' }
  /** Half of the true answer, then a broken connection. */
  | { kind: 'half' }
  /** The true answer, but only after something else. */
  | { kind: 'late'; after: Promise<unknown> }
  /** The true answer, changed. */
  | { kind: 'changed'; change: (answer: JsonObject) => JsonObject };

const breakOff = (response: ServerResponse): void => {
  response.destroy();
};

/**
 * The wire between ingestion and the sandbox: it takes down every call, and can answer in the bank's place.
 * @param target address of the sandbox
 */
export const openWire = async (target: string) => {
  const calls: WireCall[] = [];
  const tokens = new Map<unknown, unknown>();
  let mishapOf: (call: WireCall) => Mishap | undefined = () => undefined;

  const pass = async (
    call: WireCall,
    headers: Record<string, string>,
    response: ServerResponse,
  ): Promise<void> => {
    const mishap = mishapOf(call);
    if (mishap?.kind === 'silence') {
      return;
    }
    if (mishap?.kind === 'answer') {
      response.writeHead(mishap.status, { 'content-type': 'application/json', ...mishap.headers });
      response.end(mishap.body);
      return;
    }
    const answer = await fetch(`${target}${call.path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(call.body),
    });
    let text = await answer.text();
    if (call.path === '/item/public_token/exchange' && answer.ok) {
      const exchanged = JsonObject.parse(JSON.parse(text));
      tokens.set(exchanged['item_id'], exchanged['access_token']);
    }
    if (mishap?.kind === 'late') {
      await mishap.after;
    }
    if (mishap?.kind === 'changed') {
      text = JSON.stringify(mishap.change(JsonObject.parse(JSON.parse(text))));
    }
    response.writeHead(answer.status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    });
    if (mishap?.kind === 'half') {
      response.write(text.slice(0, text.length / 2), () => {
        breakOff(response);
      });
      return;
    }
    response.end(text);
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const call: WireCall = {
        path: request.url ?? '/',
        body: JsonObject.parse(JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}')),
        beganAt: Date.now(),
      };
      calls.push(call);
      response.once('close', () => {
        call.endedAt = Date.now();
      });
      const headers = Object.fromEntries(
        ['content-type', 'plaid-client-id', 'plaid-secret', 'plaid-version'].map((name) => [
          name,
          String(request.headers[name] ?? ''),
        ]),
      );
      pass(call, headers, response).catch(() => {
        breakOff(response);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${String(port)}`,
    calls,
    /** Calls of one path about one link, in order. */
    about: (itemId: string, path: string): WireCall[] =>
      calls.filter((call) => call.path === path && call.body['access_token'] === tokens.get(itemId)),
    /** Whether a call is about a link. */
    isAbout: (call: WireCall, itemId: string): boolean =>
      tokens.has(itemId) && call.body['access_token'] === tokens.get(itemId),
    /** Decides about every later call. */
    decide(next: (call: WireCall) => Mishap | undefined): void {
      mishapOf = next;
    },
    /** Passes everything on again. */
    clear(): void {
      mishapOf = () => undefined;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
};

export type Wire = Awaited<ReturnType<typeof openWire>>;
