import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { AppError } from '../errors/app-error.ts';
import { bodyTooLarge, byteLimit } from './byte-limit.ts';

/** Deepest nesting of a JSON body. */
export const MAX_JSON_DEPTH = 32;

/** Largest body of a route that does not say otherwise. */
export const DEFAULT_BODY_LIMIT_BYTES = 1024 * 1024;

const declaredLength = (request: IncomingMessage): number => Number(request.headers['content-length'] ?? 0);

/**
 * Reads a whole body.
 * @param request the request, not yet read
 * @param limitBytes largest body
 * @throws AppError `body-too-large`, or `malformed-request` when the client leaves half-way
 */
export const readBody = async (request: IncomingMessage, limitBytes: number): Promise<Buffer> => {
  if (declaredLength(request) > limitBytes) {
    throw bodyTooLarge(limitBytes);
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (settle: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      settle();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limitBytes) {
        finish(() => {
          // The rest is read and dropped, or the client would never see the refusal.
          request.resume();
          reject(bodyTooLarge(limitBytes));
        });
        return;
      }
      chunks.push(chunk);
    };
    const onEnd = (): void => {
      finish(() => {
        resolve(Buffer.concat(chunks));
      });
    };
    const onGone = (): void => {
      finish(() => {
        reject(new AppError('malformed-request', { detail: 'The body ended too early.' }));
      });
    };
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
};

/**
 * The body as a stream that fails beyond a limit.
 * @param request the request, not yet read
 * @param limitBytes largest body
 * @param onChunk sees every chunk, for instance to compute a digest
 * @throws AppError `body-too-large` when the declared length is beyond the limit; the stream fails with the same
 */
export const limitedBody = (
  request: IncomingMessage,
  limitBytes: number,
  onChunk: (chunk: Buffer) => void = () => undefined,
): Readable => {
  if (declaredLength(request) > limitBytes) {
    throw bodyTooLarge(limitBytes);
  }
  const limiter = byteLimit(limitBytes, { onChunk });
  limiter.once('error', () => {
    request.unpipe(limiter);
    request.resume();
  });
  request.once('aborted', () =>
    limiter.destroy(new AppError('malformed-request', { detail: 'The body ended too early.' })),
  );
  request.pipe(limiter);
  return limiter;
};

const nestingOf = (text: string): number => {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index);
    if (inString) {
      if (character === 0x5c) {
        index += 1;
      } else if (character === 0x22) {
        inString = false;
      }
    } else if (character === 0x22) {
      inString = true;
    } else if (character === 0x5b || character === 0x7b) {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (character === 0x5d || character === 0x7d) {
      depth -= 1;
    }
  }
  return deepest;
};

const decodeUtf8 = (bytes: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AppError('malformed-json', { detail: 'The body is not UTF-8.', cause: error });
  }
};

/**
 * Parses a JSON body.
 * @param bytes the body; an empty one is undefined
 * @throws AppError `malformed-json` or `json-too-deep`
 */
export const parseJsonBody = (bytes: Buffer): unknown => {
  if (bytes.length === 0) {
    return undefined;
  }
  const text = decodeUtf8(bytes);
  if (nestingOf(text) > MAX_JSON_DEPTH) {
    throw new AppError('json-too-deep', { detail: `At most ${String(MAX_JSON_DEPTH)} levels are accepted.` });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError('malformed-json', { cause: error });
  }
};

/**
 * Refuses a body whose type is not the one a route takes.
 * @param request the request
 * @param accepted media types without parameters; one that starts with `+` is a suffix
 * @throws AppError `unsupported-media-type`
 */
export const requireContentType = (request: IncomingMessage, accepted: readonly string[]): void => {
  const encoding = request.headers['content-encoding'];
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters
    .map((parameter) => parameter.trim())
    .find((parameter) => parameter.startsWith('charset='));
  const name = type.trim();
  const isAccepted = accepted.some((each) => (each.startsWith('+') ? name.endsWith(each) : name === each));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  if (!isAccepted || !isUtf8 || (encoding !== undefined && encoding !== 'identity')) {
    throw new AppError('unsupported-media-type', {
      detail: `Send ${accepted[0] ?? 'no body'}, not compressed.`,
    });
  }
};
