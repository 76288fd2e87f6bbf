import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { EVENTS, eventType } from '../packages/contracts/src/index.ts';
import { breakingChanges, publishedSchemaOf, type Json } from '../packages/contracts/src/published-events.ts';

const DIRECTORY = new URL('../packages/contracts/published-events/', import.meta.url);

/**
 * Writes the schema of each event that is new or has gained optional fields to `packages/contracts/published-events`.
 * @returns types of the events whose file was written
 * @throws Error naming every change that would break a released event; nothing is written then
 */
export function freezeEvents(): string[] {
  const plans = EVENTS.map((event) => {
    const file = new URL(`${eventType(event)}.json`, DIRECTORY);
    const current = publishedSchemaOf(event);
    const released = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Json) : undefined;
    const breaks = released === undefined ? [] : breakingChanges(released, current);
    return { type: eventType(event), file, current, released, breaks };
  });
  const broken = plans.filter(({ breaks }) => breaks.length > 0);
  if (broken.length > 0) {
    const lines = broken.flatMap(({ type, breaks }) => breaks.map((change) => `${type}: ${change}`));
    throw new Error(
      `Released events may only gain optional fields. Declare a new version instead:\n${lines.join('\n')}`,
    );
  }
  const changed = plans.filter(
    ({ current, released }) => JSON.stringify(current) !== JSON.stringify(released),
  );
  for (const { file, current } of changed) {
    writeFileSync(file, `${JSON.stringify(current, null, 2)}\n`);
  }
  return changed.map(({ type }) => type);
}

if (import.meta.main) {
  const written = freezeEvents();
  console.log(written.length === 0 ? 'published events are up to date' : `published ${written.join(', ')}`);
}
