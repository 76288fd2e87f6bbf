import type { Connection } from 'mongoose';
import { v7 } from 'uuid';
import type { Customer } from '../domain/customers/customer.ts';

/** What a user may write of a saved profile. */
export interface ProfileFields extends Customer {
  name: string;
  notes: string | null;
}

/** A customer that a user saved. */
export interface CustomerProfile extends ProfileFields {
  id: string;
  userId: string;
  createdAt: Date;
  updatedAt: Date;
}

type ProfileRow = Omit<CustomerProfile, 'id'> & { _id: string };

const toProfile = ({ _id, ...row }: ProfileRow): CustomerProfile => ({ id: _id, ...row });

/**
 * Saved customer profiles; another user's id finds nothing.
 * @param connection database of the service
 */
export const createCustomerProfileStore = (connection: Connection) => {
  const profiles = connection.collection<ProfileRow>('customer_profiles');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await profiles.createIndexes([{ key: { userId: 1, _id: 1 }, name: 'oldest_of_user' }]);
    },

    /**
     * Saves a new profile.
     * @param userId owner
     * @param fields what was written
     * @param now the instant
     */
    async create(userId: string, fields: ProfileFields, now: Date): Promise<CustomerProfile> {
      const row: ProfileRow = { _id: v7(), userId, ...fields, createdAt: now, updatedAt: now };
      await profiles.insertOne(row);
      return toProfile(row);
    },

    /**
     * A page of the user's profiles, oldest first.
     * @param userId owner
     * @param page rows to pass over, and rows to give
     */
    async list(userId: string, page: { skip: number; limit: number }): Promise<CustomerProfile[]> {
      const rows = await profiles
        .find({ userId })
        .sort({ _id: 1 })
        .skip(page.skip)
        .limit(page.limit)
        .toArray();
      return rows.map(toProfile);
    },

    /**
     * One profile, or undefined.
     * @param userId owner
     * @param id its id
     */
    async find(userId: string, id: string): Promise<CustomerProfile | undefined> {
      const row = await profiles.findOne({ _id: id, userId });
      return row === null ? undefined : toProfile(row);
    },

    /**
     * Changes some fields.
     * @param userId owner
     * @param id its id
     * @param change the fields that change
     * @param now the instant
     * @returns the profile as it is then, or undefined
     */
    async change(
      userId: string,
      id: string,
      change: Partial<ProfileFields>,
      now: Date,
    ): Promise<CustomerProfile | undefined> {
      const row = await profiles.findOneAndUpdate(
        { _id: id, userId },
        { $set: { ...change, updatedAt: now } },
        { returnDocument: 'after' },
      );
      return row === null ? undefined : toProfile(row);
    },

    /**
     * Removes a profile.
     * @param userId owner
     * @param id its id
     * @returns whether it was there
     */
    async remove(userId: string, id: string): Promise<boolean> {
      return (await profiles.deleteOne({ _id: id, userId })).deletedCount === 1;
    },

    /**
     * Numbers of profiles.
     * @param userIds some users
     * @returns those of each user who has any, and of all users together
     */
    async countByUser(userIds: readonly string[]): Promise<{ byUser: Map<string, number>; total: number }> {
      const [counts, total] = await Promise.all([
        profiles
          .aggregate<{ _id: string; count: number }>([
            { $match: { userId: { $in: [...userIds] } } },
            { $group: { _id: '$userId', count: { $sum: 1 } } },
          ])
          .toArray(),
        profiles.estimatedDocumentCount(),
      ]);
      return { byUser: new Map(counts.map(({ _id, count }) => [_id, count])), total };
    },
  };
};

export type CustomerProfileStore = ReturnType<typeof createCustomerProfileStore>;
