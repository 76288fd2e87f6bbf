import type { Clock } from '@orrery/calendar';
import { defineRoute, ResourceId } from '@orrery/contracts';
import { AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { CustomerProfile, CustomerProfileStore } from '../../../store/customer-profile-store.ts';
import { CustomerData, CustomerFields, legacyPage, SEGMENTATION_API } from './customer-fields.ts';

const Name = z.string().trim().min(1).max(200);
const Notes = z.string().max(5_000).nullable();

const NewProfile = CustomerFields.extend({ name: Name, notes: Notes.optional() });
const ProfileChange = NewProfile.partial().refine(
  (change) => Object.keys(change).length > 0,
  'must change something',
);

const Profile = CustomerData.extend({
  id: z.string(),
  user_id: z.string(),
  name: z.string(),
  notes: z.string().nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
}).meta({ id: 'CustomerProfile' });

const params = z.object({ id: ResourceId });
const one = { ...SEGMENTATION_API, path: '/profiles/{id}', params, problems: ['not-found'] } as const;

const Create = defineRoute({
  ...SEGMENTATION_API,
  method: 'post',
  path: '/profiles/',
  operationId: 'createCustomerProfile',
  summary: 'Save a customer',
  body: NewProfile,
  responses: { 201: Profile },
});

const List = defineRoute({
  ...SEGMENTATION_API,
  method: 'get',
  path: '/profiles/',
  operationId: 'listCustomerProfiles',
  summary: 'Customers that the caller saved, oldest first',
  query: z.object(legacyPage(100)),
  responses: { 200: z.array(Profile) },
});

const Read = defineRoute({
  ...one,
  method: 'get',
  operationId: 'readCustomerProfile',
  summary: 'A saved customer',
  responses: { 200: Profile },
});

const Change = defineRoute({
  ...one,
  method: 'put',
  operationId: 'changeCustomerProfile',
  summary: 'Change some fields of a saved customer',
  body: ProfileChange,
  responses: { 200: Profile },
});

const Remove = defineRoute({
  ...one,
  method: 'delete',
  operationId: 'deleteCustomerProfile',
  summary: 'Forget a saved customer',
  responses: { 200: z.object({ message: z.string() }) },
});

const shown = ({
  id,
  userId,
  createdAt,
  updatedAt,
  ...fields
}: CustomerProfile): z.input<typeof Profile> => ({
  id,
  user_id: userId,
  created_at: createdAt.toISOString(),
  updated_at: updatedAt.toISOString(),
  ...fields,
});

const found = (profile: CustomerProfile | undefined): CustomerProfile => {
  if (profile === undefined) {
    throw new AppError('not-found', { detail: 'Profile not found' });
  }
  return profile;
};

/**
 * `/profiles/` and `/profiles/{id}`; another user's profile answers like a missing one.
 * @param profiles the store
 * @param clock the instant of changes
 */
export const profileRoutes = (profiles: CustomerProfileStore, clock: Clock): MountedRoute[] => [
  handle(Create, async ({ body, identity }) => ({
    status: 201,
    body: shown(
      await profiles.create(requireUserId(identity), { ...body, notes: body.notes ?? null }, clock.now()),
    ),
  })),
  handle(List, async ({ query, identity }) => ({
    status: 200,
    body: (await profiles.list(requireUserId(identity), query)).map(shown),
  })),
  handle(Read, async ({ params: { id }, identity }) => ({
    status: 200,
    body: shown(found(await profiles.find(requireUserId(identity), id))),
  })),
  handle(Change, async ({ params: { id }, body, identity }) => {
    const change = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
    return {
      status: 200,
      body: shown(found(await profiles.change(requireUserId(identity), id, change, clock.now()))),
    };
  }),
  handle(Remove, async ({ params: { id }, identity }) => {
    if (!(await profiles.remove(requireUserId(identity), id))) {
      throw new AppError('not-found', { detail: 'Profile not found' });
    }
    return { status: 200, body: { message: 'Profile deleted successfully' } };
  }),
];
