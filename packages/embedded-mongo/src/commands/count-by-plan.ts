import type { CollectionInfo } from '../catalog.ts';
import { type CommandContext, pacerOf, viewOf } from '../command.ts';
import { planOf, prepareQuery, type QueryOptions, scanOf } from '../query.ts';
import { EntryCounter } from '../scan.ts';
import type { BsonDocument } from '../semantics/types.ts';

/** What limits a count. */
export interface CountRequest {
  skip: number;
  /** 0: no limit. */
  limit: number;
  options: QueryOptions;
}

/** Counts the documents that match: from the counters, from index entries alone, or by reading documents. */
export async function countByPlan(
  context: CommandContext,
  collection: CollectionInfo | undefined,
  filter: BsonDocument,
  request: CountRequest,
): Promise<number> {
  const { skip, limit, options } = request;
  const query = prepareQuery(collection, filter, options);
  if (collection === undefined) {
    return 0;
  }
  const most = limit > 0 ? skip + limit : Number.POSITIVE_INFINITY;
  const view = viewOf(context);
  const plan = planOf(view, collection, query);
  if (query.condition.always && plan.kind === 'collection') {
    const all = context.engine.documentCount(collection.id, context.transaction);
    return Math.max(0, Math.min(all, most) - skip);
  }
  const pacer = pacerOf(context);
  let count = 0;
  if (plan.kind === 'index' && (plan.covers || query.condition.always)) {
    const entries = new EntryCounter(view, collection, plan);
    while (count < most && entries.step()) {
      count += 1;
      if (pacer.isDue) {
        await pacer.rest();
      }
    }
    return Math.max(0, count - skip);
  }
  const scan = scanOf(view, collection, query, plan);
  while (count < most) {
    const found = scan.step();
    if (found === undefined) {
      break;
    }
    if (found !== false) {
      count += 1;
    }
    if (pacer.isDue) {
      await pacer.rest();
    }
  }
  return Math.max(0, count - skip);
}
