import { MongoServerError } from './errors.ts';
import { valuesAtPath } from './paths.ts';
import type { BsonDocument } from './types.ts';
import { isArray, isDocument, isTruthy } from './values.ts';

/** How well a document matches a text search; 0 when it does not. */
export type TextScorer = (document: BsonDocument) => number;

interface Search {
  words: string[];
  phrases: string[];
  excluded: string[];
}

const OPTIONS = new Set(['$search', '$language', '$caseSensitive', '$diacriticSensitive']);
const SINGLE_WORD_BONUS = 0.1;

function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}_']+/gu) ?? [];
}

function readSearch(text: string): Search {
  const search: Search = { words: [], phrases: [], excluded: [] };
  for (const [, minus, phrase, word] of text.matchAll(/(-?)"([^"]*)"|(\S+)/g)) {
    if (phrase !== undefined) {
      (minus === '-' ? search.excluded : search.phrases).push(phrase);
      search.words.push(...(minus === '-' ? [] : wordsOf(phrase)));
    } else if (word?.startsWith('-') === true) {
      search.excluded.push(...wordsOf(word));
    } else {
      search.words.push(...wordsOf(word ?? ''));
    }
  }
  return search;
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') {
    return [value];
  }
  if (isArray(value)) {
    return value.flatMap(stringsIn);
  }
  return isDocument(value) ? Object.keys(value).flatMap((name) => stringsIn(value[name])) : [];
}

function indexedStrings(document: BsonDocument, path: string): string[] {
  if (path === '$**') {
    return stringsIn(document);
  }
  return valuesAtPath(document, path).values.filter((value) => typeof value === 'string');
}

/** The part of a field's score that one word adds, as MongoDB's documentation of text indexes weighs it. */
function wordScore(count: number, total: number): number {
  const frequency = 2 - 2 ** (1 - count);
  const share = 0.5 + (0.5 * count) / total;
  return frequency * share * (total === 1 ? 1 + SINGLE_WORD_BONUS : 1);
}

/**
 * Compiles the operand of `$text`, for a text index with the given weights by path. This is a plain match of whole
 * words: any of the words, all of the phrases in quotes, nothing that stands behind a minus. Unlike MongoDB it
 * knows no word stems and no stop words, so that `run` does not find `running`.
 * Throws MongoServerError 9 or 14 for a malformed operand.
 */
export function compileTextSearch(operand: unknown, weights: ReadonlyMap<string, number>): TextScorer {
  if (!isDocument(operand)) {
    throw new MongoServerError(9, '$text needs a document');
  }
  const unknown = Object.keys(operand).find((name) => !OPTIONS.has(name));
  if (unknown !== undefined) {
    throw new MongoServerError(9, `unknown field in $text: ${unknown}`);
  }
  if (typeof operand.$search !== 'string') {
    throw new MongoServerError(14, '$search needs a string');
  }
  const keepsCase = isTruthy(operand.$caseSensitive ?? false);
  const keepsMarks = isTruthy(operand.$diacriticSensitive ?? false);
  const fold = (text: string): string => {
    const cased = keepsCase ? text : text.toLowerCase();
    return keepsMarks ? cased : cased.normalize('NFD').replace(/\p{M}/gu, '');
  };
  const { words, phrases, excluded } = readSearch(fold(operand.$search));
  const wanted = new Set(words);
  return (document) => {
    const fields = [...weights].map(([path, weight]) => ({
      weight,
      texts: indexedStrings(document, path).map(fold),
    }));
    const texts = fields.flatMap((field) => field.texts);
    const isExcluded = excluded.some((part) =>
      part.includes(' ')
        ? texts.some((text) => text.includes(part))
        : texts.some((text) => wordsOf(text).includes(part)),
    );
    if (isExcluded || !phrases.every((phrase) => texts.some((text) => text.includes(phrase)))) {
      return 0;
    }
    let score = 0;
    for (const { weight, texts: parts } of fields) {
      for (const part of parts) {
        const tokens = wordsOf(part);
        for (const word of wanted) {
          const count = tokens.filter((token) => token === word).length;
          score += count === 0 ? 0 : weight * wordScore(count, tokens.length);
        }
      }
    }
    return score;
  };
}

/** The operand of a filter's `$text`, at its top level or in a top-level `$and`; undefined when it has none. */
export function textOperand(filter: BsonDocument): unknown {
  if (Object.hasOwn(filter, '$text')) {
    return filter.$text;
  }
  const branches = isArray(filter.$and) ? filter.$and.filter(isDocument) : [];
  return branches.map(textOperand).find((operand) => operand !== undefined);
}
