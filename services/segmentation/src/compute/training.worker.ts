import { setPriority } from 'node:os';
import { answerTasks } from '@orrery/service-kit/answer-tasks';
import { TRAINING_TASKS } from './training-tasks.ts';

/** A third of the weight of ordinary threads where processors are short (sched(7), nice values). */
const NICE = 5;

// On Linux this is about the calling thread alone (setpriority(2), "Bugs"): a training must not take processor time
// from the requests that are served meanwhile. Elsewhere it would slow down the whole process.
if (process.platform === 'linux') {
  setPriority(NICE);
}

answerTasks(TRAINING_TASKS);
