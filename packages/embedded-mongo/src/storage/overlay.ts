import type { Entry, RangeOptions, ReadView, WriteView } from './store.ts';

/**
 * Writes of a transaction kept in memory over a fixed state of the store. Reading sees the transaction's own
 * writes; the store changes only when they are applied.
 */
export class OverlayView implements WriteView {
  private readonly base: ReadView;
  private readonly written = new Map<string, Entry | { key: Buffer; value: undefined }>();
  private sorted: Buffer[] | undefined;

  /** Takes the state that the transaction reads. */
  constructor(base: ReadView) {
    this.base = base;
  }

  get(key: Buffer): Buffer | undefined {
    const own = this.written.get(key.toString('latin1'));
    return own === undefined ? this.base.get(key) : own.value;
  }

  /** Value of a key before the transaction. */
  getBase(key: Buffer): Buffer | undefined {
    return this.base.get(key);
  }

  put(key: Buffer, value: Buffer): void {
    const name = key.toString('latin1');
    if (!this.written.has(name)) {
      this.sorted = undefined;
    }
    this.written.set(name, { key, value: Buffer.from(value) });
  }

  del(key: Buffer): void {
    const name = key.toString('latin1');
    if (!this.written.has(name)) {
      this.sorted = undefined;
    }
    this.written.set(name, { key, value: undefined });
  }

  /** True when the transaction has written nothing. */
  get isEmpty(): boolean {
    return this.written.size === 0;
  }

  /** Makes the transaction's writes in another view. */
  applyTo(view: WriteView): void {
    for (const { key, value } of this.written.values()) {
      if (value === undefined) {
        view.del(key);
      } else {
        view.put(key, value);
      }
    }
  }

  *range(options: RangeOptions): Iterable<Entry> {
    const { start, end, reverse = false, limit = Number.POSITIVE_INFINITY } = options;
    const own = this.ownKeys(start, end);
    if (reverse) {
      own.reverse();
    }
    const base = this.base.range({ start, end, reverse })[Symbol.iterator]();
    try {
      let stored = base.next();
      let position = 0;
      let count = 0;
      while (count < limit) {
        const key = own[position];
        // Negative: the transaction's own key comes first; positive: the stored one; 0: the own one replaces it.
        let order = 0;
        if (key === undefined || stored.done === true) {
          order = key === undefined ? 1 : -1;
        } else {
          order = Buffer.compare(key, stored.value.key) * (reverse ? -1 : 1);
        }
        if (order > 0) {
          if (stored.done === true) {
            return;
          }
          yield stored.value;
          count += 1;
        } else if (key !== undefined) {
          position += 1;
          const entry = this.written.get(key.toString('latin1'));
          if (entry?.value !== undefined) {
            yield { key: entry.key, value: entry.value };
            count += 1;
          }
        }
        if (order >= 0) {
          stored = base.next();
        }
      }
    } finally {
      base.return?.();
    }
  }

  private ownKeys(start: Buffer, end: Buffer): Buffer[] {
    this.sorted ??= [...this.written.values()].map((entry) => entry.key).sort((a, b) => Buffer.compare(a, b));
    const all = this.sorted;
    return all.slice(lowerBound(all, start), lowerBound(all, end));
  }
}

function lowerBound(keys: readonly Buffer[], wanted: Buffer): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const key = keys[middle];
    if (key !== undefined && Buffer.compare(key, wanted) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
