import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KEY_KIND } from './keyspace.ts';
import { OverlayView } from './overlay.ts';
import type { Entry, RangeOptions, WriteView } from './store.ts';

class MemoryView implements WriteView {
  readonly entries = new Map<string, Entry>();
  get(key: Buffer): Buffer | undefined {
    return this.entries.get(key.toString('hex'))?.value;
  }
  put(key: Buffer, value: Buffer): void {
    this.entries.set(key.toString('hex'), { key, value });
  }
  del(key: Buffer): void {
    this.entries.delete(key.toString('hex'));
  }
  range({ start, end, reverse = false, limit = Infinity }: RangeOptions): Entry[] {
    const inside = [...this.entries.values()]
      .filter(({ key }) => Buffer.compare(key, start) >= 0 && Buffer.compare(key, end) < 0)
      .sort((a, b) => Buffer.compare(a.key, b.key));
    return (reverse ? inside.reverse() : inside).slice(0, limit);
  }
}

const key = fc
  .array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 2 })
  .map((bytes) => Buffer.from(bytes));
const write = fc.record({ key, value: fc.option(fc.integer({ min: 0, max: 255 })) });

function apply(view: WriteView, writes: readonly { key: Buffer; value: number | null }[]): void {
  for (const one of writes) {
    if (one.value === null) {
      view.del(one.key);
    } else {
      view.put(one.key, Buffer.from([one.value]));
    }
  }
}

describe('OverlayView', () => {
  it('reads like a store to which the writes were made, and leaves the store alone until they are applied', () => {
    fc.assert(
      fc.property(
        fc.array(write),
        fc.array(write),
        fc.record({ start: key, end: key, reverse: fc.boolean(), limit: fc.integer({ min: 0, max: 9 }) }),
        (before, after, range) => {
          const base = new MemoryView();
          apply(base, before);
          const model = new MemoryView();
          apply(model, before);
          apply(model, after);
          const overlay = new OverlayView(base);
          apply(overlay, after);
          expect([...overlay.range(range)]).toEqual(model.range(range));
          for (const { key: one } of [...before, ...after]) {
            expect(overlay.get(one)).toEqual(model.get(one));
          }
          overlay.applyTo(base);
          expect(base.range({ start: Buffer.from([]), end: Buffer.from([255]) })).toEqual(
            model.range({ start: Buffer.from([]), end: Buffer.from([255]) }),
          );
        },
      ),
    );
  });

  it('asks the store once for a key that is looked up twice in a row, and sees its own write all the same', () => {
    const base = new MemoryView();
    const [one, two] = [Buffer.from([KEY_KIND.document]), Buffer.from([KEY_KIND.indexEntry])];
    base.put(one, Buffer.from('stored'));
    let reads = 0;
    const overlay = new OverlayView({
      get: (wanted) => {
        reads += 1;
        return base.get(wanted);
      },
      range: (options) => base.range(options),
    });

    expect(overlay.getBase(one, one.toString('latin1'))?.toString()).toBe('stored');
    expect(overlay.get(one)?.toString()).toBe('stored');
    expect(reads).toBe(1);
    expect(overlay.get(two)).toBeUndefined();
    expect(overlay.get(one)?.toString()).toBe('stored');
    overlay.put(one, Buffer.from('own'));
    expect(overlay.get(one)?.toString()).toBe('own');
    expect(overlay.getBase(one, one.toString('latin1'))?.toString()).toBe('stored');
  });
});
