import {
  CalendarDate,
  CategorySlug,
  defineRoute,
  MoneyText,
  ResourceId,
  TransactionId,
} from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { KeepRules } from '../use-cases/keep-rules.ts';
import { readRule, RuleInput, RuleShape, shownRule } from './rule-shape.ts';

const tag = 'Rules';
const audience = 'user';
const params = z.object({ ruleId: ResourceId });

const ListRules = defineRoute({
  method: 'get',
  path: '/v1/rules',
  operationId: 'listRules',
  summary: "The caller's rules in the order in which they are tried",
  tag,
  audience,
  responses: { 200: z.object({ data: z.array(RuleShape) }) },
});

const CreateRule = defineRoute({
  method: 'post',
  path: '/v1/rules',
  operationId: 'createRule',
  summary: 'Adds a rule; it decides transactions that arrive from now on',
  tag,
  audience,
  body: RuleInput,
  responses: { 201: RuleShape },
  problems: ['validation-failed', 'too-many-rules'],
  idempotent: true,
});

const ChangeRule = defineRoute({
  method: 'patch',
  path: '/v1/rules/{ruleId}',
  operationId: 'changeRule',
  summary: 'Changes the given fields of a rule; conditions are replaced as a whole',
  tag,
  audience,
  params,
  body: RuleInput.partial(),
  responses: { 200: RuleShape },
  problems: ['not-found', 'validation-failed'],
});

const DeleteRule = defineRoute({
  method: 'delete',
  path: '/v1/rules/{ruleId}',
  operationId: 'deleteRule',
  summary: 'Deletes a rule; what it decided stays',
  tag,
  audience,
  params,
  responses: { 200: z.object({ id: ResourceId, deleted: z.boolean() }) },
  problems: ['not-found'],
});

const PreviewRule = defineRoute({
  method: 'post',
  path: '/v1/rules/preview',
  operationId: 'previewRule',
  summary: "What a rule would change among the caller's newest transactions; changes nothing",
  tag,
  audience,
  body: RuleInput.omit({ name: true, position: true }).extend({ name: z.string().max(100).optional() }),
  responses: {
    200: z.object({
      checked: z.int(),
      matching: z.int(),
      changing: z.int(),
      changes: z.array(
        z.object({
          id: TransactionId,
          date: CalendarDate,
          description: z.string(),
          amount: MoneyText,
          from: CategorySlug.nullable(),
          to: CategorySlug,
        }),
      ),
    }),
  },
  problems: ['validation-failed'],
});

/**
 * The routes of rules.
 * @param rules the use cases
 */
export const ruleRoutes = (rules: KeepRules): MountedRoute[] => [
  handle(ListRules, async ({ identity }) => {
    const found = await rules.list(requireUserId(identity));
    return { status: 200, body: { data: found.map(shownRule) } };
  }),
  handle(CreateRule, async ({ identity, body }) => {
    const rule = await rules.create(requireUserId(identity), (id) => readRule(id, body), body.position);
    return { status: 201, body: shownRule(rule) };
  }),
  handle(PreviewRule, async ({ identity, body }) => {
    const rule = readRule('preview', { ...body, name: body.name ?? 'preview' });
    const { checked, matching, changing, changes } = await rules.preview(requireUserId(identity), rule);
    return {
      status: 200,
      body: {
        checked,
        matching,
        changing,
        changes: changes.map(({ transaction, decision }) => ({
          id: transaction.transactionId,
          date: transaction.postedOn,
          description: transaction.description,
          amount: {
            amount: formatDecimal(transaction.amountMinor, transaction.currency),
            currency: transaction.currency,
          },
          from: decision.category,
          to: rule.category,
        })),
      },
    };
  }),
  handle(ChangeRule, async ({ identity, params: { ruleId }, body }) => {
    const rule = await rules.change(requireUserId(identity), ruleId, (present) => {
      const { position, ...fields } = shownRule(present);
      const input = RuleInput.parse({
        name: body.name ?? fields.name,
        category: body.category ?? fields.category,
        conditions: body.conditions ?? fields.conditions,
      });
      return { ...readRule(ruleId, input), position: body.position ?? position };
    });
    return { status: 200, body: shownRule(rule) };
  }),
  handle(DeleteRule, async ({ identity, params: { ruleId } }) => {
    await rules.remove(requireUserId(identity), ruleId);
    return { status: 200, body: { id: ruleId, deleted: true } };
  }),
];
