import { type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Tracing } from '@orrery/service-kit';
import CircuitBreaker from 'opossum';
import OpenAI from 'openai';
import type {
  ChatCompletionChunk,
  ChatCompletionCreateParamsBase,
  ChatCompletionMessageParam,
  ChatCompletionTool,
} from 'openai/resources/chat/completions';
import { Counter, Histogram, type Registry } from 'prom-client';
import { limitedFetch } from './limited-fetch.ts';
import { ModelError, type ModelFailure } from './model-error.ts';
import type { ModelSettings } from './model-settings.ts';
import type { Reservation, TokenBudget } from './token-budget.ts';

export type { ChatCompletionMessageParam as ModelMessage, ChatCompletionTool as ModelTool };

/** What the model is asked. */
export interface ModelRequest {
  messages: ChatCompletionMessageParam[];
  tools?: ChatCompletionTool[];
  /** Longest answer, in tokens. */
  maxTokens: number;
  /** 0 to 2; default 0.2. */
  temperature?: number;
  /** Asks for one JSON object. It is a wish: the caller parses and checks. */
  json?: boolean;
}

/** On whose behalf, and how long. */
export interface ModelCall {
  /** Whose budget is charged. */
  userId: string;
  /** The caller leaving ends the call. */
  signal?: AbortSignal;
  /** Default `MODEL_DEADLINE_MS`. */
  deadlineMs?: number;
}

/** A tool that the model wants to be called. `argumentsText` is unchecked text. */
export interface ModelToolCall {
  id: string;
  name: string;
  argumentsText: string;
}

/** A whole answer. */
export interface ModelAnswer {
  text: string;
  toolCalls: ModelToolCall[];
  /** `stop`, `length`, `tool_calls` … as the server says; empty when it says nothing. */
  finishReason: string;
  /** As the server counts; estimated when it does not. */
  usage: { promptTokens: number; completionTokens: number };
}

/** A part of an answer as it arrives; the last one is `end`. */
export type ModelPart = { kind: 'text'; text: string } | { kind: 'end'; answer: ModelAnswer };

/** A language model behind an OpenAI-compatible server. */
export interface LanguageModel {
  /**
   * Asks and waits for the whole answer.
   * @throws ModelError for every way of having none
   */
  complete(request: ModelRequest, call: ModelCall): Promise<ModelAnswer>;
  /**
   * Asks and hands on the text as it comes. Only what failed before the first part was tried twice.
   * @throws ModelError also in the middle
   */
  stream(request: ModelRequest, call: ModelCall): AsyncGenerator<ModelPart, void, undefined>;
  /** Whether calls are refused at once because it failed too often. */
  isBreakerOpen(): boolean;
  /** Ends the breaker's timers. */
  stop(): void;
}

export interface LanguageModelOptions {
  settings: ModelSettings;
  /** Name of the model. */
  model: string;
  budget: TokenBudget;
  /** Where calls, tokens and times are counted. */
  metrics?: Registry;
  /** Traces of the service: each call is a span, with figures and without a word of what was asked or said. */
  tracing?: Pick<Tracing, 'openSpan'>;
  /** When the breaker opens and tries again; defaults 5 calls, 50 % and 15 s. */
  breaker?: { minCalls?: number; failurePercent?: number; restMs?: number };
}

/** No answer we ask for is longer; a server that sends more is broken or hostile. */
const MAX_ANSWER_BYTES = 1_048_576;
const ROLLING_MS = 60_000;
/** Tokens are at least about this many UTF-8 bytes long in the languages we speak. */
const BYTES_PER_TOKEN = 3;
/** Names, roles and braces around each message. */
const TOKENS_PER_MESSAGE = 8;

const estimateTokens = (value: unknown): number =>
  Math.ceil(Buffer.byteLength(JSON.stringify(value) ?? '') / BYTES_PER_TOKEN);

