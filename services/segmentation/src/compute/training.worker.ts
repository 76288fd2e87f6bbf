import { answerTasks } from '@orrery/service-kit/answer-tasks';
import { TRAINING_TASKS } from './training-tasks.ts';

answerTasks(TRAINING_TASKS);
