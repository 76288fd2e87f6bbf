/** Follows a stream of WebSocket frames, so that one of our own can be put between two of them. */
export interface FrameBoundary {
  /** Takes the next bytes of the stream. */
  take(chunk: Buffer): void;
  /** Whether the stream stands between two frames. */
  isBetweenFrames(): boolean;
}

const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** @returns a follower that stands at the start of a stream (RFC 6455, section 5.2) */
export function frameBoundary(): FrameBoundary {
  let head: number[] = [];
  let payloadLeft = 0;

  function headLength(): number {
    const length = (head[1] ?? 0) & 0x7f;
    const mask = (head[1] ?? 0) & 0x80 ? 4 : 0;
    return 2 + mask + (length === LENGTH_16 ? 2 : length === LENGTH_64 ? 8 : 0);
  }

  function payloadLength(): number {
    const length = (head[1] ?? 0) & 0x7f;
    const bytes = Buffer.from(head);
    return length === LENGTH_16
      ? bytes.readUInt16BE(2)
      : length === LENGTH_64
        ? Number(bytes.readBigUInt64BE(2))
        : length;
  }

  return {
    take(chunk) {
      let at = 0;
      while (at < chunk.length) {
        if (payloadLeft > 0) {
          const step = Math.min(payloadLeft, chunk.length - at);
          payloadLeft -= step;
          at += step;
        } else {
          head.push(chunk[at] ?? 0);
          at += 1;
          if (head.length >= 2 && head.length === headLength()) {
            payloadLeft = payloadLength();
            head = [];
          }
        }
      }
    },
    isBetweenFrames: () => payloadLeft === 0 && head.length === 0,
  };
}

/**
 * A close frame from the server's side, unmasked.
 * @param code close code, for instance 1001 for "going away"
 */
export const closeFrame = (code: number): Buffer => Buffer.from([0x88, 0x02, code >> 8, code & 0xff]);
