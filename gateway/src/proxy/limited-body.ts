import type { IncomingMessage } from 'node:http';
import { Transform } from 'node:stream';
import { AppError } from '@orrery/service-kit';

/**
 * The request body, cut off with `body-too-large` as soon as it has more bytes than allowed; a chunked body declares
 * no length, so it has to be counted.
 * @param request the incoming request
 * @param limitBytes largest body
 */
export function limitedBody(request: IncomingMessage, limitBytes: number): Transform {
  let seenBytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seenBytes += chunk.length;
      if (seenBytes > limitBytes) {
        done(
          new AppError('body-too-large', {
            detail: `At most ${limitBytes} bytes are accepted here.`,
            headers: { Connection: 'close' },
          }),
        );
      } else {
        done(null, chunk);
      }
    },
  });
  request.once('error', (error) => counter.destroy(error));
  return request.pipe(counter);
}
