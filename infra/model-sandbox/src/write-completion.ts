import type { ServerResponse } from 'node:http';
import { createHash } from 'node:crypto';
import type { Said } from './answer-request.ts';
import type { CompletionRequest } from './completion-request.ts';

/** Characters of a token, about. */
const CHARACTERS_PER_TOKEN = 4;
const tokensOf = (text: string): number => Math.ceil(text.length / CHARACTERS_PER_TOKEN);

/** A reply in the making. */
export interface Completion {
  id: string;
  model: string;
  created: number;
  said: Said;
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
}

/**
 * Wraps what is said as OpenAI's servers do.
 * @param request what was asked
 * @param said the answer
 * @param now for `created`
 */
export function completionOf(request: CompletionRequest, said: Said, now: Date): Completion {
  const promptTokens =
    tokensOf(JSON.stringify(request.messages)) + tokensOf(JSON.stringify(request.tools ?? []));
  const answerTokens = tokensOf(said.kind === 'text' ? said.text : said.name + said.argumentsText);
  const digest = createHash('sha256')
    .update(JSON.stringify([request.messages, said]))
    .digest('hex');
  return {
    id: `chatcmpl-${digest.slice(0, 24)}`,
    model: request.model,
    created: Math.floor(now.getTime() / 1000),
    said,
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: answerTokens,
      total_tokens: promptTokens + answerTokens,
    },
  };
}

const finishOf = ({ said }: Completion): string => (said.kind === 'text' ? 'stop' : 'tool_calls');

const callOf = ({ id, said }: Completion) =>
  said.kind === 'text'
    ? []
    : [
        {
          id: id.replace('chatcmpl-', 'call_'),
          type: 'function',
          function: { name: said.name, arguments: said.argumentsText },
        },
      ];

/**
 * The whole reply as one JSON object.
 * @param completion what to say
 */
export function wholeReply(completion: Completion): object {
  const { id, model, created, said, usage } = completion;
  const message =
    said.kind === 'text'
      ? { role: 'assistant', content: said.text, refusal: null }
      : { role: 'assistant', content: null, refusal: null, tool_calls: callOf(completion) };
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(completion) }],
    usage,
  };
}

/** Pieces of a text as a model would hand them out: words with the space before them. */
const piecesOf = (text: string, length: number): string[] =>
  text.match(length > 0 ? new RegExp(String.raw`[\s\S]{1,${String(length)}}`, 'gu') : /\s*\S+|\s+$/g) ?? [];

const deltasOf = (completion: Completion): object[] => {
  const { said } = completion;
  if (said.kind === 'text') {
    return [
      { role: 'assistant', content: '' },
      ...piecesOf(said.text, said.pieceLength ?? 0).map((content) => ({ content })),
    ];
  }
  const [call] = callOf(completion);
  const half = Math.ceil(said.argumentsText.length / 2);
  return [
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ index: 0, ...call, function: { name: said.name, arguments: '' } }],
    },
    { tool_calls: [{ index: 0, function: { arguments: said.argumentsText.slice(0, half) } }] },
    { tool_calls: [{ index: 0, function: { arguments: said.argumentsText.slice(half) } }] },
  ];
};

/**
 * Streams the reply as server-sent events.
 * @param response where to
 * @param completion what to say
 * @param options `withUsage` as the client asked; `cutAfter` ends the connection after so many pieces
 */
export function streamReply(
  response: ServerResponse,
  completion: Completion,
  options: { withUsage: boolean; cutAfter?: number },
): void {
  const { id, model, created, usage } = completion;
  const base = { id, object: 'chat.completion.chunk', created, model };
  const write = (chunk: object): void => {
    response.write(`data: ${JSON.stringify({ ...base, ...chunk })}\n\n`);
  };
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const deltas = deltasOf(completion);
  const { cutAfter } = options;
  for (const delta of deltas.slice(0, cutAfter === undefined ? deltas.length : cutAfter + 1)) {
    write({ choices: [{ index: 0, delta, logprobs: null, finish_reason: null }] });
  }
  if (cutAfter !== undefined) {
    // What was written has to leave before the connection ends.
    setImmediate(() => response.destroy());
    return;
  }
  write({ choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: finishOf(completion) }] });
  if (options.withUsage) {
    write({ choices: [], usage });
  }
  response.end('data: [DONE]\n\n');
}
