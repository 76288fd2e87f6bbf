import { CATEGORIES, CategorySlug, defineRoute } from '@orrery/contracts';
import { chooseLanguage, handle } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';

const ListCategories = defineRoute({
  method: 'get',
  path: '/v1/categories',
  operationId: 'listCategories',
  summary: 'The taxonomy, named in the language of Accept-Language, with the ids of the older systems',
  tag: 'Categories',
  audience: 'user',
  responses: {
    200: z.object({
      data: z.array(
        z
          .object({
            slug: CategorySlug,
            name: z.string(),
            parent: CategorySlug.nullable(),
            pfcPrimary: z.string(),
            pfcDetailed: z.string().nullable(),
            pfcV2Primary: z.string(),
            pfcV2Detailed: z.string().nullable(),
            fixed: z.boolean(),
            pocketcMajor: z.int(),
            pocketcSub: z.int(),
            cashSense: z.object({ category: z.string(), subcategory: z.string() }),
          })
          .meta({ id: 'Category' }),
      ),
    }),
  },
});

/** `GET /v1/categories`. */
export const listCategories = (): MountedRoute =>
  handle(ListCategories, ({ request }) => {
    const language = chooseLanguage(request.headers['accept-language'], 'en');
    const data = CATEGORIES.map(({ names, ...category }) => ({ ...category, name: names[language] }));
    return Promise.resolve({ status: 200, body: { data } });
  });
