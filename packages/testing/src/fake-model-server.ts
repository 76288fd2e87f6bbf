import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the model says to one request. */
export type ModelScript =
  | string
  | { text: string }
  | { status: number; headers?: Record<string, string> }
  /** Any bytes with status 200, for answers that are no answers. */
  | { raw: string; contentType?: string }
  /** The connection ends in the middle of a streamed answer. */
  | { breakAfter: string }
  /** Never answers. */
  | { hang: true }
  | { toolCalls: { id: string; name: string; arguments: string }[] };

/** A request as it arrived. */
export interface ModelServerRequest {
  model: string;
  messages: { role: string; content: unknown }[];
  stream: boolean;
  body: Record<string, unknown>;
}

export interface FakeModelServer {
  /** Value for `OPENAI_BASE_URL`. */
  url: string;
  /** Every request, oldest first. */
  requests: ModelServerRequest[];
  /** What it says from now on; a function decides per request. */
  answerWith(script: ModelScript | ((request: ModelServerRequest) => ModelScript)): void;
  stop(): Promise<void>;
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString('utf8');
};

const usage = { prompt_tokens: 40, completion_tokens: 10, total_tokens: 50 };
const envelope = { id: 'chatcmpl-test', created: 0, model: 'test' };

const messageOf = (
  script: { text: string } | { toolCalls: { id: string; name: string; arguments: string }[] },
) =>
  'text' in script
    ? { role: 'assistant', content: script.text }
    : {
        role: 'assistant',
        content: null,
        tool_calls: script.toolCalls.map(({ id, ...fields }, index) => ({
          index,
          id,
          type: 'function',
          function: fields,
        })),
      };

const writeStream = (response: ServerResponse, text: string, isBroken: boolean): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const piece of text.split(/(?<=\s)/)) {
    const choice = { index: 0, delta: { content: piece }, finish_reason: null };
    response.write(
      `data: ${JSON.stringify({ ...envelope, object: 'chat.completion.chunk', choices: [choice] })}\n\n`,
    );
  }
  if (isBroken) {
    // The first bytes must leave before the connection does.
    setImmediate(() => response.destroy());
    return;
  }
  const last = { index: 0, delta: {}, finish_reason: 'stop' };
  response.write(
    `data: ${JSON.stringify({ ...envelope, object: 'chat.completion.chunk', choices: [last] })}\n\n`,
  );
  response.write(
    `data: ${JSON.stringify({ ...envelope, object: 'chat.completion.chunk', choices: [], usage })}\n\n`,
  );
  response.end('data: [DONE]\n\n');
};

const writeToolStream = (response: ServerResponse, message: object): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const choice = { index: 0, delta: message, finish_reason: 'tool_calls' };
  response.write(
    `data: ${JSON.stringify({ ...envelope, object: 'chat.completion.chunk', choices: [choice] })}\n\n`,
  );
  response.end('data: [DONE]\n\n');
};

const answer = (response: ServerResponse, request: ModelServerRequest, script: ModelScript): void => {
  if (typeof script === 'string') {
    answer(response, request, { text: script });
  } else if ('hang' in script) {
    response.on('close', () => response.destroy());
  } else if ('status' in script) {
    response.writeHead(script.status, { 'content-type': 'application/json', ...script.headers });
    response.end(JSON.stringify({ error: { message: 'scripted', type: 'scripted' } }));
  } else if ('raw' in script) {
    response.writeHead(200, { 'content-type': script.contentType ?? 'application/json' });
    response.end(script.raw);
  } else if ('breakAfter' in script) {
    writeStream(response, script.breakAfter, true);
  } else if (request.stream) {
    if ('text' in script) {
      writeStream(response, script.text, false);
    } else {
      writeToolStream(response, messageOf(script));
    }
  } else {
    const finish_reason = 'text' in script ? 'stop' : 'tool_calls';
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        ...envelope,
        object: 'chat.completion',
        choices: [{ index: 0, message: messageOf(script), finish_reason }],
        usage,
      }),
    );
  }
};

/** Starts a server on loopback that speaks the chat completions protocol as it is told to. */
export const startFakeModelServer = async (): Promise<FakeModelServer> => {
  const requests: ModelServerRequest[] = [];
  let decide: (request: ModelServerRequest) => ModelScript = () => 'Fine.';
  const server = createServer((incoming, response) => {
    bodyOf(incoming)
      .then((text) => {
        const body = JSON.parse(text);
        const request = { model: body.model, messages: body.messages, stream: body.stream === true, body };
        requests.push(request);
        answer(response, request, decide(request));
      })
      .catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/v1`,
    requests,
    answerWith: (script) => {
      decide = typeof script === 'function' ? script : () => script;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
