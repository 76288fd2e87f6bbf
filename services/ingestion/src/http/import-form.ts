import { isValidZone } from '@orrery/calendar';
import { Currency } from '@orrery/contracts';
import { AppError } from '@orrery/service-kit';
import { z } from 'zod';
import type { Upload } from '../use-cases/import-file.ts';
import type { UploadedForm } from './read-upload.ts';

const ColumnReference = z.union([z.int().min(0).max(999), z.string().min(1).max(200)]);

/** The field `mapping`: what the user knows better than detection. Columns by heading or zero-based number. */
export const ImportMappingSchema = z
  .strictObject({
    date: ColumnReference,
    time: ColumnReference,
    description: ColumnReference,
    merchant: ColumnReference,
    amount: ColumnReference,
    debit: ColumnReference,
    credit: ColumnReference,
    currency: ColumnReference,
    account: ColumnReference,
    mcc: ColumnReference,
    dateFormat: z.string().min(4).max(60),
    decimal: z.enum(['.', ',']),
    delimiter: z.string().min(1).max(3),
    encoding: z.string().min(1).max(40),
    flipSign: z.boolean(),
    timeZone: z.string().max(64).refine(isValidZone, 'must be an IANA time zone such as Europe/Paris'),
  })
  .partial()
  .meta({ id: 'ImportMapping' });

/** The multipart form of an import, for the documents. */
export const ImportForm = z.object({
  file: z.string().meta({ format: 'binary', description: 'The bank file, at most 50 MiB' }),
  mapping: ImportMappingSchema.optional(),
  currency: Currency.optional(),
  account: z.string().optional(),
});

const FormFields = z.strictObject({
  mapping: z
    .string()
    .transform((text, context): unknown => {
      try {
        // A client may write null for what it does not say.
        return JSON.parse(text, (_key, value: unknown) => value ?? undefined);
      } catch (error) {
        context.addIssue({ code: 'custom', message: 'is not valid JSON', params: { cause: error } });
        return z.NEVER;
      }
    })
    .pipe(ImportMappingSchema)
    .optional(),
  currency: z
    .string()
    .transform((text) => text.trim().toUpperCase())
    .pipe(Currency)
    .optional(),
  account: z.string().trim().min(1).max(128).optional(),
});

const isGiven = ([, value]: [string, string]): boolean => value.trim() !== '';

/**
 * Checks the fields of an import form; an empty field counts as not given.
 * @param form the form as it came
 * @throws AppError `validation-failed` naming every field at fault
 */
export const parseImportForm = (form: UploadedForm): Upload => {
  const parsed = FormFields.safeParse(Object.fromEntries([...form.fields].filter(isGiven)));
  if (!parsed.success) {
    const fields = parsed.error.issues.flatMap((issue) => {
      const paths =
        issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
      const message = issue.code === 'unrecognized_keys' ? 'is not a known field' : issue.message;
      return paths.map((path) => ({ field: path.map(String).join('.').slice(0, 100), message }));
    });
    throw new AppError('validation-failed', { fields: fields.slice(0, 50) });
  }
  const { mapping = {}, currency, account } = parsed.data;
  return { bytes: form.file, mapping, currency, account };
};
