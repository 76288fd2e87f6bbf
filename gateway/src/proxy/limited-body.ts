import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { AppError, byteLimit } from '@orrery/service-kit';

/** A body on its way to a service. */
export interface LimitedBody {
  stream: Transform;
  /** Why it was cut off. */
  readonly failure: AppError | undefined;
  /** Lets the rest of the request flow away, so that the connection does not stall after an early answer. */
  release(): void;
}

/**
 * The request body, cut off with `body-too-large` as soon as it has more bytes than allowed.
 * @param request the incoming request
 * @param limitBytes largest body
 */
export function limitedBody(request: IncomingMessage, limitBytes: number): LimitedBody {
  const stream = byteLimit(limitBytes, { headers: { Connection: 'close' } });
  // Nobody else may listen when the exchange ends before the body does.
  stream.on('error', () => request.unpipe(stream));
  const cut = (): void => {
    stream.destroy(new Error('the client left'));
  };
  request.once('error', cut);
  request.once('aborted', cut);
  request.pipe(stream);
  return {
    stream,
    get failure() {
      return stream.errored instanceof AppError ? stream.errored : undefined;
    },
    release() {
      request.off('error', cut);
      request.off('aborted', cut);
      if (!request.readableEnded) {
        request.unpipe(stream);
        stream.destroy();
        request.resume();
      }
    },
  };
}
