import { defineRoute } from '@orrery/contracts';
import { chooseLanguage, handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { Placement } from '../../../domain/place-row.ts';
import { FREQUENCIES, shopperRow } from '../../../domain/shopping/shopper.ts';
import type { AskModels } from '../../../use-cases/ask-models.ts';

/** Beyond it a caller sends several batches; also what fits into the body limit. */
const MAX_PROFILES = 10_000;
const BATCH_BYTES = 4 * 1024 * 1024;

const ALIASES: Readonly<Record<string, string>> = {
  age: 'Age',
  purchase_amount: 'Purchase Amount (USD)',
  subscription_status: 'Subscription Status',
  frequency_of_purchases: 'Frequency of Purchases',
};

const byOfficialName = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([key, field]) => [ALIASES[key] ?? key, field]))
    : value;

const Subscription = z.union(
  [
    z.boolean(),
    z
      .string()
      .regex(/^(yes|no)$/i)
      .transform((text) => text.toLowerCase() === 'yes'),
  ],
  { error: 'must be Yes, No or a boolean' },
);

const Profile = z
  .preprocess(
    byOfficialName,
    z.strictObject({
      Age: z.int().min(0).max(120),
      'Purchase Amount (USD)': z.number().min(0).max(1e9),
      'Subscription Status': Subscription,
      'Frequency of Purchases': z.enum(FREQUENCIES),
    }),
  )
  .meta({ id: 'ShopperProfile' });

const Analysis = z
  .object({ predicted_cluster: z.int(), cluster_name: z.string(), cluster_description: z.string() })
  .meta({ id: 'ShopperAnalysis' });

const common = {
  method: 'post',
  tag: 'Customer analysis',
  audience: 'user',
  errorShape: 'error-code',
  problems: ['model-not-trained'],
} as const;

const AnalyseOne = defineRoute({
  ...common,
  path: '/api/analysis',
  operationId: 'analyseShopper',
  summary: 'The persona of one shopper',
  body: Profile,
  responses: { 200: Analysis },
});

const AnalyseMany = defineRoute({
  ...common,
  path: '/api/analysis/batch',
  operationId: 'analyseShoppers',
  summary: 'The personas of up to 10,000 shoppers, in their order',
  body: z.object({ profiles: z.array(Profile).max(MAX_PROFILES) }),
  bodyLimitBytes: BATCH_BYTES,
  responses: { 200: z.array(Analysis) },
});

const rowOf = (profile: z.output<typeof Profile>): number[] =>
  shopperRow({
    age: profile.Age,
    purchaseAmount: profile['Purchase Amount (USD)'],
    isSubscribed: profile['Subscription Status'],
    frequency: profile['Frequency of Purchases'],
  });

const shown = ({ persona }: Placement, header: string | undefined): z.input<typeof Analysis> => {
  const language = chooseLanguage(header, 'ko');
  return {
    predicted_cluster: persona.number,
    cluster_name: persona.names[language],
    cluster_description: persona.descriptions[language],
  };
};

/**
 * `POST /api/analysis` and `POST /api/analysis/batch`.
 * @param ask places shoppers
 */
export const analysisRoutes = (ask: AskModels): MountedRoute[] => [
  handle(AnalyseOne, async ({ body, request }) => {
    const { placements } = await ask.place('shopping-personas', [rowOf(body)]);
    const [placement] = placements;
    if (placement === undefined) {
      throw new RangeError('one row has one placement');
    }
    return { status: 200, body: shown(placement, request.headers['accept-language']) };
  }),
  handle(AnalyseMany, async ({ body, request }) => {
    const { placements } = await ask.place('shopping-personas', body.profiles.map(rowOf));
    return {
      status: 200,
      body: placements.map((placement) => shown(placement, request.headers['accept-language'])),
    };
  }),
];
