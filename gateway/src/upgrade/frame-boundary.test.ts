import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { frameBoundary } from './frame-boundary.ts';

function frame(length: number, masked: boolean): Buffer {
  const mask = masked ? 0x80 : 0;
  const head =
    length < 126
      ? Buffer.from([0x82, mask | length])
      : length < 65_536
        ? Buffer.from([0x82, mask | 126, length >> 8, length & 0xff])
        : Buffer.concat([
            Buffer.from([0x82, mask | 127, 0, 0, 0, 0]),
            Buffer.from(Uint32Array.of(length).buffer).reverse(),
          ]);
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0), Buffer.alloc(length, 0x88)]);
}

describe('frame boundaries', () => {
  it('are found however the stream is cut', () => {
    const lengths = fc.array(
      fc.tuple(fc.constantFrom(0, 1, 125, 126, 300, 65_535, 65_536, 70_000), fc.boolean()),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(
        lengths,
        fc.array(fc.integer({ min: 1, max: 4_000 }), { minLength: 1, maxLength: 5 }),
        (frames, cuts) => {
          const bytes = Buffer.concat(frames.map(([length, masked]) => frame(length, masked)));
          const ends = new Set(
            frames.map((_frame, index) =>
              frames
                .slice(0, index + 1)
                .reduce((sum, [length, masked]) => sum + frame(length, masked).length, 0),
            ),
          );
          const boundary = frameBoundary();
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const chunk = bytes.subarray(at, at + (cuts[turn % cuts.length] ?? 1));
            boundary.take(chunk);
            at += chunk.length;

            expect(boundary.isBetweenFrames()).toBe(ends.has(at));
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
