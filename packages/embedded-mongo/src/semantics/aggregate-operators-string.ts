import { Int32 } from 'bson';
import { asSafeInteger, countValue, numericKind } from './aggregate-arithmetic.ts';
import {
  binary,
  fail,
  isNullish,
  named,
  typeText,
  unary,
  variadic,
  type OperatorCompiler,
  type OperatorTable,
} from './aggregate-operator-kit.ts';
import { searchBounds } from './aggregate-operators-array.ts';
import { textOf } from './aggregate-operators-type.ts';
import { compilePattern, type TextPattern } from './regex.ts';
import { describeValue } from './update-describe.ts';
import { compareStrings, regexParts, typeName } from './values.ts';

/** Text of a value where MongoDB converts quietly: null and missing become empty. */
function coercedText(value: unknown): string {
  if (isNullish(value)) {
    return '';
  }
  return textOf(value) ?? fail(16007, `can't convert from BSON type ${typeText(value)} to String`);
}

const concat = variadic('$concat', (values) => {
  let result = '';
  let absent = false;
  for (const value of values) {
    if (isNullish(value)) {
      absent = true;
    } else if (typeof value === 'string') {
      result += value;
    } else {
      fail(16702, `$concat only supports strings, not ${typeText(value)}`);
    }
  }
  return absent ? null : result;
});

// MongoDB changes the case of ASCII letters only.
const upper = (text: string): string => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
const lower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

const compareIgnoringCase = binary(
  '$strcasecmp',
  (left, right) => new Int32(compareStrings(upper(coercedText(left)), upper(coercedText(right)))),
);

function indexArgument(value: unknown, codes: readonly [number, number], message: string): number {
  if (numericKind(value) === undefined) {
    return fail(codes[0], `${message} must be a numeric type (is BSON type ${typeText(value)})`);
  }
  return (
    asSafeInteger(value) ??
    fail(codes[1], `${message} cannot be represented as a 32-bit integral value: ${describeValue(value)}`)
  );
}

const isContinuationByte = (byte: number | undefined): boolean =>
  byte !== undefined && (byte & 0xc0) === 0x80;

function substringOfBytes(name: string): OperatorCompiler {
  return variadic(
    name,
    ([value, from, count]) => {
      const bytes = Buffer.from(coercedText(value));
      const start = indexArgument(from, [16034, 16034], `${name}:  starting index`);
      const length = indexArgument(count, [16035, 16035], `${name}:  length`);
      if (start < 0) {
        return fail(50752, `${name}:  starting index must be non-negative (got: ${start})`);
      }
      if (isContinuationByte(bytes[start])) {
        return fail(28656, `${name}:  Invalid range, starting index is a UTF-8 continuation byte.`);
      }
      const end = length < 0 ? bytes.length : Math.min(bytes.length, start + length);
      if (start < end && isContinuationByte(bytes[end])) {
        return fail(28657, `${name}:  Invalid range, ending index is in the middle of a UTF-8 character.`);
      }
      return bytes.subarray(start, end).toString();
    },
    3,
    3,
  );
}

const substringOfCodePoints = variadic(
  '$substrCP',
  ([value, from, count]) => {
    const points = [...coercedText(value)];
    const start = indexArgument(from, [34450, 34451], '$substrCP: starting index');
    const length = indexArgument(count, [34452, 34453], '$substrCP: length');
    if (start < 0) {
      return fail(34455, '$substrCP: the starting index must be nonnegative integer.');
    }
    return length < 0
      ? fail(34454, '$substrCP: length must be a nonnegative integer.')
      : points.slice(start, start + length).join('');
  },
  3,
  3,
);

function lengthOperator(name: string, code: number, measure: (text: string) => number): OperatorCompiler {
  return unary(name, (value) =>
    typeof value === 'string'
      ? countValue(measure(value))
      : fail(code, `${name} requires a string argument, found: ${typeText(value)}`),
  );
}

const split = binary('$split', (value, separator) => {
  if (isNullish(value) || isNullish(separator)) {
    return null;
  }
  if (typeof value !== 'string') {
    return fail(
      40085,
      `$split requires an expression that evaluates to a string as a first argument, found: ${typeText(value)}`,
    );
  }
  if (typeof separator !== 'string') {
    return fail(
      40086,
      `$split requires an expression that evaluates to a string as a second argument, found: ${typeText(separator)}`,
    );
  }
  return separator === '' ? fail(40087, '$split requires a non-empty separator') : value.split(separator);
});

