import { z } from 'zod';

/**
 * A user's id in the form the token holds it: a main-back-end ObjectId, a UUID or an integer as text.
 * The pattern keeps ids safe as part of a path, a log line and a cache key.
 */
export const UserId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, - or _');
export type UserId = z.output<typeof UserId>;

/** Id of a transaction, made by ingestion and the same in every service. */
export const TransactionId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
export type TransactionId = z.output<typeof TransactionId>;

/** Id of anything else that a service of ours created. */
export const ResourceId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
export type ResourceId = z.output<typeof ResourceId>;

/** `slug` of a category in the taxonomy; membership is checked where the taxonomy is known. */
export const CategorySlug = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
  .max(64);
export type CategorySlug = z.output<typeof CategorySlug>;
