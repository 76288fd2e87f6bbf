import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startFakeModelServer, type FakeModelServer } from '@orrery/testing';
import { Registry } from 'prom-client';
import {
  memoryTokenBudget,
  openLanguageModel,
  type LanguageModel,
  type LanguageModelOptions,
  type ModelPart,
  type TokenBudget,
} from '../src/index.ts';

let server: FakeModelServer;
let model: LanguageModel;
let metrics: Registry;
const ask = { messages: [{ role: 'user' as const, content: 'Hello?' }], maxTokens: 100 };
const call = { userId: 'u-1' };

const open = (options: Partial<LanguageModelOptions> = {}, deadlineMs = 4_000): LanguageModel => {
  model?.stop();
  metrics = new Registry();
  model = openLanguageModel({
    settings: {
      OPENAI_BASE_URL: server.url,
      MODEL_DEADLINE_MS: deadlineMs,
      MODEL_TOKENS_PER_USER: 100_000,
      MODEL_TOKENS_PER_DAY: 100_000,
    },
    model: 'test-model',
    budget: memoryTokenBudget({ perUser: 100_000, inAll: 100_000 }),
    metrics,
    ...options,
  });
  return model;
};

const collect = async (parts: AsyncGenerator<ModelPart>): Promise<ModelPart[]> => {
  const all: ModelPart[] = [];
  for await (const part of parts) {
    all.push(part);
  }
  return all;
};

beforeAll(async () => {
  server = await startFakeModelServer();
});
beforeEach(() => {
  server.requests.length = 0;
  open();
});
afterEach(() => {
  model.stop();
});
afterAll(async () => {
  await server.stop();
});

describe('a whole answer', () => {
  it('comes with its text and the tokens that the server counted', async () => {
    server.answerWith('Good day.');

    expect(await model.complete(ask, call)).toEqual({
      text: 'Good day.',
      toolCalls: [],
      finishReason: 'stop',
      usage: { promptTokens: 40, completionTokens: 10 },
    });
    expect(await metrics.getSingleMetricAsString('model_tokens_total')).toContain('{kind="completion"} 10');
  });

  it('is a span with figures, and without a word of what was asked or said', async () => {
    const spans: { name: string; attributes: object; hasEnded: boolean }[] = [];
    const tracing: LanguageModelOptions['tracing'] = {
      openSpan: (name, { attributes = {} }, enter) => {
        const recorded = { name, attributes: { ...attributes }, hasEnded: false };
        spans.push(recorded);
        const span = {
          setAttributes: (more: object) => Object.assign(recorded.attributes, more) && span,
          setAttribute: (key: string, value: unknown) =>
            Object.assign(recorded.attributes, { [key]: value }) && span,
          setStatus: () => span,
          end: () => {
            recorded.hasEnded = true;
          },
        };
        enter(span as unknown as Parameters<typeof enter>[0]);
      },
    };
    open({ tracing });
    server.answerWith('Good day.');
    await model.complete(ask, call);
    server.answerWith({ status: 400 });
    await expect(model.complete(ask, call)).rejects.toThrow();

    expect(spans).toEqual([
      {
        name: 'chat test-model',
        attributes: {
          'gen_ai.operation.name': 'chat',
          'gen_ai.provider.name': 'openai',
          'gen_ai.request.model': 'test-model',
          'gen_ai.usage.input_tokens': 40,
          'gen_ai.usage.output_tokens': 10,
        },
        hasEnded: true,
      },
      {
        name: 'chat test-model',
        attributes: expect.objectContaining({ 'error.type': 'refused' }),
        hasEnded: true,
      },
    ]);
    expect(JSON.stringify(spans)).not.toMatch(/Hello|Good day/);
  });

  it('hands on the tools that the model wants to be called', async () => {
    server.answerWith({ toolCalls: [{ id: 't1', name: 'read_budget', arguments: '{"month":11}' }] });

    const { toolCalls } = await model.complete(ask, call);

    expect(toolCalls).toEqual([{ id: 't1', name: 'read_budget', argumentsText: '{"month":11}' }]);
  });

  it('is asked for twice when the server fails at first', async () => {
    let attempts = 0;
    server.answerWith(() => {
      attempts += 1;
      return attempts === 1 ? { status: 503 } : 'At last.';
    });

    expect((await model.complete(ask, call)).text).toBe('At last.');
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    [{ status: 500 }, 'unreachable'],
    [{ status: 401 }, 'unreachable'],
    [{ status: 400 }, 'refused'],
    [{ raw: 'not json' }, 'unusable'],
    [{ raw: 'plain', contentType: 'text/plain' }, 'unusable'],
    [{ raw: '{"choices":[]}' }, 'unusable'],
    [{ raw: '{}' }, 'unusable'],
    [{ raw: 'null' }, 'unusable'],
  ])('is an error of ours when the server says %j', async (script, failure) => {
    server.answerWith(script);

    await expect(model.complete(ask, call)).rejects.toMatchObject({ name: 'ModelError', failure });
  });

  it('has no text, and sane counts, when the fields of the answer are of other types', async () => {
    server.answerWith({
      raw: JSON.stringify({
        choices: [{ message: { content: { evil: 1 } } }],
        usage: { prompt_tokens: 'many', completion_tokens: -5 },
      }),
    });

    const { text, usage } = await model.complete(ask, call);

    expect(text).toBe('');
    expect(usage.promptTokens).toBeGreaterThan(0);
    expect(usage.completionTokens).toBeGreaterThanOrEqual(0);
  });

  it('ends at the deadline when the server hangs', async () => {
    open({}, 150);
    server.answerWith({ hang: true });

    await expect(model.complete(ask, call)).rejects.toMatchObject({ failure: 'deadline' });
  });

  it('ends at the deadline although the server asks to be tried again in a minute', async () => {
    open({}, 200);
    server.answerWith({ status: 429, headers: { 'retry-after': '50' } });

    await expect(model.complete(ask, call)).rejects.toMatchObject({ failure: 'deadline' });
  });

  it('ends when the caller leaves', async () => {
    server.answerWith({ hang: true });
    const leaving = new AbortController();
    const answer = model.complete(ask, { ...call, signal: leaving.signal });
    leaving.abort();

    await expect(answer).rejects.toMatchObject({ failure: 'cancelled' });
  });

  it('is refused when it is larger than a mebibyte', async () => {
    server.answerWith({ raw: `{"x":"${'a'.repeat(1_100_000)}"}` });

    await expect(model.complete(ask, call)).rejects.toMatchObject({ name: 'ModelError' });
  });
});

