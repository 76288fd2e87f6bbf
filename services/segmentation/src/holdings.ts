import type { Holding } from '@orrery/service-kit';
import { z } from 'zod';

const owner = z.string().describe('Owner');
const customer = {
  sex: z.string().describe('Sex of the customer'),
  age: z.number().describe('Age of the customer'),
  annual_income: z.number().describe('Income of the customer, in thousands'),
  spending_score: z.number().describe('Spending score of the customer'),
  purchase_frequency: z.number().describe('Purchases of the customer'),
};

/** What this service holds about users. */
export const HOLDINGS: readonly Holding[] = [
  {
    collection: 'predictions',
    owner: 'userId',
    purpose: 'Predictions that the user asked for, as their history',
    retention: 'until the user is erased',
    fields: z.object({
      _id: z.string().describe('Prediction id'),
      userId: owner,
      customer: z.object(customer).describe('What the user entered about a customer'),
      cluster: z.int().describe('Number of the cluster'),
      personaId: z.string().describe('Persona of the cluster'),
      clusterName: z.string().describe('Name that was answered'),
      confidence: z.number().describe('Certainty'),
      modelVersion: z.int().describe('Version of the model'),
      createdAt: z.date().describe('When it was asked'),
    }),
  },
  {
    collection: 'customer_profiles',
    owner: 'userId',
    purpose: 'Customers that the user saved',
    retention: 'until the user deletes them',
    fields: z.object({
      _id: z.string().describe('Profile id'),
      userId: owner,
      name: z.string().describe("The user's name for it"),
      notes: z.string().nullable().describe('Notes'),
      ...customer,
      createdAt: z.date().describe('When it was saved'),
      updatedAt: z.date().describe('When it was changed'),
    }),
  },
  {
    collection: 'spending_profiles',
    owner: '_id',
    purpose: 'What the user spends by category, from which the segment follows',
    retention: 'until the user is erased',
    fields: z.object({
      _id: owner,
      isStale: z.boolean().describe('Whether the spending changed since it was read'),
      revision: z.int().describe('Number of changes heard of'),
      profile: z
        .object({
          currency: z.string().describe('Main currency'),
          days: z.int().describe('Days of the period'),
          purchases: z.int().describe('Purchases'),
          timedPurchases: z.int().describe('Purchases with a known time of the day'),
          nightPurchases: z.int().describe('Purchases at night'),
          categories: z.array(z.unknown()).describe('Purchases and sums by category'),
        })
        .nullable()
        .describe('Spending; null without purchases'),
    }),
  },
  {
    collection: 'segment_assignments',
    owner: '_id',
    purpose: 'The spending segment of the user',
    retention: 'until the user is erased',
    fields: z.object({
      _id: owner,
      personaId: z.string().describe('Segment'),
      modelVersion: z.int().describe('Version of the model'),
      distance: z.number().describe('Distance to the centre of the segment'),
      margin: z.number().describe('How far from the border to the next segment'),
      rowVersion: z.int().describe('Number of changes of segment'),
      assignedAt: z.date().describe('When the segment changed last'),
    }),
  },
];