const promptTokensOf = ({ messages, tools = [] }: ModelRequest): number =>
  estimateTokens(messages) + estimateTokens(tools) + messages.length * TOKENS_PER_MESSAGE;

const tokensOr = (claimed: unknown, estimate: number): number =>
  typeof claimed === 'number' && Number.isSafeInteger(claimed) && claimed >= 0 ? claimed : estimate;

const textOr = (value: unknown): string => (typeof value === 'string' ? value : '');

const paramsOf = (model: string, request: ModelRequest): Omit<ChatCompletionCreateParamsBase, 'stream'> => ({
  model,
  messages: request.messages,
  max_completion_tokens: request.maxTokens,
  temperature: request.temperature ?? 0.2,
  ...(request.tools === undefined || request.tools.length === 0 ? {} : { tools: request.tools }),
  ...(request.json === true ? { response_format: { type: 'json_object' } } : {}),
});

const failureOf = (error: unknown, deadline: AbortSignal, caller: AbortSignal | undefined): ModelFailure => {
  if (error instanceof ModelError) {
    return error.failure;
  }
  if (caller?.aborted === true) {
    return 'cancelled';
  }
  if (deadline.aborted || error instanceof OpenAI.APIConnectionTimeoutError) {
    return 'deadline';
  }
  if (error instanceof OpenAI.APIConnectionError) {
    return 'unreachable';
  }
  if (error instanceof OpenAI.APIError && typeof error.status === 'number') {
    const passes = error.status >= 500 || [401, 403, 404, 408, 409, 429].includes(error.status);
    return passes ? 'unreachable' : 'refused';
  }
  return 'unusable';
};

/** Failures after which the server may have worked on the whole answer all the same. */
const POSSIBLY_PAID: ReadonlySet<ModelFailure> = new Set(['cancelled', 'deadline', 'unusable']);

/** Failures that say nothing about the model's health. */
const INNOCENT: ReadonlySet<ModelFailure> = new Set(['cancelled', 'refused', 'over-budget', 'breaker-open']);

/** The SDK waits between attempts as long as the server wishes; the deadline must hold there too. */
const withSignal = <Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> =>
  new Promise((resolve, reject) => {
    const leave = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    if (signal.aborted) {
      leave();
    }
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', leave);
    });
  });

const countsOf = (registry: Registry | undefined) => {
  const registers = registry === undefined ? [] : [registry];
  const calls = new Counter({
    name: 'model_calls_total',
    help: 'Calls of the language model by outcome',
    labelNames: ['outcome'] as const,
    registers,
  });
  const tokens = new Counter({
    name: 'model_tokens_total',
    help: 'Tokens of the language model',
    labelNames: ['kind'] as const,
    registers,
  });
  const seconds = new Histogram({
    name: 'model_call_seconds',
    help: 'Time of a call of the language model',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60],
    registers,
  });
  return { calls, tokens, seconds };
};

/** The span of one call, by OpenTelemetry's conventions for generative models; ended by the caller. */
const openCallSpan = (tracing: LanguageModelOptions['tracing'], model: string): Span | undefined => {
  let opened: Span | undefined;
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': model,
  };
  tracing?.openSpan(`chat ${model}`, { kind: SpanKind.CLIENT, attributes }, (span) => {
    opened = span;
  });
  return opened;
};

