import { KEY_KIND } from './keyspace.ts';
import type { Entry, RangeOptions, ReadView, WriteView } from './store.ts';

/**
 * Writes of a transaction kept in memory over a fixed state of the store. Reading sees the transaction's own
 * writes; the store changes only when they are applied.
 */
export class OverlayView implements WriteView {
  private readonly base: ReadView;
  private readonly catalogue = new Map<string, Buffer | undefined>();
  private readonly written = new Map<string, Entry | { key: Buffer; value: undefined }>();
  /** Names of the written keys in byte order, except those in `unsorted`. A latin1 name orders like its bytes. */
  private sorted: string[] = [];
  private unsorted: string[] = [];

  /** The last key that was looked up in the base: whoever locks a key reads it next. */
  private lastName: string | undefined;
  private lastValue: Buffer | undefined;

  /** Takes the state that the transaction reads. */
  constructor(base: ReadView) {
    this.base = base;
  }

  get(key: Buffer): Buffer | undefined {
    const name = key.toString('latin1');
    const own = this.written.get(name);
    if (own !== undefined) {
      return own.value;
    }
    return key[0] === KEY_KIND.catalog ? this.catalogueRecord(name, key) : this.getBase(key, name);
  }

  /** Every statement asks for the record of its collection, and the base never changes. */
  private catalogueRecord(name: string, key: Buffer): Buffer | undefined {
    if (!this.catalogue.has(name)) {
      this.catalogue.set(name, this.base.get(key));
    }
    return this.catalogue.get(name);
  }

  /** Value of a key before the transaction; `name` is the key as latin1 text. */
  getBase(key: Buffer, name: string): Buffer | undefined {
    if (name !== this.lastName) {
      this.lastValue = this.base.get(key);
      this.lastName = name;
    }
    return this.lastValue;
  }

  /** Keeps both buffers until the end of the transaction. */
  put(key: Buffer, value: Buffer): void {
    this.write({ key, value });
  }

  del(key: Buffer): void {
    this.write({ key, value: undefined });
  }

  private write(entry: Entry | { key: Buffer; value: undefined }): void {
    const name = entry.key.toString('latin1');
    if (!this.written.has(name)) {
      this.unsorted.push(name);
    }
    this.written.set(name, entry);
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
        const name = own[position];
        const written = name === undefined ? undefined : this.written.get(name);
        const key = written?.key;
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
        } else if (written !== undefined) {
          position += 1;
          if (written.value !== undefined) {
            yield { key: written.key, value: written.value };
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

  private ownKeys(start: Buffer, end: Buffer): string[] {
    this.sortNewKeys();
    const { sorted } = this;
    return sorted.slice(
      lowerBound(sorted, start.toString('latin1')),
      lowerBound(sorted, end.toString('latin1')),
    );
  }

  // Writes and range reads alternate, so a few new keys are put in their places; many are sorted at once.
  private sortNewKeys(): void {
    if (this.unsorted.length > INSERTED_SINGLY) {
      this.sorted = [...this.sorted, ...this.unsorted].sort(byBytes);
    } else {
      for (const name of this.unsorted) {
        this.sorted.splice(lowerBound(this.sorted, name), 0, name);
      }
    }
    this.unsorted = [];
  }
}

const INSERTED_SINGLY = 32;

const byBytes = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

function lowerBound(names: readonly string[], wanted: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const name = names[middle];
    if (name !== undefined && name < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
