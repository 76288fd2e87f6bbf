import { CalendarDate, Currency, Instant, MoneyText, ResourceId } from '@orrery/contracts';
import { formatDecimal } from '@orrery/money';
import { defineError } from '@orrery/service-kit';
import { z } from 'zod';
import type { ImportRecord } from '../store/import-store.ts';
import type { ImportPreview } from '../use-cases/import-file.ts';

/** A whole file was refused; the detail says why. */
export const IMPORT_REFUSED = defineError('import-refused', 422, 'The file cannot be imported');

const DetectedSchema = z
  .object({
    /** Absent on imports from before other files than tables were read. */
    format: z.enum(['table', 'ofx', 'qif']).optional(),
    encoding: z.string(),
    delimiter: z.string(),
    header: z.boolean(),
    headerLine: z.int().nullable(),
    dateFormat: z.string(),
    dateAmbiguous: z.boolean(),
    decimal: z.enum(['.', ',']),
    sign: z.enum(['negative-is-out', 'positive-is-out', 'debit-credit', 'direction-column']),
    currency: Currency,
    columns: z.record(z.string(), z.union([z.string(), z.int()])),
  })
  .meta({ id: 'ImportDetected' });

/** An import as clients see it. `rows` = `added` + `duplicates` + rejected, so far. */
export const ImportReply = z
  .object({
    id: ResourceId,
    status: z.enum(['processing', 'completed', 'failed']),
    rows: z.int(),
    added: z.int(),
    duplicates: z.int(),
    /** At most the first 1,000. */
    rejected: z.array(z.object({ line: z.int(), reason: z.string() })),
    rejectedCount: z.int(),
    detected: DetectedSchema,
    createdAt: Instant,
    /** Why a failed import failed. */
    failure: z.string().optional(),
  })
  .meta({ id: 'Import' });

/** What an import would do. */
export const PreviewReply = z
  .object({
    id: z.literal('preview'),
    status: z.literal('completed'),
    ...ImportReply.pick({
      rows: true,
      added: true,
      duplicates: true,
      rejected: true,
      rejectedCount: true,
      detected: true,
    }).shape,
    /** The first rows as they would be stored. */
    sample: z.array(
      z.object({
        line: z.int(),
        date: CalendarDate,
        occurredAt: Instant.optional(),
        description: z.string(),
        merchant: z.string().nullable(),
        amount: MoneyText,
        account: z.string(),
      }),
    ),
  })
  .meta({ id: 'ImportPreview' });

/**
 * An import in the public form.
 * @param record the stored import
 */
export const showImport = (record: ImportRecord): z.input<typeof ImportReply> => ({
  id: record._id,
  status: record.status,
  rows: record.added + record.duplicates + record.rejectedCount,
  added: record.added,
  duplicates: record.duplicates,
  rejected: record.rejected,
  rejectedCount: record.rejectedCount,
  detected: record.detected,
  createdAt: record.createdAt.toISOString(),
  ...(record.failure === null ? {} : { failure: record.failure }),
});

/**
 * A preview in the public form.
 * @param preview what an import would do
 */
export const showPreview = (preview: ImportPreview): z.input<typeof PreviewReply> => ({
  id: 'preview',
  status: 'completed',
  rows: preview.rows,
  added: preview.added,
  duplicates: preview.duplicates,
  rejected: preview.rejected.map(({ line, reason }) => ({ line, reason })),
  rejectedCount: preview.rejectedCount,
  detected: preview.detected,
  sample: preview.sample.map((row) => ({
    line: row.line,
    date: row.postedOn,
    ...(row.occurredAt === undefined ? {} : { occurredAt: row.occurredAt }),
    description: row.description,
    merchant: row.merchantName ?? null,
    amount: { amount: formatDecimal(row.amountMinor, row.currency), currency: row.currency },
    account: row.accountName,
  })),
});
