import { z } from 'zod';
import { Instant } from '../calendar-date.ts';
import { type EventDefinition, type ServiceName, defineEvent } from '../define-event.ts';
import { AccountRole, StandingState } from '../http/standing.ts';
import { ResourceId, UserId } from '../ids.ts';

/** Every service that keeps something about users; each is asked for erasure and export, and confirms. */
export const SERVICES_WITH_USER_DATA = [
  'identity',
  'ingestion',
  'categorization',
  'insights',
  'segmentation',
  'missions',
  'advisor',
  'chat',
] as const satisfies readonly ServiceName[];
export type ServiceWithUserData = (typeof SERVICES_WITH_USER_DATA)[number];

export const UserRegistered = defineEvent({
  name: 'user.registered',
  version: 1,
  producer: 'identity',
  consumers: [],
  summary: 'A user opened an account',
  data: z.object({ userId: UserId }),
});

export const UserStandingChanged = defineEvent({
  name: 'user.standing-changed',
  version: 1,
  producer: 'identity',
  consumers: [],
  summary: 'The standing or the role of a user changed',
  data: z.object({
    userId: UserId,
    state: StandingState,
    role: AccountRole.nullable(),
  }),
});

export const UserConsentChanged = defineEvent({
  name: 'user.consent-changed',
  version: 1,
  producer: 'identity',
  consumers: ['categorization'],
  summary: 'A user allowed or withdrew the use of their data for pooled learning or the partner view',
  data: z.object({ userId: UserId, pooledLearning: z.boolean(), partnerView: z.boolean() }),
});

export const UserErasureRequested = defineEvent({
  name: 'user.erasure-requested',
  version: 1,
  producer: 'identity',
  consumers: SERVICES_WITH_USER_DATA,
  summary: 'Everything about a user is to be removed; asked again until a round finds nothing',
  data: z.object({
    userId: UserId,
    erasureId: ResourceId,
    /** 1 for the first; facts on their way during one round are removed in the next. */
    round: z.int().min(1),
    /** Facts stated before this instant are dropped when they arrive late. */
    requestedAt: Instant,
  }),
});

const UserErased = z.object({
  erasureId: ResourceId,
  round: z.int().min(1),
  /** Rows removed, by collection. It names the erasure and not the user, who is to leave no trace. */
  removed: z.record(z.string(), z.int().min(0)),
});

const erasedBy = (service: ServiceWithUserData): EventDefinition<typeof UserErased> =>
  defineEvent({
    name: `user.erased-by-${service}`,
    version: 1,
    producer: service,
    consumers: ['identity'],
    summary: `The ${service} service removed what it held about a user`,
    data: UserErased,
  });

/** The confirmation of each service, since an event has one producer. */
export const USER_ERASED_BY: Readonly<Record<ServiceWithUserData, EventDefinition<typeof UserErased>>> = {
  identity: erasedBy('identity'),
  ingestion: erasedBy('ingestion'),
  categorization: erasedBy('categorization'),
  insights: erasedBy('insights'),
  segmentation: erasedBy('segmentation'),
  missions: erasedBy('missions'),
  advisor: erasedBy('advisor'),
  chat: erasedBy('chat'),
};
