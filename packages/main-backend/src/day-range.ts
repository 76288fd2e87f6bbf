import type { Document, Filter } from 'mongodb';

/** Months and days are UTC, as the main back end counts them. `from` is included, `before` is not. */
export interface DayRange {
  from: Date;
  before: Date;
}

/**
 * The condition that a day lies in a range. Old rows keep the day as ISO text, which orders like the date itself.
 * @param field name of the field with the day
 * @param range the days
 */
export const within = (field: string, range: DayRange): Filter<Document> => ({
  $or: [
    { [field]: { $gte: range.from, $lt: range.before } },
    {
      [field]: {
        $gte: range.from.toISOString().slice(0, 10),
        $lt: range.before.toISOString().slice(0, 10),
      },
    },
  ],
});
