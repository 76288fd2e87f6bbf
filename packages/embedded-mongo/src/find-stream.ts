import type { DocumentStream } from './cursors.ts';
import { type Pacer, sortInSlices } from './pacing.ts';
import { compareSortValues, type IndexField, sortValuesOf } from './semantics/keys.ts';
import type { BsonDocument, Collation } from './semantics/types.ts';
import type { DocumentScan, FoundDocument } from './scan.ts';
import { decodeDocument, decodeFields } from './wire/bson-decode.ts';

/** The order a stream has to bring its documents into. */
export interface StreamSort {
  fields: readonly IndexField[];
  collation?: Collation;
  /** The number to sort by, smallest first, in place of fields. */
  distance?: (document: BsonDocument) => number;
}

/** Settings of `FindStream`. */
export interface FindStreamOptions {
  scan: DocumentScan;
  /** Set when the scan does not deliver the order that is wanted. */
  sort?: StreamSort;
  skip: number;
  /** Number of documents after which the stream ends; 0: none. */
  limit: number;
  /** Makes the bytes to send from a found document. */
  present: (found: FoundDocument) => Uint8Array;
  pacer: () => Pacer;
}

interface Sortable {
  key: unknown[];
  found: FoundDocument;
}

/** Documents of a query, found (and sorted, if need be) while they are taken. */
export class FindStream implements DocumentStream {
  private readonly options: FindStreamOptions;
  private skip: number;
  private left: number;
  private sorted: FoundDocument[] | undefined;
  private position = 0;
  private started = false;

  constructor(options: FindStreamOptions) {
    this.options = options;
    this.skip = options.skip;
    this.left = options.limit > 0 ? options.limit : Number.POSITIVE_INFINITY;
  }

  async take(count: number, maxBytes: number): Promise<{ documents: Uint8Array[]; done: boolean }> {
    const pacer = this.options.pacer();
    if (this.options.sort !== undefined) {
      this.sorted ??= await this.sortAll(this.options.sort, pacer);
    } else if (this.started) {
      this.options.scan.forgetReadAhead();
    }
    this.started = true;
    const documents: Uint8Array[] = [];
    let bytes = 0;
    while (this.left > 0) {
      if (documents.length >= count || bytes >= maxBytes) {
        return { documents, done: this.sorted !== undefined && this.position >= this.sorted.length };
      }
      const found = this.step();
      if (found === undefined) {
        return { documents, done: true };
      }
      if (found !== false) {
        if (this.skip > 0) {
          this.skip -= 1;
        } else {
          const document = this.options.present(found);
          documents.push(document);
          bytes += document.length;
          this.left -= 1;
        }
      }
      if (pacer.isDue) {
        await pacer.rest();
      }
    }
    return { documents, done: true };
  }

  private step(): FoundDocument | false | undefined {
    if (this.sorted === undefined) {
      return this.options.scan.step();
    }
    const found = this.sorted[this.position];
    this.position += 1;
    return found;
  }

  private async sortAll(sort: StreamSort, pacer: Pacer): Promise<FoundDocument[]> {
    const { fields, collation, distance } = sort;
    const roots = new Set(fields.map(([path]) => path.split('.', 1)[0] ?? path));
    const keyOf = (raw: Buffer): unknown[] =>
      distance === undefined
        ? sortValuesOf(decodeFields(raw, roots), fields, collation)
        : [distance(decodeDocument(raw))];
    const order: readonly IndexField[] = distance === undefined ? fields : [['', 1]];
    const compare = (a: Sortable, b: Sortable): number => compareSortValues(a.key, b.key, order, collation);
    const wanted = this.left + this.skip;
    const keep = Number.isFinite(wanted) ? wanted : Number.POSITIVE_INFINITY;
    let items: Sortable[] = [];
    for (;;) {
      const found = this.options.scan.step();
      if (found === undefined) {
        break;
      }
      if (found !== false) {
        items.push({ key: keyOf(found.raw), found });
        // Only the first ones are wanted: drop the others from time to time.
        if (items.length >= keep * 2 + 1000) {
          items = (await sortInSlices(items, compare, pacer)).slice(0, keep);
        }
      }
      if (pacer.isDue) {
        await pacer.rest();
      }
    }
    return (await sortInSlices(items, compare, pacer)).map((item) => item.found);
  }
}

/** A stream of documents that are all there already. */
export class ListStream implements DocumentStream {
  private readonly list: readonly Uint8Array[];
  private position = 0;

  constructor(list: readonly Uint8Array[]) {
    this.list = list;
  }

  take(count: number, maxBytes: number): Promise<{ documents: Uint8Array[]; done: boolean }> {
    const documents: Uint8Array[] = [];
    let bytes = 0;
    while (documents.length < count && bytes < maxBytes && this.position < this.list.length) {
      const next = this.list[this.position];
      if (next !== undefined) {
        if (documents.length > 0 && bytes + next.length > maxBytes) {
          break;
        }
        documents.push(next);
        bytes += next.length;
      }
      this.position += 1;
    }
    return Promise.resolve({ documents, done: this.position >= this.list.length });
  }
}
