import type { ClientSession, Connection } from 'mongoose';

/** News for every user, told to one after the other. */
export interface Announcement {
  /** Version of the model that is told about. */
  modelVersion: string;
  /** Share of the check set that it files right, in whole percent. */
  percent: number;
  /** The last user who was told, in the order of their ids. */
  toldUpTo: string;
}

interface StoredAnnouncement extends Announcement {
  _id: string;
  isOpen: boolean;
}

/**
 * News that every user is still to be told; it holds nothing about users beyond how far the telling has come.
 * @param connection database of the service
 */
export const createAnnouncementStore = (connection: Connection) => {
  const announcements = connection.collection<StoredAnnouncement>('announcements');
  return {
    /** Makes the indexes; safe to repeat. */
    async prepare(): Promise<void> {
      await announcements.createIndexes([{ key: { isOpen: 1 }, name: 'by_open' }]);
    },

    /**
     * Notes news; the same model a second time changes nothing.
     * @param news the model
     * @param session transaction of the event
     */
    async add(news: Omit<Announcement, 'toldUpTo'>, session: ClientSession): Promise<void> {
      await announcements.updateOne(
        { _id: news.modelVersion },
        { $setOnInsert: { ...news, toldUpTo: '', isOpen: true } },
        { upsert: true, session },
      );
    },

    /** News that are not told to everybody yet. */
    async open(): Promise<Announcement[]> {
      const stored = await announcements.find({ isOpen: true }).limit(100).toArray();
      return stored.map(({ modelVersion, percent, toldUpTo }) => ({ modelVersion, percent, toldUpTo }));
    },

    /**
     * Notes that a user was told.
     * @param modelVersion the model
     * @param userId the user
     * @param session transaction that raises the alert
     */
    async told(modelVersion: string, userId: string, session: ClientSession): Promise<void> {
      await announcements.updateOne({ _id: modelVersion }, { $set: { toldUpTo: userId } }, { session });
    },

    /**
     * Notes that everybody was told.
     * @param modelVersion the model
     */
    async close(modelVersion: string): Promise<void> {
      await announcements.updateOne(
        { _id: modelVersion },
        { $set: { isOpen: false }, $unset: { toldUpTo: '' } },
      );
    },
  };
};

export type AnnouncementStore = ReturnType<typeof createAnnouncementStore>;
