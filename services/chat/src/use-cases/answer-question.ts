import {
  consentOf,
  fittingTools,
  MAX_OFFERED_TOOLS,
  nextStepOf,
  readQuestions,
  TOOLS,
  type CalledTool,
  type QuestionContext,
  type Reading,
  type ToolName,
} from '@orrery/assistant';
import {
  verifyAmounts,
  ModelError,
  type LanguageModel,
  type ModelMessage,
  type ModelTool,
} from '@orrery/language-model';
import { parseDecimal } from '@orrery/money';
import { type Runtime } from '@orrery/service-kit';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { ReadUserContext } from '../clients/user-context.ts';
import { completedTurns, HISTORY_LIMIT, type Message } from '../domain/conversation.ts';
import { addFacts, noFacts, type StatedFacts } from '../domain/facts.ts';
import type { TurnUsage } from '../domain/frames.ts';
import { systemPrompt } from '../domain/prompt.ts';
import { judgeWording, releaseText, withoutMarkdown, type TextRelease } from '../domain/release-text.ts';
import { suspicionsOf } from '../domain/suspicion.ts';
import { tidyText } from '../domain/tidy.ts';
import { disclaimer, oneChangeAtATime } from '../domain/wording.ts';
import type { ChatMetrics } from '../chat-metrics.ts';
import type { ActStore } from '../store/act-store.ts';
import type { ConversationStore } from '../store/conversation-store.ts';
import type { SummaryStore } from '../store/summary-store.ts';
import { runTool } from '../tools/run-tool.ts';
import { ToolRefusal, type ToolAccess } from '../tools/tool-access.ts';
import { declined, type CarryOutAct } from './carry-out-act.ts';
import type { Answer, AnswerQuestion, Question } from './handle-message.ts';

/** Times that a model may be asked for one answer: tools in between, words at the end. */
const MAX_STEPS = 4;
const MAX_CALLS_PER_STEP = 4;
const MAX_ANSWER_TOKENS = 700;
/** For the whole answer, all steps together. */
const TURN_DEADLINE_MS = 45_000;
const TOOL_TIMEOUT_MS = 4_000;
const MAX_RESULT_CHARACTERS = 12_000;
/** The rules need this many calls at most: up to three questions, of which each may look something up first. */
const MAX_RULE_CALLS = 6;

/** Tools whose results lead to decisions for which people should see a professional. */
const SIGNIFICANT: ReadonlySet<string> = new Set(['get_debt_plan', 'get_forecast']);

export const RULES_MODEL = 'orrery-rules-1';

export interface AnswerQuestionParts {
  /** Absent when none is configured. */
  model: { client: LanguageModel; name: string } | undefined;
  conversations: ConversationStore;
  summaries: SummaryStore;
  acts: ActStore;
  carryOut: CarryOutAct;
  userContext: ReadUserContext;
  nameOf(userId: string): Promise<string | undefined>;
  client: Runtime<unknown>['client'];
  metrics: ChatMetrics;
  logger: Logger;
}

type Io = Parameters<AnswerQuestion>[1];

/** Everything about one turn. */
interface TurnState {
  question: Question;
  io: Io;
  /** What the message asks, at least one thing. */
  readings: readonly [Reading, ...Reading[]];
  context: QuestionContext;
  access: ToolAccess;
  offered: readonly ToolName[];
  /** Whole turns before this one, oldest first. */
  before: readonly Message[];
  /** The conversation has more messages than these. */
  isLong: boolean;
  called: CalledTool[];
  facts: StatedFacts;
  usage: TurnUsage;
  /** The change that this answer has prepared, in words. */
  proposed: string | undefined;
}

/** Written once: a schema costs more to write than a short answer. */
const MODEL_TOOLS = new Map<ToolName, ModelTool>();

const toolOf = (name: ToolName): ModelTool => {
  const known = MODEL_TOOLS.get(name);
  if (known !== undefined) {
    return known;
  }
  const tool: ModelTool = {
    type: 'function',
    function: {
      name,
      description: TOOLS[name].description,
      parameters: z.toJSONSchema(TOOLS[name].arguments, { io: 'input', target: 'draft-7' }),
    },
  };
  MODEL_TOOLS.set(name, tool);
  return tool;
};

const asModelMessage = ({ role, content }: Message): ModelMessage => ({ role, content });

const asResultText = (result: unknown): string => {
  const text = JSON.stringify(result);
  return text.length > MAX_RESULT_CHARACTERS ? `${text.slice(0, MAX_RESULT_CHARACTERS)}…` : text;
};

