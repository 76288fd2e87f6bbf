import { dayInZone } from '@orrery/calendar';
import {
  nextStepOf,
  phraseFailure,
  readQuestions,
  type CalledTool,
  type QuestionContext,
} from '@orrery/assistant';
import { LANGUAGES } from '@orrery/contracts';
import { z } from 'zod';
import type { CompletionRequest } from './completion-request.ts';

/** What the model says: words, or a call of a tool. */
export type Said =
  | { kind: 'text'; text: string; pieceLength?: number }
  | { kind: 'call'; name: string; argumentsText: string };

/** The line of the system prompt that holds what is known about the user. */
const CONTEXT_LINE = /^Context \(data[^)]*\): (\{.*\})$/m;

const PromptContext = z.object({
  today: z.iso.date(),
  currency: z.string().regex(/^[A-Z]{3}$/),
  language: z.enum(LANGUAGES),
  merchants: z.array(z.string()).max(1_000).catch([]),
});

const TITLE = /\btitle of three to five words\b/i;
const SUMMARY = /^Summari[sz]e this earlier part of a conversation\b/i;
const TITLE_WORDS = 5;
const MAX_SUMMARY = 600;

const parsedJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // A tool may answer in plain words; the rules then treat it as no result.
    return undefined;
  }
};

const systemTextOf = ({ messages }: CompletionRequest): string =>
  messages
    .filter(({ role }) => role === 'system' || role === 'developer')
    .map(({ content }) => content)
    .join('\n');

const contextOf = (system: string, now: Date): QuestionContext => {
  const line = CONTEXT_LINE.exec(system)?.[1];
  const known = PromptContext.safeParse(line === undefined ? undefined : parsedJson(line));
  return known.success
    ? {
        today: known.data.today,
        currency: known.data.currency,
        merchants: known.data.merchants,
        fallbackLanguage: known.data.language,
      }
    : { today: dayInZone(now, 'UTC'), currency: 'GBP', merchants: [], fallbackLanguage: 'en' };
};

/** The tools that were asked since the user spoke last, with their answers. */
const calledSince = (messages: CompletionRequest['messages'], from: number): CalledTool[] => {
  const names = new Map(
    messages
      .slice(from)
      .flatMap(({ tool_calls: calls = [] }) =>
        calls.map(({ id, function: { name } }) => [id, name] as const),
      ),
  );
  return messages
    .slice(from)
    .flatMap(({ role, content, tool_call_id: id }) =>
      role === 'tool' && id !== undefined ? [{ name: names.get(id) ?? '', result: parsedJson(content) }] : [],
    );
};

const titleFor = (text: string): string =>
  text
    .replaceAll(/[^\p{L}\p{N}\p{M}'’ -]+/gu, ' ')
    .trim()
    .split(/\s+/)
    .slice(0, TITLE_WORDS)
    .join(' ') || 'New conversation';

const Earlier = z.object({
  before: z.string().catch(''),
  said: z.array(z.object({ role: z.string(), content: z.string() })).catch([]),
});

const summaryOf = (text: string): string => {
  const { before, said } = Earlier.catch({ before: '', said: [] }).parse(parsedJson(text));
  const asked = said
    .filter(({ role }) => role === 'user')
    .map(({ content }) => content.replaceAll(/\d[\d.,]*/g, '…'));
  return [before, `The user asked: ${asked.join(' / ')}`]
    .filter((part) => part !== '')
    .join(' ')
    .slice(-MAX_SUMMARY);
};

/** A text that is to be reworded as JSON stays as it is: whoever computed it has worded it. */
const asJson = (text: string): string => {
  const value = parsedJson(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? JSON.stringify(value) : '{}';
};

/**
 * Answers a request by rules: the same request always has the same answer.
 * @param request what was asked
 * @param now business time, for prompts that name no day
 */
export function answerRequest(request: CompletionRequest, now: Date): Said {
  const { messages } = request;
  const system = systemTextOf(request);
  const lastUser = messages.findLastIndex(({ role }) => role === 'user');
  const question = messages[lastUser]?.content ?? '';
  if (TITLE.test(system)) {
    return { kind: 'text', text: titleFor(question) };
  }
  if (SUMMARY.test(system)) {
    return { kind: 'text', text: summaryOf(question) };
  }
  if (request.response_format?.type === 'json_object' || request.response_format?.type === 'json_schema') {
    return { kind: 'text', text: asJson(question) };
  }
  const context = contextOf(system, now);
  const questions = messages.filter(({ role }) => role === 'user').map(({ content }) => content);
  const readings = readQuestions(questions, context);
  const step = nextStepOf(readings, question, calledSince(messages, lastUser + 1), context);
  if (step.kind === 'say') {
    return { kind: 'text', text: step.text };
  }
  const offered = (request.tools ?? []).map(({ function: { name } }) => name);
  return offered.includes(step.call.name) && request.tool_choice !== 'none'
    ? { kind: 'call', name: step.call.name, argumentsText: JSON.stringify(step.call.arguments) }
    : { kind: 'text', text: phraseFailure(readings[0], { error: 'unknown-tool', message: '' }) };
}
