import { workerData } from 'node:worker_threads';
import { answerTasks } from '../src/threads/answer-tasks.ts';

let greeting = 'Hello';
let startedWith = 0;

export const tasks = {
  greet: (name: string): string => `${greeting}, ${name}`,
  useGreeting: (next: string): void => {
    if (next === '') {
      throw new Error('no greeting');
    }
    greeting = next;
  },
  /** Counts the tasks of this kind that this very thread has run. */
  count: (): number => (startedWith += 1),
  givenData: (): unknown => workerData,
  later: (value: number): Promise<number> => Promise.resolve(value + 1),
  fail: (message: string): never => {
    throw new RangeError(message);
  },
  giveFunction: (): unknown => () => undefined,
  die: (): void => process.exit(3),
  hang: (): void => {
    let turns = 0;
    while (turns >= 0) {
      turns += 1;
    }
  },
  /** Waits without giving up the thread until the other one has arrived, too. */
  meet: (shared: SharedArrayBuffer): string => {
    const places = new Int32Array(shared);
    Atomics.add(places, 0, 1);
    Atomics.notify(places, 0);
    return Atomics.load(places, 0) === 2 || Atomics.wait(places, 0, 1, 20_000) === 'ok' ? 'met' : 'alone';
  },
};

answerTasks(tasks);
