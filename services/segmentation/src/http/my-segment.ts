import { categoryBySlug, defineRoute } from '@orrery/contracts';
import type { Language } from '@orrery/contracts';
import { chooseLanguage, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { SegmentSpending } from '../domain/spending/segment-spending.ts';
import { comparedSpending, FIRM_PURCHASES } from '../domain/spending/spending-profile.ts';
import type { SpendingProfile } from '../domain/spending/spending-profile.ts';
import type { AskModels } from '../use-cases/ask-models.ts';
import { placeSpender } from '../use-cases/assign-segments.ts';
import type { KeepSpending } from '../use-cases/keep-spending.ts';

/** Fewer people could be recognised in their averages. */
const LEAST_PEERS = 20;
const SHOWN_CATEGORIES = 8;

const Category = z.object({ slug: z.string(), name: z.string() });

const MySegment = defineRoute({
  method: 'get',
  path: '/v1/segments/me',
  operationId: 'readMySegment',
  summary: 'The spending segment of the caller, and what people in it do on average',
  tag: 'Segments',
  audience: 'user',
  responses: {
    200: z.object({
      /** Null while there are no purchases to go by. */
      segment: z
        .object({
          id: z.string(),
          name: z.string(),
          description: z.string(),
          /** Where people in the segment could save, most telling first. */
          topCategories: z.array(Category),
          /** Fewer than 20 purchases: the segment is a first guess. */
          provisional: z.boolean(),
        })
        .nullable(),
      reason: z.enum(['not-enough-data']).optional(),
      /** Distance to the segment's centre in comparable units. */
      distance: z.number().nullable(),
      /** 0 on the border to the next segment, 1 at the centre. */
      margin: z.number().nullable(),
      modelVersion: z.int(),
      /** Only where at least 20 people are in the segment. */
      peers: z
        .object({
          users: z.int(),
          /** Shares of spending, 0 to 1, largest first. */
          categories: z.array(Category.extend({ share: z.number(), yourShare: z.number() })),
        })
        .nullable(),
    }),
  },
  problems: ['model-not-trained'],
});

const rounded = (value: number): number => Number(value.toFixed(4));

const named = (slug: string, language: Language): z.input<typeof Category> => ({
  slug,
  name: categoryBySlug(slug)?.names[language] ?? slug,
});

const peersOf = (segment: SegmentSpending | undefined, profile: SpendingProfile, language: Language) => {
  if (segment === undefined || segment.users < LEAST_PEERS) {
    return null;
  }
  const own = comparedSpending(profile);
  const spent = [...own.values()].reduce((sum, { spentMinor }) => sum + spentMinor, 0);
  return {
    users: segment.users,
    categories: segment.categories
      // A category that few of them buy would tell of single people.
      .filter(({ users }) => users >= LEAST_PEERS)
      .slice(0, SHOWN_CATEGORIES)
      .map(({ category, share }) => ({
        ...named(category, language),
        share: rounded(share),
        yourShare: spent === 0 ? 0 : rounded((own.get(category)?.spentMinor ?? 0) / spent),
      })),
  };
};

/**
 * `GET /v1/segments/me`.
 * @param parts the model, and what users spend
 */
export const mySegment = (parts: { ask: AskModels; keepSpending: KeepSpending }): MountedRoute =>
  handle(MySegment, async ({ identity, request }) => {
    const userId = requireUserId(identity);
    const language = chooseLanguage(request.headers['accept-language'], 'en');
    const version = await parts.ask.requireModel('spending');
    const profile = await parts.keepSpending.profileOf(userId);
    if (profile === undefined) {
      return {
        status: 200,
        body: {
          segment: null,
          reason: 'not-enough-data' as const,
          distance: null,
          margin: null,
          modelVersion: version.version,
          peers: null,
        },
      };
    }
    const { persona, distance, margin } = placeSpender(version, profile);
    const spending = version.spending?.[persona.id];
    return {
      status: 200,
      body: {
        segment: {
          id: persona.id,
          name: persona.names[language],
          description: persona.descriptions[language],
          topCategories: (spending?.topCategories ?? []).map((slug) => named(slug, language)),
          provisional: profile.purchases < FIRM_PURCHASES,
        },
        distance: rounded(distance),
        margin: rounded(margin),
        modelVersion: version.version,
        peers: peersOf(spending, profile, language),
      },
    };
  });