/** What MongoDB trims when no characters are given. */
const WHITESPACE = new Set([
  ...['\0', ' ', '\t', '\n', '\v', '\f', '\r', '\u00a0', '\u1680'],
  ...[
    '\u2000',
    '\u2001',
    '\u2002',
    '\u2003',
    '\u2004',
    '\u2005',
    '\u2006',
    '\u2007',
    '\u2008',
    '\u2009',
    '\u200a',
  ],
]);

function trimOperator(name: string, left: boolean, right: boolean): OperatorCompiler {
  return named(name, { required: ['input'], optional: ['chars'], codes: [50696, 50694, 50695] }, (values) => {
    const input = values.get('input');
    const given = values.get('chars');
    if (isNullish(input) || (values.has('chars') && isNullish(given))) {
      return null;
    }
    if (typeof input !== 'string') {
      return fail(
        50699,
        `${name} requires its input to be a string, got ${describeValue(input)} (of type ${typeText(input)}) instead.`,
      );
    }
    if (given !== undefined && typeof given !== 'string') {
      return fail(
        50700,
        `${name} requires 'chars' to be a string, got ${describeValue(given)} (of type ${typeText(given)}) instead.`,
      );
    }
    const trimmed = typeof given === 'string' ? new Set(given) : WHITESPACE;
    const points = [...input];
    let start = 0;
    let end = points.length;
    while (left && start < end && trimmed.has(points[start] ?? '')) {
      start += 1;
    }
    while (right && end > start && trimmed.has(points[end - 1] ?? '')) {
      end -= 1;
    }
    return points.slice(start, end).join('');
  });
}

function positionOperator(
  name: string,
  codes: readonly [number, number],
  split_: (text: string) => readonly (string | number)[],
) {
  return variadic(
    name,
    ([value, sought, ...bounds]) => {
      if (isNullish(value)) {
        return null;
      }
      if (typeof value !== 'string') {
        return fail(codes[0], `${name} requires a string as the first argument, found: ${typeText(value)}`);
      }
      if (typeof sought !== 'string') {
        return fail(codes[1], `${name} requires a string as the second argument, found: ${typeText(sought)}`);
      }
      const units = split_(value);
      const pattern = split_(sought);
      const { start, end } = searchBounds(name, bounds, units.length);
      for (let index = start; index + pattern.length <= end; index += 1) {
        if (pattern.every((unit, offset) => units[index + offset] === unit)) {
          return new Int32(index);
        }
      }
      return new Int32(-1);
    },
    2,
    4,
  );
}

function replaceOperator(
  name: string,
  replace: (input: string, find: string, replacement: string) => string,
) {
  return named(
    name,
    { required: ['input', 'find', 'replacement'], codes: [51751, 51750, 51749] },
    (values) => {
      const texts: string[] = [];
      let absent = false;
      for (const [key, code] of [
        ['input', 51746],
        ['find', 51745],
        ['replacement', 51744],
      ] as const) {
        const value = values.get(key);
        if (isNullish(value)) {
          absent = true;
        } else if (typeof value === 'string') {
          texts.push(value);
        } else {
          fail(code, `${name} requires that '${key}' be a string, found: ${describeValue(value)}`);
        }
      }
      const [input = '', find = '', replacement = ''] = texts;
      return absent ? null : replace(input, find, replacement);
    },
  );
}

interface RegexArguments {
  input: string;
  pattern: string;
  options: string;
  tester: TextPattern;
}

function regexArguments(
  name: string,
  input: unknown,
  pattern: unknown,
  options: unknown,
): RegexArguments | undefined {
  if (!isNullish(input) && typeof input !== 'string') {
    return fail(51104, `${name} needs 'input' to be of type string`);
  }
  const isRegex = typeName(pattern) === 'regex';
  if (!isNullish(pattern) && typeof pattern !== 'string' && !isRegex) {
    return fail(51105, `${name} needs 'regex' to be of type string or regex`);
  }
  if (!isNullish(options) && typeof options !== 'string') {
    return fail(51106, `${name} needs 'options' to be of type string`);
  }
  if (isNullish(input) || isNullish(pattern)) {
    return undefined;
  }
  const parts = isRegex ? regexParts(pattern) : { pattern: String(pattern), options: '' };
  if (parts.options !== '' && typeof options === 'string' && options !== '') {
    return fail(51107, `${name}: found regex options specified in both 'regex' and 'options' fields`);
  }
  if (typeof options === 'string' && !/^[imsxu]*$/.test(options)) {
    return fail(51108, `${name}: invalid flag in regex options: ${options}`);
  }
  const flags = parts.options !== '' || typeof options !== 'string' ? parts.options : options;
  return { input, pattern: parts.pattern, options: flags, tester: compilePattern(parts.pattern, flags) };
}

