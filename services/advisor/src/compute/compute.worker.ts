import { answerTasks } from '@orrery/service-kit/answer-tasks';
import { TASKS } from './tasks.ts';

answerTasks(TASKS);
