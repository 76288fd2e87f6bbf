import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy } from '@fastify/busboy';
import type { BusboyInstance } from '@fastify/busboy';
import { AppError } from '@orrery/service-kit';

/** Largest uploaded file. */
export const MAX_UPLOAD_BYTES = 50 * 1024 * 1024;

/** The file's part of the body plus room for the fields and the framing of the parts. */
export const MAX_UPLOAD_BODY_BYTES = MAX_UPLOAD_BYTES + 256 * 1024;

const MAX_FIELD_BYTES = 16 * 1024;

/** A multipart form with one file. */
export interface UploadedForm {
  file: Buffer;
  fields: ReadonlyMap<string, string>;
}

const refuse = (field: string, message: string): AppError =>
  new AppError('validation-failed', { fields: [{ field, message }] });

const incomplete = (cause: unknown): AppError =>
  new AppError('malformed-request', { detail: 'The body is not a complete multipart form.', cause });

const contentTypeOf = (headers: IncomingHttpHeaders): string => {
  const type = headers['content-type'];
  if (type === undefined) {
    throw new AppError('unsupported-media-type', { detail: 'Send multipart/form-data.' });
  }
  return type;
};

/**
 * Reads a multipart form with one file in the field `file`; other parts are its fields.
 * @param stream the body
 * @param headers headers of the request
 * @throws AppError `body-too-large` beyond 50 MiB, `validation-failed` when the file is missing or given twice,
 *   `malformed-request` when the body is not the form that its header announces
 */
export const readUpload = async (stream: Readable, headers: IncomingHttpHeaders): Promise<UploadedForm> => {
  const fields = new Map<string, string>();
  const chunks: Buffer[] = [];
  let files = 0;
  let problem: AppError | undefined;
  const form = openForm(headers);
  form.on('file', (name, file) => {
    // A body that ends inside the file fails the part's own stream, and nobody else listens to it.
    file.once('error', (cause) => {
      problem ??= incomplete(cause);
    });
    files += name === 'file' ? 1 : 0;
    if (name !== 'file' || files > 1) {
      problem ??= refuse(
        name.slice(0, 64),
        name === 'file' ? 'may be given only once' : 'is not a known file field',
      );
      file.resume();
      return;
    }
    file.on('data', (chunk: Buffer) => chunks.push(chunk));
    file.once('limit', () => {
      chunks.length = 0;
      problem = new AppError('body-too-large', {
        detail: `At most ${String(MAX_UPLOAD_BYTES)} bytes are accepted.`,
      });
    });
  });
  form.on('field', (name, value, _nameIsCut, valueIsCut) => {
    if (valueIsCut) {
      problem ??= refuse(name.slice(0, 64), 'is too long');
    } else if (fields.has(name)) {
      problem ??= refuse(name.slice(0, 64), 'may be given only once');
    }
    fields.set(name, value);
  });
  form.on('partsLimit', () => {
    problem ??= refuse('file', 'the form has too many parts');
  });
  try {
    await pipeline(stream, form);
  } catch (error) {
    if (error instanceof AppError) {
      throw error;
    }
    throw incomplete(error);
  }
  if (problem !== undefined) {
    throw problem;
  }
  if (files === 0) {
    throw refuse('file', 'is missing');
  }
  return { file: Buffer.concat(chunks), fields };
};

const openForm = (headers: IncomingHttpHeaders): BusboyInstance => {
  try {
    return new Busboy({
      headers: { ...headers, 'content-type': contentTypeOf(headers) },
      limits: { fileSize: MAX_UPLOAD_BYTES, fieldSize: MAX_FIELD_BYTES, parts: 20, headerSize: 8192 },
    });
  } catch (error) {
    if (error instanceof AppError) {
      throw error;
    }
    throw new AppError('malformed-request', { detail: 'The body is not a multipart form.', cause: error });
  }
};
