import { categorization } from '@orrery/categorization';
import { gateway } from '@orrery/gateway';
import { identity } from '@orrery/identity';
import { ingestion } from '@orrery/ingestion';
import { insights } from '@orrery/insights';
import type { ServiceModule } from '@orrery/service-kit';
import { segmentation } from '@orrery/segmentation';
import { missions } from '@orrery/missions';
import { advisor } from '@orrery/advisor';
import { chat } from '@orrery/chat';
import { operations } from '@orrery/operations';

/** The whole system, readable as one list. The gateway comes last, so that it opens when there is something behind it. */
export const SERVICES: readonly ServiceModule[] = [
  identity,
  ingestion,
  categorization,
  insights,
  segmentation,
  missions,
  advisor,
  chat,
  operations,
  gateway,
];
