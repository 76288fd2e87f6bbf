import type { CollectionInfo } from './catalog.ts';
import type { DocumentStream } from './cursors.ts';
import type { FoundDocument } from './scan.ts';
import { MongoServerError } from './semantics/errors.ts';
import type { Matcher } from './semantics/types.ts';
import { documentRange, recordIdAtEnd } from './storage/keyspace.ts';
import type { ReadView } from './storage/store.ts';
import { decodeDocument } from './wire/bson-decode.ts';

/** Documents of a capped collection in the order of their insertion; later ones follow, until the limit is reached. */
export class TailStream implements DocumentStream {
  private readonly view: ReadView;
  private readonly end: Buffer;
  private readonly matcher: Matcher;
  private readonly present: (found: FoundDocument) => Uint8Array;
  private next: Buffer;
  private last: Buffer | undefined;
  private skip: number;
  private left: number;

  /** Leaves out the first `skip` documents, and ends after `limit` (0: never). */
  constructor(
    view: ReadView,
    collection: CollectionInfo,
    matcher: Matcher,
    present: (found: FoundDocument) => Uint8Array,
    { skip, limit }: { skip: number; limit: number },
  ) {
    const { start, end } = documentRange(collection.id);
    this.view = view;
    this.next = start;
    this.end = end;
    this.matcher = matcher;
    this.present = present;
    this.skip = skip;
    this.left = limit > 0 ? limit : Number.POSITIVE_INFINITY;
  }

  async take(count: number, maxBytes: number): Promise<{ documents: Uint8Array[]; done: boolean }> {
    const documents: Uint8Array[] = [];
    let bytes = 0;
    if (this.last !== undefined && this.view.get(this.last) === undefined) {
      throw new MongoServerError(
        136,
        'CollectionScan died due to position in capped collection being deleted.',
      );
    }
    if (count > 0) {
      for (const { key, value } of this.view.range({ start: this.next, end: this.end })) {
        this.next = Buffer.concat([key, Buffer.from([0])]);
        this.last = key;
        if (this.matcher.test(decodeDocument(value))) {
          if (this.skip > 0) {
            this.skip -= 1;
            continue;
          }
          const document = this.present({ recordId: recordIdAtEnd(key), raw: value });
          documents.push(document);
          bytes += document.length;
          this.left -= 1;
        }
        if (documents.length >= count || bytes >= maxBytes || this.left === 0) {
          break;
        }
      }
    }
    return { documents, done: this.left === 0 };
  }
}
