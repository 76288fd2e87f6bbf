import type { ClientSession, Connection } from 'mongoose';

/** The segment that a user was told to be in. */
export interface Assignment {
  userId: string;
  personaId: string;
  modelVersion: number;
  /** Distance to the persona's centre in comparable units. */
  distance: number;
  /** 0 on the border to the next persona, 1 at the centre. */
  margin: number;
  /** Grows with every change of persona. */
  rowVersion: number;
  assignedAt: Date;
}

type AssignmentRow = Omit<Assignment, 'userId'> & { _id: string };

/**
 * Segments of users.
 * @param connection database of the service
 */
export const createAssignmentStore = (connection: Connection) => {
  const assignments = connection.collection<AssignmentRow>('segment_assignments');
  return {
    /**
     * Segments of some users.
     * @param userIds the users
     * @param session transaction
     */
    async findMany(userIds: readonly string[], session: ClientSession): Promise<Map<string, Assignment>> {
      const rows = await assignments.find({ _id: { $in: [...userIds] } }, { session }).toArray();
      return new Map(rows.map(({ _id, ...row }) => [_id, { userId: _id, ...row }]));
    },

    /**
     * Stores segments of users.
     * @param changed the assignments
     * @param session transaction that also states the events
     */
    async saveAll(changed: readonly Assignment[], session: ClientSession): Promise<void> {
      if (changed.length === 0) {
        return;
      }
      await assignments.bulkWrite(
        changed.map(({ userId, ...row }) => ({
          replaceOne: { filter: { _id: userId }, replacement: row, upsert: true },
        })),
        { session, ordered: false },
      );
    },
  };
};

export type AssignmentStore = ReturnType<typeof createAssignmentStore>;
