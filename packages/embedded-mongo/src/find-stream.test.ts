import { describe, expect, it } from '@jest/globals';
import { ListStream } from './find-stream.ts';

const MEBIBYTE = 1 << 20;

describe('a batch', () => {
  it('stays within the bytes that a message may have, except for a single document', async () => {
    const documents = [8, 8, 3, 16].map((size) => Buffer.alloc(size * MEBIBYTE));
    const stream = new ListStream(documents);
    const sizes: number[][] = [];
    for (let done = false; !done;) {
      const batch = await stream.take(100, 15 * MEBIBYTE);
      sizes.push(batch.documents.map((document) => document.length / MEBIBYTE));
      ({ done } = batch);
    }
    expect(sizes).toEqual([[8], [8, 3], [16]]);
  });
});
