import { constants, setPriority } from 'node:os';
import { answerTasks } from '@orrery/service-kit/answer-tasks';
import { TRAINING_TASKS } from './training-tasks.ts';

// On Linux this is about the calling thread alone (setpriority(2), "Bugs"): a training must not take processor time
// from the requests that are served meanwhile. Elsewhere it would slow down the whole process.
if (process.platform === 'linux') {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
}

answerTasks(TRAINING_TASKS);
