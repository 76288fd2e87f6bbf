import type { Connection } from 'mongoose';

interface StoredBook {
  _id: 'suggestions';
  texts: Record<string, string>;
  /** When the model was last asked; machine time. */
  askedAt: Date;
}

/**
 * The model's wordings of suggestions. They hold no user's data: facts are filled in later.
 * @param connection database of the service
 */
export const createPhraseBookStore = (connection: Connection) => {
  const books = connection.collection<StoredBook>('phrase_books');
  return {
    /** The wordings and when the model was last asked, or undefined. */
    async find(): Promise<{ texts: Record<string, string>; askedAt: Date } | undefined> {
      return (await books.findOne({ _id: 'suggestions' })) ?? undefined;
    },

    /**
     * Keeps wordings beside those that are there.
     * @param texts by kind
     */
    async keep(texts: Record<string, string>): Promise<void> {
      const fields = Object.fromEntries(Object.entries(texts).map(([kind, text]) => [`texts.${kind}`, text]));
      await books.updateOne(
        { _id: 'suggestions' },
        { $set: { ...fields, askedAt: new Date() } },
        { upsert: true },
      );
    },
  };
};

export type PhraseBookStore = ReturnType<typeof createPhraseBookStore>;
