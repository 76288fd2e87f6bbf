import { Worker } from 'node:worker_threads';
import { AppError } from '../errors/app-error.ts';
import type { TaskAnswer, TaskRequest, Tasks } from './task-messages.ts';

export interface TaskThreadsOptions {
  /** The worker file, whose program is `answerTasks(…)`. */
  file: URL;
  /** Given to every thread as `workerData`. */
  data?: unknown;
  /** Most threads at a time; default 1. */
  threads?: number;
  /** Tasks that may wait for a thread; further ones are refused, so that a queue cannot grow without bound. Default 64. */
  maxWaiting?: number;
  /** Longest time for one task, the start of its thread included; default 30 seconds. */
  timeoutMs?: number;
  /** How long a thread without work is kept: its memory is a good part of an idle process. Default five minutes. */
  idleMs?: number;
  /** Hears of threads that died, with the reason. */
  onDeath?(reason: Error): void;
}

/** Threads that do named work off the event loop. */
export interface TaskThreads<Work extends Tasks> {
  /**
   * Runs a task in the next free thread; tasks begin in the order in which they were asked for.
   * @param name name of the task
   * @param input its arguments, plain data
   * @throws AppError `unavailable` when too many wait, the thread died or the threads were stopped,
   * `deadline-exceeded` after the time limit, `internal` with the task's error as cause when the task threw
   */
  run<Name extends keyof Work & string>(
    name: Name,
    ...input: Parameters<Work[Name]>
  ): Promise<Awaited<ReturnType<Work[Name]>>>;
  /**
   * Runs a task in every thread, before the tasks asked for later, and first thing in every thread that starts later.
   * Of several calls with one name the last one counts. A failure of it ends the thread.
   * @param name name of the task
   * @param input its arguments, plain data
   */
  prepare<Name extends keyof Work & string>(name: Name, ...input: Parameters<Work[Name]>): void;
  /** Ends all threads for good; what runs or waits fails with `unavailable`. */
  stop(): Promise<void>;
}

interface Waiting {
  request: TaskRequest;
  resolve(result: unknown): void;
  reject(error: AppError): void;
}

interface Thread {
  worker: Worker;
  task: Waiting | undefined;
  /** Ends a task that takes too long, or a thread that has had no work for long. */
  timer: NodeJS.Timeout | undefined;
}

const IDLE_MS = 5 * 60_000;

const interrupted = (cause?: unknown): AppError =>
  new AppError('unavailable', { detail: 'The work was interrupted.', cause });

/**
 * Opens threads for CPU-heavy work. They start when they are needed and end when they have had no work for a while; one
 * that dies or takes too long fails its own task only and is replaced. An idle thread does not keep the process alive.
 * @param options worker file and limits
 */
export const openTaskThreads = <Work extends Tasks>(options: TaskThreadsOptions): TaskThreads<Work> => {
  const {
    file,
    data,
    threads: most = 1,
    maxWaiting = 64,
    timeoutMs = 30_000,
    idleMs = IDLE_MS,
    onDeath,
  } = options;
  const threads = new Set<Thread>();
  const queue: Waiting[] = [];
  const preparations = new Map<string, readonly unknown[]>();
  let lastId = 0;
  let stopped = false;

  const requestOf = (name: string, input: readonly unknown[]): TaskRequest => {
    lastId += 1;
    return { id: lastId, name, input };
  };

  const end = (thread: Thread, error: AppError): void => {
    // A thread reports its end twice, as error and as exit.
    if (!threads.delete(thread)) {
      return;
    }
    clearTimeout(thread.timer);
    thread.task?.reject(error);
    void thread.worker.terminate();
    dispatch();
  };

  const die = (thread: Thread, reason: Error): void => {
    if (threads.has(thread)) {
      onDeath?.(reason);
    }
    end(thread, interrupted(reason));
  };

  const hear = (thread: Thread, answer: TaskAnswer): void => {
    const { task } = thread;
    if (task?.request.id !== answer.id) {
      if ('error' in answer) {
        die(thread, new Error('the thread could not be prepared', { cause: answer.error }));
      }
      return;
    }
    clearTimeout(thread.timer);
    thread.task = undefined;
    thread.worker.unref();
    if ('error' in answer) {
      task.reject(new AppError('internal', { cause: answer.error }));
    } else {
      task.resolve(answer.result);
    }
    thread.timer = setTimeout(() => end(thread, interrupted()), idleMs).unref();
    dispatch();
  };

  const start = (): Thread => {
    const worker = new Worker(file, { workerData: data });
    const thread: Thread = { worker, task: undefined, timer: undefined };
    worker.unref();
    worker.on('message', (answer: TaskAnswer) => hear(thread, answer));
    worker.on('messageerror', (error) => die(thread, error));
    worker.on('error', (error: Error) => die(thread, error));
    worker.on('exit', (code) => die(thread, new Error(`the thread ended with code ${String(code)}`)));
    for (const [name, input] of preparations) {
      worker.postMessage(requestOf(name, input));
    }
    threads.add(thread);
    return thread;
  };

  const assign = (thread: Thread, task: Waiting): void => {
    try {
      thread.worker.postMessage(task.request);
    } catch (error) {
      task.reject(new AppError('internal', { cause: error }));
      return;
    }
    clearTimeout(thread.timer);
    thread.task = task;
    thread.worker.ref();
    thread.timer = setTimeout(() => end(thread, new AppError('deadline-exceeded')), timeoutMs);
  };

  const dispatch = (): void => {
    while (queue.length > 0) {
      const idle = [...threads].find(({ task }) => task === undefined);
      const thread = idle ?? (threads.size < most ? start() : undefined);
      if (thread === undefined) {
        return;
      }
      const task = queue.shift();
      if (task !== undefined) {
        assign(thread, task);
      }
    }
  };

  return {
    run: (name, ...input) => {
      if (stopped) {
        return Promise.reject(interrupted());
      }
      const busy = [...threads].filter(({ task }) => task !== undefined).length;
      if (busy >= most && queue.length >= maxWaiting) {
        return Promise.reject(new AppError('unavailable', { detail: 'Too much work is waiting.' }));
      }
      return new Promise((resolve, reject) => {
        queue.push({
          request: requestOf(name, input),
          // The thread answers with what the task of this name returned, so the type is the task's.
          resolve: (result) => resolve(result as Awaited<ReturnType<Work[typeof name]>>),
          reject,
        });
        dispatch();
      });
    },
    prepare: (name, ...input) => {
      preparations.set(name, input);
      for (const { worker } of threads) {
        worker.postMessage(requestOf(name, input));
      }
    },
    stop: async () => {
      stopped = true;
      const ending = [...threads];
      for (const { reject } of queue.splice(0)) {
        reject(interrupted());
      }
      for (const thread of ending) {
        end(thread, interrupted());
      }
      await Promise.all(ending.map(({ worker }) => worker.terminate()));
    },
  };
};
