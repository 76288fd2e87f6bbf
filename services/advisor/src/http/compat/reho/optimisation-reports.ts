import { defineRoute, type HttpMethod } from '@orrery/contracts';
import { handle, type MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import type { ReportKind } from '../../../domain/reports/report.ts';
import type { MakeReport } from '../../../use-cases/make-report.ts';
import { requireRehoUser } from './reho-user.ts';

const ReportShown = z
  .object({
    summary: z.string(),
    insights: z.array(z.object({ insight: z.string(), suggestion: z.string(), category: z.string() })),
  })
  .meta({ id: 'OptimisationReport' });

const KINDS: readonly { kind: ReportKind; path: string; operation: string; about: string }[] = [
  {
    kind: 'expenses',
    path: '/feedback/optimize-expenses',
    operation: 'OptimizeExpenses',
    about: "where this month's money goes",
  },
  {
    kind: 'budget',
    path: '/feedback/optimize-budget',
    operation: 'OptimizeBudget',
    about: 'spending and budgets against the 50/30/20 rule',
  },
  {
    kind: 'debt',
    path: '/feedback/optimize-debt',
    operation: 'OptimizeDebt',
    about: 'how to pay debts off, with months and interest',
  },
];

/** Clients of different ages use different methods for the same report. */
const METHODS: readonly HttpMethod[] = ['get', 'post'];

/**
 * `GET` and `POST /feedback/optimize-expenses`, `-budget` and `-debt`. A body is not needed and not looked at.
 * @param reports the use case
 */
export const optimisationReportRoutes = (reports: MakeReport): MountedRoute[] =>
  KINDS.flatMap(({ kind, path, operation, about }) =>
    METHODS.map((method) =>
      handle(
        defineRoute({
          method,
          path,
          operationId: `${method}${operation}`,
          summary: `A report: ${about}`,
          tag: 'Reho',
          audience: 'user',
          errorShape: 'detail',
          responses: { 200: ReportShown },
        }),
        async ({ identity, signal }) => ({
          status: 200,
          body: await reports.forUser(requireRehoUser(identity), kind, signal),
        }),
      ),
    ),
  );
