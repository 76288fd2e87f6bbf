import { EVENTS, type ServiceName } from '@orrery/contracts';
import { planTopology } from '@orrery/messaging';
import { connect } from 'amqplib';
import type { PrivateBroker } from '../../scripts/rabbitmq/ensure-broker.mjs';
import { type Processes, type ServiceProcess, prepareProcesses } from './processes.ts';

/** What every scenario is given. */
export interface Setting {
  mongoUri: string;
  broker: PrivateBroker;
  random: () => number;
  seed: number;
  /** The version for every CI run: the same faults, fewer of them. */
  isShort: boolean;
  log(line: string): void;
  /** Directory for the logs of the processes; undefined drops them. */
  logs?: string | undefined;
}

/** One kind of fault and what has to hold meanwhile and afterwards. */
export interface Scenario {
  name: string;
  /** What is done. */
  fault: string;
  /** What has to hold. */
  promise: string;
  /** Also part of the short version. */
  inShort: boolean;
  /**
   * @returns what was measured, in a few words
   * @throws Error when the promise was broken
   */
  run(setting: Setting): Promise<string>;
}

/** Services on the way of a row. */
export const JOURNEY: readonly ServiceName[] = ['ingestion', 'categorization', 'insights'];
/** Pauses between attempts that processes under faults have, in milliseconds. */
export const RETRY_DELAYS_MS = [200, 1_000, 3_000];
/** How long a whole constellation may take until it is healthy. */
export const HEALTHY_MS = 60_000;

/**
 * @param ms how long
 */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Ends a scenario whose promise was broken.
 * @param holds whether it was kept
 * @param sentence what was seen instead
 * @throws Error with the sentence
 */
export function check(holds: boolean, sentence: string): void {
  if (!holds) {
    throw new Error(sentence);
  }
}

/**
 * Runs a scenario with processes of its own, and removes what it leaves in database and broker.
 * @param setting servers and logs
 * @param options which services, and what is special about some of them
 * @param work the scenario
 */
export async function withProcesses(
  setting: Setting,
  options: Partial<Parameters<typeof prepareProcesses>[0]>,
  work: (processes: Processes) => Promise<string>,
): Promise<string> {
  const processes = await prepareProcesses({
    mongoUri: setting.mongoUri,
    rabbitmqUrl: setting.broker.url,
    logs: setting.logs,
    ...options,
  });
  try {
    return await work(processes);
  } finally {
    await processes.stop();
    await removeQueues(setting.broker.url, processes.namespace);
  }
}

/** The broker outlives a scenario; its queues must not. */
async function removeQueues(url: string, namespace: string): Promise<void> {
  const model = await connect(url);
  const channel = await model.createChannel();
  const { exchanges, queues } = planTopology(EVENTS, { namespace, retryDelaysMs: RETRY_DELAYS_MS });
  for (const { name } of queues) {
    await channel.deleteQueue(name);
  }
  for (const { name } of exchanges) {
    await channel.deleteExchange(name);
  }
  await model.close();
}

/**
 * Starts processes and waits until all are ready.
 * @param services any
 */
export const startAll = async (services: readonly ServiceProcess[]): Promise<void> => {
  for (const service of services) {
    service.start();
  }
  await Promise.all(services.map((service) => service.untilReady(HEALTHY_MS)));
};