/**
 * The pattern as a JavaScript expression that reports positions and captures. The matcher's own translation
 * only tests; it is asked first, so what it refuses is refused here too.
 */
function searchExpression({ pattern, options }: RegexArguments): RegExp {
  const inline = /^\(\?([imsx]+)\)/.exec(pattern);
  const flags = new Set(options + (inline?.[1] ?? ''));
  let source = inline === null ? pattern : pattern.slice(inline[0].length);
  if (flags.has('x')) {
    source = source.replace(/\\[\s\S]|\[(?:\\[\s\S]|[^\]])*\]|\s+|#[^\n]*/g, (part) =>
      /^[\s#]/.test(part) ? '' : part,
    );
  }
  source = source
    .replace(/\(\?P</g, '(?<')
    .replace(/\\A/g, '^')
    .replace(/\\[zZ]/g, '$');
  const unicode = /[\ud800-\udfff]|\\[pP]\{/.test(source) ? 'u' : '';
  try {
    return new RegExp(source, `g${['i', 'm', 's'].filter((flag) => flags.has(flag)).join('')}${unicode}`);
  } catch (error) {
    if (error instanceof SyntaxError) {
      return fail(51111, `Invalid Regex in regex operator: ${error.message}`);
    }
    throw error;
  }
}

const codePointLength = (text: string): number => [...text].length;

function matchDocument(match: RegExpExecArray): { match: string; idx: Int32; captures: (string | null)[] } {
  return {
    match: match[0],
    idx: new Int32(codePointLength(match.input.slice(0, match.index))),
    captures: match.slice(1).map((capture: string | undefined) => capture ?? null),
  };
}

function regexOperator(
  name: string,
  absent: unknown,
  compute: (values: RegexArguments) => unknown,
): OperatorCompiler {
  return named(
    name,
    { required: ['input', 'regex'], optional: ['options'], codes: [51103, 31024, 31022] },
    (values) => {
      const found = regexArguments(name, values.get('input'), values.get('regex'), values.get('options'));
      return found === undefined ? absent : compute(found);
    },
  );
}

/** Every match; none when the matcher's translation, which knows more of the syntax, finds none. */
function everyMatch(values: RegexArguments): RegExpExecArray[] {
  return values.tester.test(values.input) ? [...values.input.matchAll(searchExpression(values))] : [];
}

/** Operators over strings. */
export const stringOperators: OperatorTable = {
  $concat: concat,
  $toUpper: unary('$toUpper', (value) => upper(coercedText(value))),
  $toLower: unary('$toLower', (value) => lower(coercedText(value))),
  $strcasecmp: compareIgnoringCase,
  $substr: substringOfBytes('$substr'),
  $substrBytes: substringOfBytes('$substrBytes'),
  $substrCP: substringOfCodePoints,
  $strLenBytes: lengthOperator('$strLenBytes', 34473, (text) => Buffer.byteLength(text)),
  $strLenCP: lengthOperator('$strLenCP', 34471, codePointLength),
  $split: split,
  $trim: trimOperator('$trim', true, true),
  $ltrim: trimOperator('$ltrim', true, false),
  $rtrim: trimOperator('$rtrim', false, true),
  $indexOfBytes: positionOperator('$indexOfBytes', [40091, 40092], (text) => [...Buffer.from(text)]),
  $indexOfCP: positionOperator('$indexOfCP', [40093, 40094], (text) => [...text]),
  $replaceOne: replaceOperator('$replaceOne', (input, find, replacement) =>
    input.replace(find, () => replacement),
  ),
  $replaceAll: replaceOperator('$replaceAll', (input, find, replacement) =>
    find === '' ? input : input.replaceAll(find, () => replacement),
  ),
  $regexMatch: regexOperator('$regexMatch', false, ({ input, tester }) => tester.test(input)),
  $regexFind: regexOperator('$regexFind', null, (values) => {
    const [match] = everyMatch(values);
    return match === undefined ? null : matchDocument(match);
  }),
  $regexFindAll: regexOperator('$regexFindAll', [], (values) => everyMatch(values).map(matchDocument)),
};
