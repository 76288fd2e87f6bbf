import { readCollation } from '../catalog.ts';
import { type CommandContext, type CommandDefinition, findCollection, pacerOf, viewOf } from '../command.ts';
import {
  assertKnownFields,
  collectionName,
  countOption,
  documentOption,
  hintOption,
  integerOption,
  optionalField,
  requiredString,
} from '../command-options.ts';
import { planOf, prepareQuery, scanOf } from '../query.ts';
import { equalityKey } from '../semantics/aggregate-value-set.ts';
import { valuesAtPath } from '../semantics/paths.ts';
import type { BsonDocument } from '../semantics/types.ts';
import { toNumber } from '../semantics/values.ts';
import { decodeFields } from '../wire/bson-decode.ts';
import { resultsOf } from './aggregate.ts';
import { countByPlan } from './count-by-plan.ts';

const COUNT_FIELDS = new Set([
  'count',
  'query',
  'limit',
  'skip',
  'hint',
  'collation',
  'fields',
  'collectionUUID',
  'let',
]);
const DISTINCT_FIELDS = new Set(['distinct', 'key', 'query', 'collation', 'hint', 'collectionUUID']);

async function count(context: CommandContext): Promise<BsonDocument> {
  const { command } = context;
  assertKnownFields(command, 'count', COUNT_FIELDS);
  const name = collectionName(command, 'count');
  const collection = findCollection(context, name);
  const filter = documentOption(command, 'query') ?? {};
  const skip = countOption(command, 'skip') ?? 0;
  const limit = Math.abs(integerOption(command, 'limit') ?? 0);
  const collation = readCollation(optionalField(command, 'collation'));
  if (collection?.kind === 'view') {
    const [result] = await resultsOf(context, {
      database: context.database,
      collection: name,
      pipeline: [
        { $match: filter },
        ...(skip > 0 ? [{ $skip: skip }] : []),
        ...(limit > 0 ? [{ $limit: limit }] : []),
        { $group: { _id: null, n: { $sum: 1 } } },
      ],
      ...(collation === undefined ? {} : { collation }),
      now: context.now,
    });
    return { n: toNumber(result?.n) ?? 0 };
  }
  const options = { collation, hint: hintOption(command), now: context.now };
  return { n: await countByPlan(context, collection, filter, { skip, limit, options }) };
}

async function distinct(context: CommandContext): Promise<BsonDocument> {
  const { command } = context;
  assertKnownFields(command, 'distinct', DISTINCT_FIELDS);
  const name = collectionName(command, 'distinct');
  const key = requiredString(command, 'key');
  const filter = documentOption(command, 'query') ?? {};
  const collation = readCollation(optionalField(command, 'collation'));
  const collection = findCollection(context, name);
  const seen = new Set<string>();
  const values: unknown[] = [];
  const effective = collation ?? collection?.collation;
  const add = (document: BsonDocument): void => {
    for (const value of valuesAtPath(document, key).values) {
      const id = equalityKey(value, effective);
      if (!seen.has(id)) {
        seen.add(id);
        values.push(value);
      }
    }
  };
  if (collection?.kind === 'view') {
    const documents = await resultsOf(context, {
      database: context.database,
      collection: name,
      pipeline: [{ $match: filter }],
      ...(collation === undefined ? {} : { collation }),
      now: context.now,
    });
    documents.forEach(add);
    return { values };
  }
  const query = prepareQuery(collection, filter, { collation, hint: hintOption(command), now: context.now });
  const view = viewOf(context);
  const scan = scanOf(view, collection, query, planOf(view, collection, query));
  const root = new Set([key.split('.', 1)[0] ?? key]);
  const pacer = pacerOf(context);
  for (let found = scan.step(); found !== undefined; found = scan.step()) {
    if (found !== false) {
      add(decodeFields(found.raw, root));
    }
    if (pacer.isDue) {
      await pacer.rest();
    }
  }
  return { values };
}

/** count and distinct. */
export const countCommands: Readonly<Record<string, CommandDefinition>> = {
  count: { run: count },
  distinct: { run: distinct, inTransaction: true },
};