describe('a streamed answer', () => {
  it('arrives in parts and ends with the whole', async () => {
    server.answerWith('One two three');

    const parts = await collect(model.stream(ask, call));

    expect(parts.slice(0, -1)).toEqual([
      { kind: 'text', text: 'One ' },
      { kind: 'text', text: 'two ' },
      { kind: 'text', text: 'three' },
    ]);
    expect(parts.at(-1)).toMatchObject({
      kind: 'end',
      answer: { text: 'One two three', usage: { completionTokens: 10 } },
    });
  });

  it('joins the pieces of a tool call', async () => {
    server.answerWith({ toolCalls: [{ id: 't1', name: 'read_budget', arguments: '{}' }] });

    expect((await collect(model.stream(ask, call))).at(-1)).toMatchObject({
      answer: { toolCalls: [{ id: 't1', name: 'read_budget', argumentsText: '{}' }] },
    });
  });

  it('fails after its first parts when the connection breaks', async () => {
    server.answerWith({ breakAfter: 'One two' });
    const seen: string[] = [];
    const listen = async () => {
      for await (const part of model.stream(ask, call)) {
        seen.push(part.kind);
      }
    };

    await expect(listen()).rejects.toMatchObject({ name: 'ModelError' });
    expect(seen).not.toContain('end');
  });

  it('ends, and frees the budget it did not use, when the listener stops listening', async () => {
    const settled: number[] = [];
    const budget: TokenBudget = {
      reserve: (userId, tokens) => Promise.resolve({ userId, day: '2026-01-01', tokens }),
      settle: (_reservation, used) => Promise.resolve(void settled.push(used)),
    };
    open({ budget });
    server.answerWith('One two three');

    for await (const part of model.stream(ask, call)) {
      expect(part.kind).toBe('text');
      break;
    }

    expect(settled).toHaveLength(1);
  });
});

describe('the breaker', () => {
  it('stays closed after one failure', async () => {
    server.answerWith({ raw: '{}' });
    await expect(model.complete(ask, call)).rejects.toMatchObject({ failure: 'unusable' });
    server.answerWith('Back again.');

    expect((await model.complete(ask, call)).text).toBe('Back again.');
  });

  it('opens when calls keep failing, asks nothing while it is open, and tries again after its rest', async () => {
    open({ breaker: { minCalls: 3, restMs: 50 } });
    server.answerWith({ raw: '{}' });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(model.complete(ask, call)).rejects.toMatchObject({ failure: 'unusable' });
    }
    const asked = server.requests.length;

    await expect(model.complete(ask, call)).rejects.toMatchObject({ failure: 'breaker-open' });
    expect(server.requests).toHaveLength(asked);

    server.answerWith('Recovered.');
    await new Promise((resolve) => {
      setTimeout(resolve, 80);
    });
    expect((await model.complete(ask, call)).text).toBe('Recovered.');
    expect(model.isBreakerOpen()).toBe(false);
  });

  it('does not open for requests that were themselves at fault', async () => {
    open({ breaker: { minCalls: 2 } });
    server.answerWith({ status: 400 });
    for (let attempt = 0; attempt < 4; attempt += 1) {
      await expect(model.complete(ask, call)).rejects.toMatchObject({ failure: 'refused' });
    }

    expect(model.isBreakerOpen()).toBe(false);
  });
});

describe('the budget', () => {
  it('keeps a user who has spent it from asking, and nobody else', async () => {
    open({ budget: memoryTokenBudget({ perUser: 200, inAll: 100_000 }) });
    server.answerWith('Yes.');
    await model.complete(ask, call);
    await model.complete(ask, call);
    const asked = server.requests.length;

    await expect(model.complete(ask, call)).rejects.toMatchObject({ failure: 'over-budget' });

    expect(server.requests).toHaveLength(asked);
    expect((await model.complete(ask, { userId: 'u-2' })).text).toBe('Yes.');
  });

  it('charges nothing for a call that no server took', async () => {
    open({ budget: memoryTokenBudget({ perUser: 250, inAll: 1_000 }) });
    server.answerWith({ status: 400 });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await expect(model.complete(ask, call)).rejects.toMatchObject({ failure: 'refused' });
    }
    server.answerWith('Yes.');

    expect((await model.complete(ask, call)).text).toBe('Yes.');
  });
});
