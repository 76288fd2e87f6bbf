import { MongoServerError } from './errors.ts';

/**
 * MongoDB's regular expressions (PCRE) run on JavaScript's engine. Syntax that both have but read differently
 * is rewritten (`$`, `.`, `\s`, `\A`, `\z`, POSIX classes, option x, comments, `(?i)` at the start, `\Q…\E`);
 * what JavaScript cannot express (recursion, conditionals, atomic groups, possessive quantifiers, `\K`, `\G`) is
 * refused with code 51091, never silently changed.
 *
 * Time limit: JavaScript's engine has none, so a pattern that repeats a group which itself contains an unbounded
 * repetition (such as `(a+)+`) is refused on strings above `NESTED_REPEAT_TEXT_LIMIT` characters with code 51156,
 * where MongoDB itself gives up with its match limit. Other patterns run on strings of any length.
 */
export const NESTED_REPEAT_TEXT_LIMIT = 32_768;

const PATTERN_LIMIT = 32_764;
const INVALID = 51091;
const MATCH_LIMIT = 51156;
const BAD_OPTION = 51108;

const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\t-\\r ',
  blank: '\\t ',
  punct: '!-\\/:-@\\[-`\\{-~',
  word: '\\w',
  xdigit: 'A-Fa-f0-9',
  cntrl: '\\x00-\\x1f\\x7f',
  print: '\\x20-\\x7e',
  graph: '\\x21-\\x7e',
};
const SYNTAX_CHARACTERS = new Set('^$\\.*+?()[]{}|/');
const compiled = new Map<string, RegExp>();
const COMPILED_LIMIT = 500;

/** A regular expression ready to test strings. */
export interface TextPattern {
  test(text: string): boolean;
}

interface Flags {
  ignoreCase: boolean;
  multiline: boolean;
  dotAll: boolean;
  extended: boolean;
}

/**
 * Compiles a pattern with MongoDB's options (any of i, m, s, u, x).
 * Throws MongoServerError 51108 for another option, 51091 for a pattern that is invalid or not supported.
 */
export function compilePattern(pattern: string, options: string): TextPattern {
  for (const option of options) {
    if (!'imsux'.includes(option)) {
      throw new MongoServerError(BAD_OPTION, `invalid flag in regex options: ${option}`);
    }
  }
  const name = `${options}/${pattern}`;
  let expression = compiled.get(name);
  if (expression === undefined) {
    expression = buildExpression(pattern, options);
    if (compiled.size >= COMPILED_LIMIT) {
      compiled.clear();
    }
    compiled.set(name, expression);
  }
  const ready = expression;
  if (!hasNestedRepeat(pattern)) {
    return { test: (text) => ready.test(text) };
  }
  return {
    test: (text) => {
      if (text.length > NESTED_REPEAT_TEXT_LIMIT) {
        throw new MongoServerError(
          MATCH_LIMIT,
          'Error occurred while executing the regular expression: match limit exceeded',
        );
      }
      return ready.test(text);
    },
  };
}

