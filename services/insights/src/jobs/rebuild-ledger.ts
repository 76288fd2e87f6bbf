import { UserId } from '@orrery/contracts';
import type { Job } from '@orrery/service-kit';
import { z } from 'zod';
import type { RebuildLedger } from '../use-cases/rebuild-ledger.ts';

const Input = z.object({ userId: UserId.optional() }).default({});

/**
 * Rebuilds the ledger of one user, or of all, on demand.
 * @param rebuildLedger the use case
 */
export const rebuildLedgerJob = (rebuildLedger: RebuildLedger): Job => ({
  name: 'rebuild-ledger',
  run: ({ signal, input }) => rebuildLedger({ ...Input.parse(input ?? undefined), signal }),
});
