import { MissionCompleted, MissionFailed } from '@orrery/contracts';
import { subscribe } from '@orrery/messaging';
import type { Subscription } from '@orrery/messaging';
import type { RaiseAlerts } from '../use-cases/raise-alerts.ts';

/**
 * Tells the user how an accepted mission ended, once per mission.
 * @param raiseAlerts the alerts
 */
export const onMissionEnded = (raiseAlerts: RaiseAlerts): Subscription[] => [
  subscribe(MissionCompleted, 'insights', ({ data }, transaction) =>
    raiseAlerts.raise(
      data.userId,
      [
        {
          kind: 'mission_completed',
          subject: data.missionId,
          period: data.validFrom,
          facts: { phrase: data.texts, ...((data.saved?.amountMinor ?? 0) > 0 && data.saved) },
        },
      ],
      transaction,
    ),
  ),
  subscribe(MissionFailed, 'insights', ({ data }, transaction) =>
    raiseAlerts.raise(
      data.userId,
      [
        {
          kind: 'mission_failed',
          subject: data.missionId,
          period: data.validFrom,
          facts: { phrase: data.texts },
        },
      ],
      transaction,
    ),
  ),
];