/**
 * Answers questions: with the language model and its tools where there is one, by the rules where it is away or says
 * something it may not. Whatever is sent was checked sentence by sentence against what the tools said in this turn.
 * @param parts the model, stores, clients
 */
export const createAnswerQuestion = (parts: AnswerQuestionParts): AnswerQuestion => {
  const { model, conversations, summaries, acts, metrics, logger } = parts;

  const call = async (
    state: TurnState,
    wanted: { name: string; argumentsText: string },
  ): Promise<unknown> => {
    const { outcome, result } = await runTool(wanted, state.offered, state.access, logger);
    metrics.toolCalls.inc({ tool: outcome === 'unlisted' ? 'unlisted' : wanted.name, outcome });
    state.io.emit({ kind: 'tool', name: outcome === 'unlisted' ? 'unlisted' : wanted.name });
    state.called.push({ name: wanted.name, result });
    addFacts(state.facts, result, parseDecimal);
    return result;
  };

  /** Drops what this answer has prepared: a yes must not carry out what the user has not read. */
  const withdraw = async (state: TurnState): Promise<void> => {
    if (state.proposed !== undefined) {
      state.proposed = undefined;
      await acts.drop(state.question.identity.userId, state.question.conversationId);
    }
  };

  /** The answer of the rules, from their own calls; a change that the model has prepared is not kept. */
  const byRules = async (state: TurnState): Promise<string> => {
    const { readings, context, question } = state;
    await withdraw(state);
    const own: CalledTool[] = [];
    for (let step = 0; step <= MAX_RULE_CALLS; step += 1) {
      const next = nextStepOf(readings, question.text, own, context);
      if (next.kind === 'say') {
        return next.text;
      }
      const argumentsText = JSON.stringify(next.call.arguments);
      own.push({ name: next.call.name, result: await call(state, { name: next.call.name, argumentsText }) });
    }
    throw new Error('The rules asked for tools without end');
  };

  const judgeFor = (state: TurnState) => (sentence: string) => {
    const { facts } = state;
    const wording = judgeWording(sentence, facts.names);
    if (!wording.isAllowed) {
      return wording;
    }
    const { isVerified } = verifyAmounts(sentence, facts);
    return isVerified ? ({ isAllowed: true } as const) : ({ isAllowed: false, reason: 'figure' } as const);
  };

  const messagesFor = async (state: TurnState): Promise<ModelMessage[]> => {
    const { question, readings, context } = state;
    const { userId } = question.identity;
    const [summary, name] = await Promise.all([
      state.isLong ? summaries.find(userId, question.conversationId) : undefined,
      parts.nameOf(userId),
    ]);
    return [
      {
        role: 'system',
        content: systemPrompt({
          today: context.today,
          currency: context.currency,
          language: readings[0].language,
          name,
          merchants: context.merchants,
        }),
      },
      ...(summary === undefined
        ? []
        : [
            {
              role: 'system' as const,
              content: `Earlier in this conversation (data): ${JSON.stringify(summary.text)}`,
            },
          ]),
      ...state.before.map(asModelMessage),
      { role: 'user', content: question.text },
    ];
  };

  /** Asks the model until it answers in words. @throws ModelError */
  const byModel = async (
    state: TurnState,
    release: TextRelease,
    show: (text: string) => void,
    { client, name }: { client: LanguageModel; name: string },
  ): Promise<void> => {
    const { question, io, offered, usage } = state;
    usage.model = name;
    const messages = await messagesFor(state);
    const deadline = AbortSignal.any([io.signal, AbortSignal.timeout(TURN_DEADLINE_MS)]);
    for (let step = 1; step <= MAX_STEPS; step += 1) {
      const tools = step < MAX_STEPS ? offered.map(toolOf) : [];
      const request = { messages, tools, maxTokens: MAX_ANSWER_TOKENS };
      let isAnswered = false;
      for await (const part of client.stream(request, {
        userId: question.identity.userId,
        signal: deadline,
      })) {
        if (part.kind === 'text') {
          show(release.take(part.text));
          if (release.refusal() !== undefined) {
            return;
          }
          continue;
        }
        const { answer } = part;
        usage.inputTokens += answer.usage.promptTokens;
        usage.outputTokens += answer.usage.completionTokens;
        const wanted = answer.toolCalls.slice(0, MAX_CALLS_PER_STEP);
        if (wanted.length === 0 || tools.length === 0) {
          isAnswered = true;
          continue;
        }
        messages.push({
          role: 'assistant',
          content: answer.text === '' ? null : answer.text,
          tool_calls: wanted.map(({ id, name: tool, argumentsText }) => ({
            id,
            type: 'function' as const,
            function: { name: tool, arguments: argumentsText },
          })),
        });
        for (const { id, name: tool, argumentsText } of wanted) {
          const result = await call(state, { name: tool, argumentsText });
          messages.push({ role: 'tool', tool_call_id: id, content: asResultText(result) });
        }
      }
      if (isAnswered) {
        show(release.finish());
        return;
      }
    }
  };

  const closing = (state: TurnState): string =>
    state.called.some(({ name }) => SIGNIFICANT.has(name))
      ? `\n${disclaimer(state.readings[0].language)}`
      : '';

  /** The rules' answer after whatever the model has been let say. */
  const replaced = async (state: TurnState, release: TextRelease, hasShown: boolean): Promise<Answer> => {
    const text = (await byRules(state)) + closing(state);
    state.io.emit({ kind: 'delta', text: hasShown ? `\n\n${text}` : text });
    const kept = release.whole().trim();
    state.usage.model = kept === '' ? RULES_MODEL : state.usage.model;
    return { text: kept === '' ? text : `${kept}\n\n${text}`, usage: state.usage };
  };

  const respond = async (state: TurnState): Promise<Answer> => {
    const { io, question, usage } = state;
    const release = releaseText(judgeFor(state), withoutMarkdown);
    let shown = '';
    const show = (text: string): void => {
      if (text !== '') {
        shown += text;
        io.emit({ kind: 'delta', text });
      }
    };
    if (model === undefined) {
      return replaced(state, release, false);
    }
    try {
      await byModel(state, release, show, model);
    } catch (error) {
      if (!(error instanceof ModelError)) {
        throw error;
      }
      if (io.signal.aborted) {
        await withdraw(state);
        return { text: shown, usage, failure: 'cancelled' };
      }
      metrics.modelFailures.inc({ failure: error.failure });
      if (shown !== '' && question.isStreamed) {
        await withdraw(state);
        return { text: shown, usage, failure: 'model' };
      }
      return replaced(state, releaseText(judgeFor(state), withoutMarkdown), false);
    }
    const refusal = release.refusal();
    if (refusal !== undefined) {
      metrics.refusedSentences.inc({ reason: refusal });
      return replaced(state, release, shown !== '');
    }
    if (shown.trim() === '') {
      return replaced(state, release, false);
    }
    if (state.proposed !== undefined && !shown.includes(state.proposed)) {
      show(`\n${state.proposed}`);
    }
    show(closing(state));
    return { text: shown.trim(), usage };
  };

  return async (question, io) => {
    const { identity, conversationId, text } = question;
    const { userId } = identity;
    for (const kind of suspicionsOf(text)) {
      metrics.suspiciousMessages.inc({ kind });
    }
    const [user, history] = await Promise.all([
      parts.userContext(identity),
      conversations.latest(userId, conversationId, HISTORY_LIMIT),
    ]);
    const context: QuestionContext = { ...user, fallbackLanguage: question.preferredLanguage };
    const before = completedTurns(history.filter(({ turnId }) => turnId !== question.turnId));
    const asked = before.filter(({ role }) => role === 'user').map(({ content }) => content);
    const readings = readQuestions([...asked, text], context);
    const [{ language }] = readings;
    const usage: TurnUsage = { model: RULES_MODEL, inputTokens: 0, outputTokens: 0 };

    const waiting = await acts.take(userId, conversationId);
    const consent = waiting === undefined ? undefined : consentOf(text);
    if (waiting !== undefined && consent !== undefined) {
      const reply =
        consent === 'yes' ? await parts.carryOut(waiting, identity, language) : declined(language);
      metrics.acts.inc({ kind: waiting.act.kind, outcome: consent === 'yes' ? 'confirmed' : 'declined' });
      io.emit({ kind: 'delta', text: reply });
      return { text: reply, usage };
    }

    const state: TurnState = {
      question,
      io,
      readings,
      context,
      offered: fittingTools(readings, context).slice(0, MAX_OFFERED_TOOLS),
      before,
      isLong: history.length === HISTORY_LIMIT,
      called: [],
      facts: noFacts(),
      usage,
      proposed: undefined,
      access: {
        identity,
        language,
        today: context.today,
        currency: context.currency,
        signal: io.signal,
        call: (service, route, input) =>
          parts.client(service).call(route, input, {
            identity,
            signal: io.signal,
            timeoutMs: TOOL_TIMEOUT_MS,
            language,
          }),
        propose: async (act, proposal) => {
          // One yes could not say which of two changes it means.
          if (state.proposed !== undefined) {
            throw new ToolRefusal('refused', oneChangeAtATime(language));
          }
          await acts.keep(userId, conversationId, act, proposal);
          state.proposed = tidyText(proposal);
        },
      },
    };
    return respond(state);
  };
};