/** Collects the parts of a streamed answer. */
const createAssembly = (promptEstimate: number) => {
  let text = '';
  let finishReason = '';
  let usage: ModelAnswer['usage'] | undefined;
  const toolCalls = new Map<number, ModelToolCall>();
  return {
    /** @returns the new text, '' when the part held none */
    add(chunk: ChatCompletionChunk): string {
      if (chunk.usage !== undefined && chunk.usage !== null) {
        usage = {
          promptTokens: tokensOr(chunk.usage.prompt_tokens, promptEstimate),
          completionTokens: tokensOr(chunk.usage.completion_tokens, estimateTokens(text)),
        };
      }
      const [choice] = chunk.choices ?? [];
      if (choice === undefined) {
        return '';
      }
      finishReason = choice.finish_reason ?? finishReason;
      for (const part of choice.delta?.tool_calls ?? []) {
        const known = toolCalls.get(part.index) ?? { id: '', name: '', argumentsText: '' };
        toolCalls.set(part.index, {
          id: part.id ?? known.id,
          name: known.name + (part.function?.name ?? ''),
          argumentsText: known.argumentsText + (part.function?.arguments ?? ''),
        });
      }
      const delta = textOr(choice.delta?.content);
      text += delta;
      return delta;
    },
    answer(): ModelAnswer {
      const calls = [...toolCalls.entries()].sort(([left], [right]) => left - right).map(([, call]) => call);
      const spent = usage ?? {
        promptTokens: promptEstimate,
        completionTokens: estimateTokens(text) + estimateTokens(calls),
      };
      return { text, toolCalls: calls, finishReason, usage: spent };
    },
  };
};

const answerOf = (completion: OpenAI.ChatCompletion, promptEstimate: number): ModelAnswer => {
  const [choice] = completion.choices ?? [];
  if (choice === undefined) {
    throw new ModelError('unusable');
  }
  const text = textOr(choice.message?.content);
  const toolCalls = (choice.message?.tool_calls ?? []).flatMap((call) =>
    call.type === 'function'
      ? [{ id: call.id, name: call.function.name, argumentsText: call.function.arguments }]
      : [],
  );
  return {
    text,
    toolCalls,
    finishReason: choice.finish_reason ?? '',
    usage: {
      promptTokens: tokensOr(completion.usage?.prompt_tokens, promptEstimate),
      completionTokens: tokensOr(completion.usage?.completion_tokens, estimateTokens(text)),
    },
  };
};

/**
 * Opens a language model: deadline, one retry, circuit breaker, token ceiling and counts around the `openai` SDK.
 * @param options settings, model name and budget
 */
