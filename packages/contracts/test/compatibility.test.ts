import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { eventType } from '../src/define-event.ts';
import { EVENTS } from '../src/events/index.ts';
import { breakingChanges, publishedSchemaOf } from '../src/published-events.ts';

const DIRECTORY = new URL('../published-events/', import.meta.url);
const fileOf = (type: string) => new URL(`${type}.json`, DIRECTORY);
const readJson = (file: URL) => z.json().parse(JSON.parse(readFileSync(file, 'utf8')));

describe('published events', () => {
  it.each(EVENTS.map((event) => [eventType(event), event] as const))('%s is frozen', (type) => {
    // A missing file is written by `npm run docs`.
    expect(existsSync(fileOf(type))).toBe(true);
  });

  it.each(EVENTS.map((event) => [eventType(event), event] as const))(
    '%s has gained nothing but optional fields since its release',
    (type, event) => {
      expect(breakingChanges(readJson(fileOf(type)), publishedSchemaOf(event))).toEqual([]);
    },
  );

  it.each(EVENTS.map((event) => [eventType(event), event] as const))(
    '%s is frozen with every field that it has gained',
    (type, event) => {
      expect(readJson(fileOf(type))).toEqual(publishedSchemaOf(event));
    },
  );

  it('keeps a frozen file only for events that are still declared', () => {
    const declared = EVENTS.map((event) => `${eventType(event)}.json`).sort();

    expect(readdirSync(DIRECTORY).sort()).toEqual(declared);
  });
});
