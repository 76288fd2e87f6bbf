import type { Clock } from '@orrery/calendar';
import { UserSegmentAssigned } from '@orrery/contracts';
import { newEvent } from '@orrery/messaging';
import type { Runtime } from '@orrery/service-kit';
import { countInputs } from '../domain/count-inputs.ts';
import { placeRow } from '../domain/place-row.ts';
import type { Placement } from '../domain/place-row.ts';
import { SHARE_PREFIX, spendingRow } from '../domain/spending/spending-row.ts';
import type { SpendingScale } from '../domain/spending/spending-row.ts';
import type { SpendingProfile } from '../domain/spending/spending-profile.ts';
import type { Assignment, AssignmentStore } from '../store/assignment-store.ts';
import type { InputStore } from '../store/input-store.ts';
import type { ModelStore, ModelVersion } from '../store/model-store.ts';
import type { SpendingStore } from '../store/spending-store.ts';

/** Users of one transaction; each may state an event. */
const TOGETHER = 100;
/** Small enough that reading a page holds up no other request. */
const PAGE = 500;

/**
 * What a version's rows are made with.
 * @param version a version of the spending model
 */
export const scaleOf = ({ model, levels }: ModelVersion): SpendingScale => ({
  categories: model.features.flatMap(({ name }) =>
    name.startsWith(SHARE_PREFIX) ? [name.slice(SHARE_PREFIX.length)] : [],
  ),
  levels: levels ?? {},
});

/**
 * Where a user's spending belongs.
 * @param version a version of the spending model
 * @param profile the user's spending
 */
export const placeSpender = (version: ModelVersion, profile: SpendingProfile): Placement =>
  placeRow(version.model, spendingRow(profile, scaleOf(version)));

/**
 * Makes the use case of giving users their segments, and of telling others when one changes.
 * @param parts stores, clock and transactions
 */
export const createAssignSegments = (
  parts: {
    models: ModelStore;
    spending: SpendingStore;
    assignments: AssignmentStore;
    inputs: InputStore;
    clock: Clock;
  } & Pick<Runtime<unknown>, 'inTransaction' | 'recordEvents'>,
) => {
  const { models, spending, assignments, inputs, clock, inTransaction, recordEvents } = parts;

  const eventOf = (version: ModelVersion, { persona }: Placement, assignment: Assignment) =>
    newEvent(UserSegmentAssigned, assignment.userId, {
      userId: assignment.userId,
      model: 'spending',
      modelVersion: version.version,
      segmentId: assignment.personaId,
      names: persona.names,
      topCategories: [...(version.spending?.[persona.id]?.topCategories ?? [])],
      rowVersion: assignment.rowVersion,
    });

  const placeTogether = async (
    version: ModelVersion,
    profiles: readonly SpendingProfile[],
  ): Promise<number> => {
    const rows = profiles.map((profile) => spendingRow(profile, scaleOf(version)));
    const placements = rows.map((row) => placeRow(version.model, row));
    const now = clock.now();
    const changed = await inTransaction(async (session) => {
      const known = await assignments.findMany(
        profiles.map(({ userId }) => userId),
        session,
      );
      const next = placements.map((placement, index): { assignment: Assignment; placement: Placement } => {
        const userId = profiles[index]?.userId ?? '';
        const before = known.get(userId);
        const isSame = before?.personaId === placement.persona.id;
        return {
          placement,
          assignment: {
            userId,
            personaId: placement.persona.id,
            modelVersion: version.version,
            distance: placement.distance,
            margin: placement.margin,
            rowVersion: (before?.rowVersion ?? 0) + (isSame ? 0 : 1),
            assignedAt: isSame ? before.assignedAt : now,
          },
        };
      });
      await assignments.saveAll(
        next.map(({ assignment }) => assignment),
        session,
      );
      const told = next.filter(
        ({ assignment }) => assignment.rowVersion !== known.get(assignment.userId)?.rowVersion,
      );
      if (told.length > 0) {
        await recordEvents(
          session,
          told.map(({ assignment, placement }) => eventOf(version, placement, assignment)),
        );
      }
      return told.length;
    });
    await inputs.add('spending', version.version, now, countInputs(version.model, rows, placements));
    return changed;
  };

  const place = async (version: ModelVersion, profiles: readonly SpendingProfile[]): Promise<number> => {
    let changed = 0;
    for (let start = 0; start < profiles.length; start += TOGETHER) {
      changed += await placeTogether(version, profiles.slice(start, start + TOGETHER));
    }
    return changed;
  };

  return {
    /**
     * Gives some users their segment; before the first training nobody has one.
     * @param profiles their spending
     * @returns how many have another segment than before
     */
    async place(profiles: readonly SpendingProfile[]): Promise<number> {
      const version = await models.current('spending');
      return version === undefined ? 0 : place(version, profiles);
    },

    /**
     * Gives everybody their segment, page by page, so that memory stays bounded however many there are.
     * @param signal ends it between two pages
     * @returns how many were placed, and how many of them have another segment than before
     */
    async placeEverybody(signal: AbortSignal): Promise<{ users: number; changed: number }> {
      const version = await models.current('spending');
      let users = 0;
      let changed = 0;
      if (version !== undefined) {
        for await (const profiles of spending.pages(PAGE)) {
          signal.throwIfAborted();
          changed += await place(version, profiles);
          users += profiles.length;
        }
      }
      return { users, changed };
    },
  };
};

export type AssignSegments = ReturnType<typeof createAssignSegments>;
