import { CategorySlug, defineRoute, Instant, ResourceId, TransactionId } from '@orrery/contracts';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { KeepChanges } from '../use-cases/keep-changes.ts';
import type { Recategorization, RecategorizationOutcome, Recategorize } from '../use-cases/recategorize.ts';
import { ChangeShape, shownChange } from './change-shape.ts';

const tag = 'Categories';
const audience = 'user';
const MAX_IDS = 1000;

const Outcome = ChangeShape.extend({
  /** Transactions that were looked at, newest first. */
  checked: z.int(),
  /** More would change than one call does; ask again. */
  more: z.boolean(),
});

const RecategorizeRoute = defineRoute({
  method: 'post',
  path: '/v1/recategorizations',
  operationId: 'recategorize',
  summary:
    "Changes the past: the caller's word on up to 1,000 transactions, or everything decided again with today's rules, memory and model; can be undone",
  tag,
  audience,
  body: z
    .object({
      transactions: z.array(TransactionId).min(1).max(MAX_IDS).optional(),
      category: CategorySlug.optional(),
      dryRun: z.boolean().default(false),
    })
    .refine(({ transactions, category }) => (transactions === undefined) === (category === undefined), {
      message: 'transactions and category belong together',
      path: ['category'],
    }),
  responses: { 200: Outcome },
  problems: ['not-found', 'validation-failed'],
  idempotent: true,
});

const ApplyRule = defineRoute({
  method: 'post',
  path: '/v1/rules/{ruleId}/apply',
  operationId: 'applyRule',
  summary: "Lets a rule decide the caller's past, where it is the first that applies; can be undone",
  tag: 'Rules',
  audience,
  params: z.object({ ruleId: ResourceId }),
  body: z.object({ dryRun: z.boolean().default(false) }),
  responses: { 200: Outcome },
  problems: ['not-found'],
  idempotent: true,
});

const ListChanges = defineRoute({
  method: 'get',
  path: '/v1/recategorizations',
  operationId: 'listRecategorizations',
  summary: "The caller's latest corrections and bulk changes, newest first",
  tag,
  audience,
  responses: {
    200: z.object({
      data: z.array(
        z.object({
          id: ResourceId,
          kind: z.enum(['correction', 'bulk-correction', 'rule', 'decided-anew']),
          at: Instant,
          changed: z.int(),
          undoneAt: Instant.nullable(),
        }),
      ),
    }),
  },
});

const UndoChange = defineRoute({
  method: 'post',
  path: '/v1/recategorizations/{changeId}/undo',
  operationId: 'undoRecategorization',
  summary: 'Takes a correction or bulk change back, with what it taught; what moved on since stays',
  tag,
  audience,
  params: z.object({ changeId: ResourceId }),
  responses: { 200: z.object({ id: ResourceId, restored: z.int(), kept: z.int() }) },
  problems: ['not-found', 'already-undone'],
});

const shown = ({ checked, replaced, more, changeId }: RecategorizationOutcome): z.input<typeof Outcome> => ({
  ...shownChange(changeId, replaced),
  checked,
  more,
});

/**
 * The routes that change the past and take changes back.
 * @param recategorize the use case
 * @param changes keeper of changes
 */
export const recategorizeRoutes = (recategorize: Recategorize, changes: KeepChanges): MountedRoute[] => [
  handle(RecategorizeRoute, async ({ body, identity }) => {
    const { transactions, category, dryRun } = body;
    const what: Recategorization =
      transactions === undefined || category === undefined
        ? { kind: 'decided-anew' }
        : { kind: 'bulk-correction', transactionIds: transactions, category };
    return { status: 200, body: shown(await recategorize(requireUserId(identity), what, dryRun)) };
  }),
  handle(ApplyRule, async ({ params, body, identity }) => ({
    status: 200,
    body: shown(
      await recategorize(requireUserId(identity), { kind: 'rule', ruleId: params.ruleId }, body.dryRun),
    ),
  })),
  handle(ListChanges, async ({ identity }) => {
    const found = await changes.list(requireUserId(identity));
    return {
      status: 200,
      body: {
        data: found.map(({ id, kind, at, changed, undoneAt }) => ({
          id,
          kind,
          at: at.toISOString(),
          changed,
          undoneAt: undoneAt?.toISOString() ?? null,
        })),
      },
    };
  }),
  handle(UndoChange, async ({ params, identity }) => ({
    status: 200,
    body: { id: params.changeId, ...(await changes.undo(requireUserId(identity), params.changeId)) },
  })),
];
