import { AccountRole } from '@orrery/contracts';
import type { Holding } from '@orrery/service-kit';
import { z } from 'zod';

/** What this service holds about users. */
export const IDENTITY_HOLDINGS: readonly Holding[] = [
  {
    collection: 'accounts',
    owner: '_id',
    purpose: 'Signing in, in standalone mode',
    retention: 'until the account ends',
    hidden: ['passwordHash', 'emailKey', 'usernameKey'],
    fields: z.object({
      _id: z.string().describe('User id'),
      email: z.string().describe('E-mail address'),
      username: z.string().describe('User name'),
      emailKey: z.string().describe('E-mail in the form in which it is unique'),
      usernameKey: z.string().describe('User name in the form in which it is unique'),
      fullName: z.string().nullable().describe('Name to address the user by'),
      passwordHash: z.string().describe('Argon2id hash of the password'),
      role: AccountRole.describe('What the user may do'),
      isActive: z.boolean().describe('Whether the user may sign in'),
      createdAt: z.date().describe('When the account was opened'),
      updatedAt: z.date().describe('When it was changed last'),
    }),
  },
  {
    collection: 'sessions',
    owner: 'userId',
    purpose: 'Keeping a user signed in, and ending that',
    retention: '`REFRESH_TOKEN_EXPIRE_DAYS` after the last use',
    hidden: ['familyDigest', 'secretDigest'],
    fields: z.object({
      _id: z.string().describe('Session id'),
      userId: z.string().describe('Owner'),
      familyDigest: z.string().describe('Digest that finds the session of a refresh token'),
      secretDigest: z.string().describe('Digest of the refresh token that may be used next'),
      createdAt: z.date().describe('Login'),
      usedAt: z.date().describe('Last use'),
      expiresAt: z.date().describe('End'),
    }),
  },
  {
    collection: 'seen_users',
    owner: '_id',
    purpose: 'Noticing that the main back end deleted a user',
    retention: 'until the user is erased',
    fields: z.object({
      _id: z.string().describe('User id'),
      seenOn: z.string().describe('Last day on which the user was here'),
    }),
  },
  {
    collection: 'consents',
    owner: '_id',
    purpose: 'What the user allows beyond their own use',
    retention: 'until the account ends',
    fields: z.object({
      _id: z.string().describe('User id'),
      pooledLearning: z.boolean().describe('Corrections may improve the categories of everybody'),
      partnerView: z.boolean().describe('The linked partner may see the household view'),
      updatedAt: z.date().describe('When it was chosen'),
    }),
  },
];
