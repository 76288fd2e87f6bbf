import { Transform } from 'node:stream';
import { AppError } from '../errors/app-error.ts';

export interface ByteLimitOptions {
  /** Headers of the refusal. */
  headers?: Record<string, string>;
  /** Sees every chunk that passes, for instance to compute a digest. */
  onChunk?(chunk: Buffer): void;
}

/**
 * The refusal of a body that is too large.
 * @param limitBytes largest body
 * @param headers extra headers of the reply
 */
export const bodyTooLarge = (limitBytes: number, headers: Record<string, string> = {}): AppError =>
  new AppError('body-too-large', { detail: `At most ${String(limitBytes)} bytes are accepted.`, headers });

/**
 * A stream that passes bytes on and fails with `body-too-large` at the first one beyond the limit; a chunked body
 * declares no length, so it has to be counted.
 * @param limitBytes largest body
 * @param options refusal and onlooker
 */
export const byteLimit = (limitBytes: number, { headers, onChunk }: ByteLimitOptions = {}): Transform => {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > limitBytes) {
        done(bodyTooLarge(limitBytes, headers));
        return;
      }
      onChunk?.(chunk);
      done(null, chunk);
    },
  });
};
