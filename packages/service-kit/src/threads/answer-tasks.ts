import { parentPort } from 'node:worker_threads';
import type { TaskAnswer, TaskRequest, Tasks } from './task-messages.ts';

const perform = async (tasks: Tasks, { id, name, input }: TaskRequest): Promise<TaskAnswer> => {
  const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  if (task === undefined) {
    return { id, error: new Error(`this thread knows no task "${name}"`) };
  }
  try {
    return { id, result: await Reflect.apply(task, undefined, input) };
  } catch (error) {
    return { id, error };
  }
};

/**
 * Answers the requests of `openTaskThreads`: the whole program of a worker file. It has an entry point of its own
 * (`@orrery/service-kit/answer-tasks`), so that a thread does not load the web framework and the database driver.
 * @param tasks the work by name
 * @throws Error outside of a worker thread
 */
export const answerTasks = (tasks: Tasks): void => {
  const port = parentPort;
  if (port === null) {
    throw new Error('answerTasks is for worker threads');
  }
  const answer = async (request: TaskRequest): Promise<void> => {
    const outcome = await perform(tasks, request);
    try {
      port.postMessage(outcome);
    } catch (error) {
      // Functions and the like do not cross the boundary; the asker has to hear of it all the same.
      port.postMessage({ id: request.id, error: new Error(`not plain data: ${String(error)}`) });
    }
  };
  port.on('message', (request: TaskRequest) => void answer(request));
};