export const openLanguageModel = (options: LanguageModelOptions): LanguageModel => {
  const { settings, model, budget } = options;
  const counts = countsOf(options.metrics);
  const client = new OpenAI({
    apiKey: settings.OPENAI_API_KEY ?? 'none',
    baseURL: settings.OPENAI_BASE_URL ?? 'https://api.openai.com/v1',
    maxRetries: 1,
    // Half of the time for each of the two attempts.
    timeout: Math.ceil(settings.MODEL_DEADLINE_MS / 2),
    fetch: limitedFetch(MAX_ANSWER_BYTES),
    // Prompts hold people's finances, so the SDK writes nothing.
    logLevel: 'off',
  });
  const breaker = new CircuitBreaker((work: () => Promise<undefined>) => work(), {
    timeout: false,
    volumeThreshold: options.breaker?.minCalls ?? 5,
    errorThresholdPercentage: options.breaker?.failurePercent ?? 50,
    resetTimeout: options.breaker?.restMs ?? 15_000,
    rollingCountTimeout: ROLLING_MS,
    errorFilter: (error: unknown) => error instanceof ModelError && INNOCENT.has(error.failure),
  });

  /** Everything around one call; `produce` yields its parts and returns the answer. */
  async function* guarded<Part>(
    request: ModelRequest,
    call: ModelCall,
    produce: (signal: AbortSignal) => AsyncGenerator<Part, ModelAnswer, undefined>,
  ): AsyncGenerator<Part, ModelAnswer, undefined> {
    if (breaker.opened) {
      counts.calls.inc({ outcome: 'breaker-open' });
      throw new ModelError('breaker-open');
    }
    const promptEstimate = promptTokensOf(request);
    const reservation: Reservation | undefined = await budget.reserve(
      call.userId,
      promptEstimate + request.maxTokens,
    );
    if (reservation === undefined) {
      counts.calls.inc({ outcome: 'over-budget' });
      throw new ModelError('over-budget');
    }
    const deadline = AbortSignal.timeout(call.deadlineMs ?? settings.MODEL_DEADLINE_MS);
    const signal = call.signal === undefined ? deadline : AbortSignal.any([deadline, call.signal]);
    const outcome = Promise.withResolvers<undefined>();
    let isAdmitted = false;
    const verdict = breaker.fire(() => {
      isAdmitted = true;
      return outcome.promise;
    });
    const stopTimer = counts.seconds.startTimer();
    const span = openCallSpan(options.tracing, model);
    // A caller that stops listening in the middle ends the generator without an error; that is a cancelled call.
    let failure: ModelError | undefined = new ModelError('cancelled');
    let usedTokens = 0;
    try {
      if (!isAdmitted) {
        throw new ModelError('breaker-open');
      }
      usedTokens = reservation.tokens;
      const answer = yield* produce(signal);
      failure = undefined;
      usedTokens = answer.usage.promptTokens + answer.usage.completionTokens;
      counts.tokens.inc({ kind: 'prompt' }, answer.usage.promptTokens);
      counts.tokens.inc({ kind: 'completion' }, answer.usage.completionTokens);
      span?.setAttributes({
        'gen_ai.usage.input_tokens': answer.usage.promptTokens,
        'gen_ai.usage.output_tokens': answer.usage.completionTokens,
      });
      return answer;
    } catch (error) {
      failure =
        error instanceof ModelError
          ? error
          : new ModelError(failureOf(error, deadline, call.signal), { cause: error });
      usedTokens = POSSIBLY_PAID.has(failure.failure) ? usedTokens : 0;
      throw failure;
    } finally {
      stopTimer();
      counts.calls.inc({ outcome: failure?.failure ?? 'ok' });
      if (failure === undefined) {
        outcome.resolve(undefined);
      } else {
        span?.setAttribute('error.type', failure.failure).setStatus({ code: SpanStatusCode.ERROR });
        outcome.reject(failure);
      }
      span?.end();
      // The breaker repeats the outcome that the caller gets from here.
      await verdict.catch(() => undefined);
      await budget.settle(reservation, usedTokens);
    }
  }

  async function* wholeAnswer(
    request: ModelRequest,
    signal: AbortSignal,
  ): AsyncGenerator<never, ModelAnswer, undefined> {
    const completion = await withSignal(
      client.chat.completions.create({ ...paramsOf(model, request), stream: false }, { signal }),
      signal,
    );
    yield* [];
    return answerOf(completion, promptTokensOf(request));
  }

  async function* streamedAnswer(
    request: ModelRequest,
    signal: AbortSignal,
  ): AsyncGenerator<ModelPart, ModelAnswer, undefined> {
    const assembly = createAssembly(promptTokensOf(request));
    const chunks = await withSignal(
      client.chat.completions.create(
        { ...paramsOf(model, request), stream: true, stream_options: { include_usage: true } },
        { signal },
      ),
      signal,
    );
    for await (const chunk of chunks) {
      const text = assembly.add(chunk);
      if (text !== '') {
        yield { kind: 'text', text };
      }
    }
    // The SDK ends an aborted stream without an error.
    signal.throwIfAborted();
    const answer = assembly.answer();
    if (answer.finishReason === '' && answer.text === '' && answer.toolCalls.length === 0) {
      throw new ModelError('unusable');
    }
    return answer;
  }

  return {
    async complete(request, call) {
      const step = await guarded(request, call, (signal) => wholeAnswer(request, signal)).next();
      if (step.done !== true) {
        throw new ModelError('unusable');
      }
      return step.value;
    },
    async *stream(request, call) {
      const answer = yield* guarded(request, call, (signal) => streamedAnswer(request, signal));
      yield { kind: 'end', answer };
    },
    isBreakerOpen: () => breaker.opened,
    stop: () => {
      breaker.shutdown();
    },
  };
};
