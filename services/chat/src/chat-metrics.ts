import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Every metric that this service adds to those of the kit. */
export interface ChatMetrics {
  turns: Counter<'outcome'>;
  turnSeconds: Histogram;
  toolCalls: Counter<'tool' | 'outcome'>;
  refusedSentences: Counter<'reason'>;
  suspiciousMessages: Counter<'kind'>;
  modelFailures: Counter<'failure'>;
  acts: Counter<'kind' | 'outcome'>;
}

/**
 * Registers the metrics.
 * @param registry the service's registry
 * @param openSockets how many sockets are open now
 */
export function createChatMetrics(registry: Registry, openSockets: () => number): ChatMetrics {
  const registers = [registry];
  new Gauge({
    name: 'chat_open_sockets',
    help: 'Open chat sockets of this process',
    registers,
    collect() {
      this.set(openSockets());
    },
  });
  return {
    turns: new Counter({
      name: 'chat_turns_total',
      help: 'Messages by how their turn ended',
      labelNames: ['outcome'],
      registers,
    }),
    turnSeconds: new Histogram({
      name: 'chat_turn_seconds',
      help: 'Time from a message to the end of its answer',
      buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 45],
      registers,
    }),
    toolCalls: new Counter({
      name: 'chat_tool_calls_total',
      help: 'Calls of tools; `unlisted` is a tool that was not offered',
      labelNames: ['tool', 'outcome'],
      registers,
    }),
    refusedSentences: new Counter({
      name: 'chat_refused_sentences_total',
      help: 'Sentences of the model that were not shown: unknown figures, links, promises, requests for secrets',
      labelNames: ['reason'],
      registers,
    }),
    suspiciousMessages: new Counter({
      name: 'chat_suspicious_messages_total',
      help: 'Messages that look like an attempt to change the rules or to reach other data',
      labelNames: ['kind'],
      registers,
    }),
    modelFailures: new Counter({
      name: 'chat_model_failures_total',
      help: 'Turns for which the language model gave no whole answer',
      labelNames: ['failure'],
      registers,
    }),
    acts: new Counter({
      name: 'chat_acts_total',
      help: 'Proposed changes that the user answered',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
  };
}
