import type { Readable } from 'node:stream';
import { AppError } from '@orrery/service-kit';

/** Largest table of training rows, with the framing of the form. */
export const MAX_TABLE_BYTES = 16 * 1024 * 1024;

/**
 * The optional `file` of a form.
 * @param stream the body
 * @param contentType its header
 * @returns the bytes of the file, or undefined for an empty body
 * @throws AppError `unsupported-media-type` for a body that is no form, `malformed-request` for a broken one,
 *   `validation-failed` for a form without a file
 */
export const readTableUpload = async (
  stream: Readable,
  contentType: string | undefined,
): Promise<Uint8Array | undefined> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(Buffer.from(chunk as Uint8Array));
  }
  const body = Buffer.concat(chunks);
  if (body.length === 0) {
    return undefined;
  }
  if (contentType?.startsWith('multipart/form-data') !== true) {
    throw new AppError('unsupported-media-type', {
      detail: 'Send multipart/form-data with a file, or no body.',
    });
  }
  let form: FormData;
  try {
    form = await new Response(body, { headers: { 'content-type': contentType } }).formData();
  } catch (error) {
    throw new AppError('malformed-request', {
      detail: 'The body is not a complete multipart form.',
      cause: error,
    });
  }
  const file = form.get('file');
  if (file === null || typeof file === 'string') {
    throw new AppError('validation-failed', { fields: [{ field: 'file', message: 'is missing' }] });
  }
  return new Uint8Array(await file.arrayBuffer());
};
