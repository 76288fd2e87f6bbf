import type { ServiceState } from '../constellation.ts';
import { shortDuration } from './describe-time.ts';

/** Something that a person should look at. */
export interface Concern {
  text: string;
  /** Id of the part of the page that says more. */
  section: 'services' | 'queues' | 'parked' | 'jobs' | 'models' | 'spend';
}

/** Younger events of an outbox are simply on their way; the alert OutboxStuck waits as long. */
const PATIENCE_S = 60;

/**
 * What is not as it should be, the gravest first.
 * @param states what the services answered
 */
export function concernsOf(states: readonly ServiceState[]): Concern[] {
  const silent = states
    .filter(({ state }) => state === undefined)
    .map(({ service }): Concern => ({ text: `${service} does not answer`, section: 'services' }));
  const answers = states.flatMap(({ service, state }) =>
    state === undefined ? [] : [{ ...state, service }],
  );
  const unready = answers
    .filter(({ ready }) => !ready)
    .map(({ service, checks }): Concern => {
      const reasons = Object.entries(checks).filter(([, answer]) => answer !== 'ok');
      const why = reasons.map(([name, answer]) => `${name}: ${answer}`).join(', ');
      return { text: `${service} is not ready${why === '' ? '' : ` (${why})`}`, section: 'services' };
    });
  const stuck = answers.flatMap(({ service, outbox }): Concern[] =>
    outbox !== null && outbox.pending > 0 && outbox.oldestAgeSeconds > PATIENCE_S
      ? [
          {
            text: `${service} has had events to publish for ${shortDuration(outbox.oldestAgeSeconds * 1_000)}`,
            section: 'services',
          },
        ]
      : [],
  );
  const uncounted = answers
    .filter(({ queues }) => queues === null)
    .map(({ service }): Concern => ({
      text: `the queues of ${service} cannot be counted`,
      section: 'queues',
    }));
  const parked = answers.flatMap(({ service, deadLetters }): Concern[] => {
    const count = (deadLetters ?? []).reduce((sum, letter) => sum + letter.count, 0);
    return count === 0
      ? []
      : [{ text: `${count} parked ${count === 1 ? 'event' : 'events'} at ${service}`, section: 'parked' }];
  });
  const failed = answers.flatMap(({ service, jobs }) =>
    jobs
      .filter(({ lastRun }) => lastRun?.state === 'failed')
      .map(({ name }): Concern => ({
        text: `the last run of ${name} at ${service} failed`,
        section: 'jobs',
      })),
  );
  // Banks whose users have to sign in again are no concern of operators.
  const models = answers.flatMap(({ service, facts }) =>
    facts.flatMap(({ group, name, value, state }): Concern[] =>
      state === 'warning' && group !== 'banks'
        ? [{ text: `${name} at ${service}: ${value}`, section: group }]
        : [],
    ),
  );
  return [...silent, ...unready, ...stuck, ...uncounted, ...parked, ...failed, ...models];
}
