import { MongoServerError } from './errors.ts';
import { valuesAtPath } from './paths.ts';
import { foldText, WantedWords, wordsOf, type WordRules } from './text-words.ts';
import type { BsonDocument } from './types.ts';
import { isArray, isDocument, isTruthy } from './values.ts';

/** How well a document matches a text search; 0 when it does not. */
export type TextScorer = (document: BsonDocument) => number;

interface Search {
  words: string[];
  phrases: string[];
  excluded: string[];
  excludedPhrases: string[];
}

const OPTIONS = new Set(['$search', '$language', '$caseSensitive', '$diacriticSensitive']);
/** Languages by the names that `$language` and `default_language` take; texts in all but English are not stemmed. */
const LANGUAGES: ReadonlySet<string> = new Set(
  (
    'none da danish nl dutch en english fi finnish fr french de german hu hungarian it italian nb norwegian ' +
    'pt portuguese ro romanian ru russian es spanish sv swedish tr turkish'
  ).split(' '),
);
const SINGLE_WORD_BONUS = 0.1;

/** True for the name of a language that MongoDB's text search knows. */
export function isTextLanguage(name: string): boolean {
  return LANGUAGES.has(name.toLowerCase());
}

function readSearch(text: string, rules: WordRules): Search {
  const search: Search = { words: [], phrases: [], excluded: [], excludedPhrases: [] };
  for (const [, minus, phrase, word = ''] of text.matchAll(/(-?)"([^"]*)"|(\S+)/g)) {
    if (phrase !== undefined) {
      (minus === '-' ? search.excludedPhrases : search.phrases).push(phrase);
      search.words.push(...(minus === '-' ? [] : wordsOf(phrase, rules)));
    } else if (word.startsWith('-')) {
      search.excluded.push(...wordsOf(word, rules));
    } else {
      search.words.push(...wordsOf(word, rules));
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

/** The part of a field's score that one word adds, as MongoDB's text indexes weigh it. */
function wordScore(count: number, total: number, isWholeField: boolean): number {
  const frequency = 2 - 2 ** (1 - count);
  const share = 0.5 + (0.5 * count) / total;
  return frequency * share * (isWholeField ? 1 + SINGLE_WORD_BONUS : 1);
}

/** The fields that a text index searches, and how. */
export interface TextFields {
  /** Weights by path. */
  weights: ReadonlyMap<string, number>;
  /** The index's `default_language`. */
  language: string;
}

function rulesOf(operand: BsonDocument, fields: TextFields): WordRules {
  const language = operand.$language ?? fields.language;
  if (typeof language !== 'string' || !isTextLanguage(language)) {
    throw new MongoServerError(2, `unsupported language: "${String(language)}" for text index version 3`);
  }
  return {
    english: ['en', 'english'].includes(language.toLowerCase()),
    keepsCase: isTruthy(operand.$caseSensitive ?? false),
    keepsMarks: isTruthy(operand.$diacriticSensitive ?? false),
  };
}

function fieldScore(text: string, wanted: WantedWords): number {
  const { counts, total } = wanted.countIn(text);
  let score = 0;
  for (const [word, count] of counts) {
    score += wordScore(count, total, text === word);
  }
  return score;
}

/**
 * Compiles the operand of `$text` for a text index: any of the words, all of the phrases in quotes, nothing that
 * stands behind a minus. In English, words are compared by their stems, and stop words do not count; in other
 * languages whole words are compared.
 * Throws MongoServerError 9 or 14 for a malformed operand, 2 for an unknown language.
 */
export function compileTextSearch(operand: unknown, index: TextFields): TextScorer {
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
  const rules = rulesOf(operand, index);
  const search = readSearch(foldText(operand.$search, rules), rules);
  const wanted = new WantedWords(search.words, rules);
  const excluded = new WantedWords(search.excluded, rules);
  return (document) => {
    const fields = [...index.weights].map(([path, weight]) => ({
      weight,
      texts: indexedStrings(document, path).map((text) => foldText(text, rules)),
    }));
    const texts = fields.flatMap((field) => field.texts);
    const contains = (phrase: string): boolean => texts.some((text) => text.includes(phrase));
    const isExcluded = search.excludedPhrases.some(contains) || texts.some((text) => excluded.isIn(text));
    if (isExcluded || !search.phrases.every(contains)) {
      return 0;
    }
    let score = 0;
    for (const { weight, texts: parts } of fields) {
      for (const part of parts) {
        score += weight * fieldScore(part, wanted);
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
