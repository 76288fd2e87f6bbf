import type { ClientSession, Connection } from 'mongoose';
import type { Rule } from '../domain/rule-matching.ts';

/** A rule with its place in the user's order; lower comes first. */
export interface PlacedRule extends Rule {
  position: number;
}

interface RuleDocument extends Omit<PlacedRule, 'id'> {
  /** `<userId>:<ruleId>`. */
  _id: string;
  userId: string;
}

/** Compiling and trying rules costs time on every transaction. */
export const MAX_RULES_PER_USER = 200;

const idOf = (userId: string, ruleId: string): string => `${userId}:${ruleId}`;

const toRule = ({ _id, userId, ...rest }: RuleDocument): PlacedRule => ({
  ...rest,
  id: _id.slice(userId.length + 1),
});

/**
 * Users' rules in their order. Every function takes the user first.
 * @param mongo the service's database
 */
export const createRuleStore = (mongo: Connection) => {
  const collection = mongo.collection<RuleDocument>('rules');
  return {
    /** Makes the index; safe to repeat. */
    async prepare(): Promise<void> {
      await collection.createIndex({ userId: 1, position: 1 });
    },

    /**
     * All rules of a user, first to last.
     * @param userId owner
     * @param session transaction to read in
     */
    async list(userId: string, session?: ClientSession): Promise<PlacedRule[]> {
      const found = await collection
        .find({ userId }, session === undefined ? {} : { session })
        .sort({ position: 1, _id: 1 })
        .limit(MAX_RULES_PER_USER)
        .toArray();
      return found.map(toRule);
    },

    /**
     * Stores a rule over the one with its id.
     * @param userId owner
     * @param rule the rule
     * @param session transaction to write in
     */
    async save(userId: string, { id, ...rest }: PlacedRule, session: ClientSession): Promise<void> {
      await collection.replaceOne({ _id: idOf(userId, id) }, { userId, ...rest }, { upsert: true, session });
    },

    /**
     * Deletes a rule.
     * @param userId owner
     * @param ruleId its id
     * @returns whether there was one
     */
    async remove(userId: string, ruleId: string): Promise<boolean> {
      const { deletedCount } = await collection.deleteOne({ _id: idOf(userId, ruleId) });
      return deletedCount > 0;
    },
  };
};

export type RuleStore = ReturnType<typeof createRuleStore>;
