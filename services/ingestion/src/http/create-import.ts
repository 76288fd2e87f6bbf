import { defineRoute } from '@orrery/contracts';
import { AppError, handle, requireUserId } from '@orrery/service-kit';
import type { MountedRoute } from '@orrery/service-kit';
import { z } from 'zod';
import { ImportRefusedError } from '../domain/import/import-refused.ts';
import type { ImportFile } from '../use-cases/import-file.ts';
import { ImportForm, parseImportForm } from './import-form.ts';
import { IMPORT_REFUSED, ImportReply, PreviewReply, showImport, showPreview } from './import-reply.ts';
import { MAX_UPLOAD_BODY_BYTES, readUpload } from './read-upload.ts';

const CreateImport = defineRoute({
  method: 'post',
  path: '/v1/imports',
  operationId: 'createImport',
  summary: 'Imports the transactions of a bank file, or with `preview` tells what an import would do',
  tag: 'Imports',
  audience: 'user',
  query: z.object({ preview: z.enum(['true', 'false', '1', '0']).optional() }),
  body: ImportForm,
  bodyKind: 'multipart',
  bodyLimitBytes: MAX_UPLOAD_BODY_BYTES,
  // 50 MiB at about 4 Mbit/s.
  deadlineMs: 120_000,
  responses: { 200: PreviewReply, 201: ImportReply, 202: ImportReply },
  problems: ['import-refused', 'body-too-large'],
  idempotent: true,
});

const refused = async <Result>(work: Promise<Result>): Promise<Result> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ImportRefusedError) {
      throw new AppError(IMPORT_REFUSED, {
        detail: error.message,
        cause: error,
        fields: [
          { field: error.message.startsWith('mapping.') ? 'mapping' : 'file', message: error.message },
        ],
      });
    }
    throw error;
  }
};

/**
 * `POST /v1/imports`.
 * @param importFile the use case
 */
export const createImport = (importFile: ImportFile): MountedRoute =>
  handle(CreateImport, async ({ query, identity, stream, request, signal }) => {
    const userId = requireUserId(identity);
    const upload = parseImportForm(await readUpload(stream, request.headers));
    if (query.preview === 'true' || query.preview === '1') {
      return { status: 200, body: showPreview(await refused(importFile.preview(userId, upload, signal))) };
    }
    const record = await refused(importFile.begin(userId, upload, signal));
    const headers = { Location: `/v1/imports/${record._id}` };
    return { status: record.status === 'processing' ? 202 : 201, body: showImport(record), headers };
  });