function buildExpression(pattern: string, options: string): RegExp {
  if (pattern.length > PATTERN_LIMIT) {
    throw new MongoServerError(INVALID, 'Regular expression is invalid: regular expression is too large');
  }
  const flags: Flags = {
    ignoreCase: options.includes('i'),
    multiline: options.includes('m'),
    dotAll: options.includes('s'),
    extended: options.includes('x'),
  };
  const body = takeLeadingFlags(pattern, flags);
  const unicode = /[\ud800-\udfff]|\\[pPX]|\\x\{/.test(body);
  const source = new Translation(body, flags).run();
  try {
    return new RegExp(
      source,
      `${flags.ignoreCase ? 'i' : ''}${flags.multiline ? 'm' : ''}${unicode ? 'u' : ''}`,
    );
  } catch (error) {
    throw new MongoServerError(
      INVALID,
      `Regular expression is invalid: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** `(?ims)` at the start of a pattern holds for all of it and becomes flags. */
function takeLeadingFlags(pattern: string, flags: Flags): string {
  let rest = pattern;
  let found = /^\(\?([imsxu]+)\)/.exec(rest);
  while (found !== null) {
    const letters = found[1] ?? '';
    flags.ignoreCase ||= letters.includes('i');
    flags.multiline ||= letters.includes('m');
    flags.dotAll ||= letters.includes('s');
    flags.extended ||= letters.includes('x');
    rest = rest.slice(found[0].length);
    found = /^\(\?([imsxu]+)\)/.exec(rest);
  }
  return rest;
}

function unsupported(what: string): MongoServerError {
  return new MongoServerError(
    INVALID,
    `Regular expression is invalid: ${what} is not supported by this server`,
  );
}

function invalid(what: string): MongoServerError {
  return new MongoServerError(INVALID, `Regular expression is invalid: ${what}`);
}

class Translation {
  readonly #pattern: string;
  readonly #flags: Flags;
  readonly #output: string[] = [];
  #at = 0;
  #repeatable = false;

  constructor(pattern: string, flags: Flags) {
    this.#pattern = pattern;
    this.#flags = flags;
  }

  run(): string {
    while (this.#at < this.#pattern.length) {
      this.#step(this.#pattern[this.#at] ?? '');
    }
    return this.#output.join('');
  }

  #emit(text: string, repeatable: boolean): void {
    this.#output.push(text);
    this.#repeatable = repeatable;
  }

  #rest(): string {
    return this.#pattern.slice(this.#at);
  }

  #step(character: string): void {
    if (this.#flags.extended && /[\s#]/.test(character)) {
      this.#skipExtended(character);
      return;
    }
    switch (character) {
      case '\\':
        this.#escape();
        return;
      case '[':
        this.#class();
        return;
      case '(':
        this.#group();
        return;
      case '.':
        this.#at += 1;
        this.#emit(this.#flags.dotAll ? '[^]' : '[^\\n]', true);
        return;
      case '$':
        this.#at += 1;
        this.#emit(this.#endOfText(), false);
        return;
      case '*':
      case '+':
      case '?':
        this.#quantifier(character, 1);
        return;
      case '{':
        this.#brace();
        return;
      case '|':
      case '^':
        this.#at += 1;
        this.#emit(character, false);
        return;
      case ')':
        this.#at += 1;
        this.#emit(character, true);
        return;
      case ']':
      case '}':
      case '/':
        this.#at += 1;
        this.#emit(`\\${character}`, true);
        return;
      default: {
        const point = this.#pattern.codePointAt(this.#at) ?? 0;
        const text = String.fromCodePoint(point);
        this.#at += text.length;
        this.#emit(text, true);
      }
    }
  }

  #skipExtended(character: string): void {
    if (character === '#') {
      const end = this.#pattern.indexOf('\n', this.#at);
      this.#at = end < 0 ? this.#pattern.length : end + 1;
    } else {
      this.#at += 1;
    }
  }

  /** `$` also matches before a last line break; at the end of a pattern that needs no look-ahead. */
  #endOfText(): string {
    if (this.#flags.multiline) {
      return '$';
    }
    return this.#at >= this.#pattern.length ? '\\n?$' : '(?=\\n?(?![^]))';
  }

  #quantifier(text: string, length: number): void {
    if (!this.#repeatable) {
      throw invalid('quantifier does not follow a repeatable item');
    }
    this.#at += length;
    const next = this.#pattern[this.#at];
    if (next === '+') {
      throw unsupported('a possessive quantifier');
    }
    if (next === '?') {
      this.#at += 1;
      this.#emit(`${text}?`, false);
    } else {
      this.#emit(text, false);
    }
  }

  #brace(): void {
    const found = /^\{\d+(?:,\d*)?\}/.exec(this.#rest())?.[0];
    if (found === undefined) {
      this.#at += 1;
      this.#emit('\\{', true);
    } else {
      this.#quantifier(found, found.length);
    }
  }

  #group(): void {
    const rest = this.#rest();
    if (rest.startsWith('(?#')) {
      const end = this.#pattern.indexOf(')', this.#at);
      if (end < 0) {
        throw invalid('missing ) after (?# comment');
      }
      this.#at = end + 1;
      return;
    }
    const named = /^\(\?P?<([A-Za-z_]\w*)>/.exec(rest) ?? /^\(\?'([A-Za-z_]\w*)'/.exec(rest);
    if (named !== null) {
      this.#at += named[0].length;
      this.#emit(`(?<${named[1] ?? ''}>`, false);
      return;
    }
    const backReference = /^\(\?P=([A-Za-z_]\w*)\)/.exec(rest);
    if (backReference !== null) {
      this.#at += backReference[0].length;
      this.#emit(`\\k<${backReference[1] ?? ''}>`, true);
      return;
    }
    const plain = /^\(\?(?:<?[=!]|:)/.exec(rest) ?? /^\(\?[ims]*(?:-[ims]+)?:/.exec(rest);
    if (plain !== null) {
      if (/s/.test(plain[0])) {
        throw unsupported('option s within a group');
      }
      this.#at += plain[0].length;
      this.#emit(plain[0], false);
      return;
    }
    if (/^\((?:\?|\*[A-Z])/.test(rest)) {
      throw unsupported(`the group ${rest.slice(0, 4)}`);
    }
    this.#at += 1;
    this.#emit('(', false);
  }

  #escape(): void {
    const next = this.#pattern[this.#at + 1];
    if (next === undefined) {
      throw invalid('\\ at end of pattern');
    }
    if (next === 'Q') {
      const end = this.#pattern.indexOf('\\E', this.#at + 2);
      const literal = this.#pattern.slice(this.#at + 2, end < 0 ? undefined : end);
      this.#at = end < 0 ? this.#pattern.length : end + 2;
      for (const character of literal) {
        this.#emit(literalOf(character), true);
      }
      return;
    }
    if (next === 'E') {
      this.#at += 2;
      return;
    }
    const assertion = this.#assertion(next);
    if (assertion !== undefined) {
      this.#at += 2;
      this.#emit(assertion, false);
      return;
    }
    const reference = /^\\g\{?(\d+)\}?|^\\([1-9]\d?)/.exec(this.#rest());
    if (reference !== null) {
      this.#at += reference[0].length;
      this.#emit(`(?:\\${reference[1] ?? reference[2] ?? ''})`, true);
      return;
    }
    const namedReference = /^\\[kg](?:<(\w+)>|\{([A-Za-z_]\w*)\}|'(\w+)')/.exec(this.#rest());
    if (namedReference !== null) {
      this.#at += namedReference[0].length;
      this.#emit(`\\k<${namedReference[1] ?? namedReference[2] ?? namedReference[3] ?? ''}>`, true);
      return;
    }
    switch (next) {
      case 'R':
        this.#at += 2;
        this.#emit('(?:\\r\\n|[\\n-\\r\\x85\\u2028\\u2029])', true);
        return;
      case 'N':
        this.#at += 2;
        this.#emit('[^\\n]', true);
        return;
      case 's':
        this.#at += 2;
        this.#emit('[\\t-\\r ]', true);
        return;
      case 'S':
        this.#at += 2;
        this.#emit('[^\\t-\\r ]', true);
        return;
      case 'h':
        this.#at += 2;
        this.#emit('[\\t \\xa0]', true);
        return;
      case 'H':
        this.#at += 2;
        this.#emit('[^\\t \\xa0]', true);
        return;
      case 'v':
        this.#at += 2;
        this.#emit('[\\n-\\r\\x85\\u2028\\u2029]', true);
        return;
      case 'V':
        this.#at += 2;
        this.#emit('[^\\n-\\r\\x85\\u2028\\u2029]', true);
        return;
      default:
        this.#emit(this.#characterEscape(), true);
    }
  }

  #assertion(letter: string): string | undefined {
    switch (letter) {
      case 'A':
        return this.#flags.multiline ? '(?<![^])' : '^';
      case 'z':
        return '(?![^])';
      case 'Z':
        return '(?=\\n?(?![^]))';
      case 'b':
      case 'B':
        return `\\${letter}`;
      case 'G':
      case 'K':
      case 'X':
      case 'C':
        throw unsupported(`\\${letter}`);
      default:
        return undefined;
    }
  }

  /** An escape that stands for characters, inside or outside a class. Moves past it and returns its translation. */
  #characterEscape(): string {
    const rest = this.#rest();
    const next = rest[1] ?? '';
    const property = /^\\[pP](?:\{\^?(\w+)\}|([A-Z]))/.exec(rest);
    if (property !== null) {
      this.#at += property[0].length;
      return propertyEscape(property[0], property[1] ?? property[2] ?? '');
    }
    const code = /^\\x\{([0-9a-fA-F]{1,6})\}/.exec(rest) ?? /^\\x([0-9a-fA-F]{0,2})/.exec(rest);
    if (code !== null) {
      this.#at += code[0].length;
      return literalPoint(Number.parseInt(`0${code[1] ?? ''}`, 16));
    }
    const octal = /^\\o\{([0-7]+)\}/.exec(rest) ?? /^\\(0[0-7]{0,2})/.exec(rest);
    if (octal !== null) {
      this.#at += octal[0].length;
      return literalPoint(Number.parseInt(octal[1] ?? '0', 8));
    }
    if (next === 'c' && /^[A-Za-z]/.test(rest.slice(2))) {
      this.#at += 3;
      return rest.slice(0, 3);
    }
    this.#at += 2;
    switch (next) {
      case 'e':
        return '\\x1b';
      case 'a':
        return '\\x07';
      case 'd':
      case 'D':
      case 'w':
      case 'W':
      case 'n':
      case 'r':
      case 't':
      case 'f':
        return `\\${next}`;
      default:
        if (/[A-Za-z0-9]/.test(next)) {
          throw invalid(`unrecognized character follows \\`);
        }
        if (/[\ud800-\udbff]/.test(next)) {
          this.#at += 1;
          return rest.slice(1, 3);
        }
        return literalOf(next);
    }
  }

  #class(): void {
    const parts: string[] = ['['];
    this.#at += 1;
    if (this.#pattern[this.#at] === '^') {
      parts.push('^');
      this.#at += 1;
    }
    let first = true;
    for (;;) {
      const character = this.#pattern[this.#at];
      if (character === undefined) {
        throw invalid('missing terminating ] for character class');
      }
      if (character === ']' && !first) {
        this.#at += 1;
        break;
      }
      first = false;
      parts.push(this.#classMember(character));
    }
    parts.push(']');
    this.#emit(parts.join(''), true);
  }

  #classMember(character: string): string {
    if (character === '[') {
      const posix = /^\[:(\^?)(\w+):\]/.exec(this.#rest());
      if (posix !== null) {
        const range = Object.hasOwn(POSIX_CLASSES, posix[2] ?? '')
          ? POSIX_CLASSES[posix[2] ?? '']
          : undefined;
        if (range === undefined) {
          throw invalid('unknown POSIX class name');
        }
        if (posix[1] === '^') {
          throw unsupported('a negated POSIX class');
        }
        this.#at += posix[0].length;
        return range;
      }
      this.#at += 1;
      return '\\[';
    }
    if (character === '\\') {
      return this.#classEscape();
    }
    const text = String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0);
    this.#at += text.length;
    return SYNTAX_CHARACTERS.has(text) ? `\\${text}` : text;
  }

  #classEscape(): string {
    const next = this.#pattern[this.#at + 1];
    switch (next) {
      case undefined:
        throw invalid('\\ at end of pattern');
      case 'b':
        this.#at += 2;
        return '\\x08';
      case 's':
        this.#at += 2;
        return '\\t-\\r ';
      case 'S':
        this.#at += 2;
        return '\\S';
      case 'h':
        this.#at += 2;
        return '\\t \\xa0';
      case 'v':
        this.#at += 2;
        return '\\n-\\r\\x85\\u2028\\u2029';
      case '-':
        this.#at += 2;
        return '\\-';
      case 'Q':
      case 'E':
        throw unsupported('quoting within a character class');
      default: {
        const octal = /^\\([0-7]{1,3})/.exec(this.#rest());
        if (octal !== null) {
          this.#at += octal[0].length;
          return literalPoint(Number.parseInt(octal[1] ?? '0', 8));
        }
        return this.#characterEscape();
      }
    }
  }
}

function literalOf(character: string): string {
  return SYNTAX_CHARACTERS.has(character) ? `\\${character}` : character;
}

function literalPoint(point: number): string {
  if (point > 0xffff) {
    return `\\u{${point.toString(16)}}`;
  }
  return `\\u${point.toString(16).padStart(4, '0')}`;
}

function propertyEscape(source: string, property: string): string {
  const negated = source.startsWith('\\P') !== source.includes('{^');
  const name = /^(?:[A-Z][a-z&]?|L&)$/.test(property) ? property : `Script=${property}`;
  return `\\${negated ? 'P' : 'p'}{${name}}`;
}

/** True when a repeated group contains an unbounded repetition: the shape that can take exponential time. */
function hasNestedRepeat(pattern: string): boolean {
  const plain = pattern.replaceAll(/\\./gs, 'a').replaceAll(/\[[^\]]*\]/g, 'a');
  const open: boolean[] = [false];
  for (let index = 0; index < plain.length; index += 1) {
    const character = plain[index];
    if (character === '(') {
      open.push(false);
    } else if (character === ')') {
      const repeats = open.pop() ?? false;
      const unbounded = /^(?:[*+]|\{\d+,\})/.test(plain.slice(index + 1, index + 12));
      if (repeats && unbounded) {
        return true;
      }
      if (repeats || unbounded) {
        open[open.length - 1] = true;
      }
    } else if (character === '*' || character === '+' || /^\{\d+,\}/.test(plain.slice(index, index + 12))) {
      open[open.length - 1] = true;
    }
  }
  return false;
}
