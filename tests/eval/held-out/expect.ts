import { amountsIn } from '../judge.ts';
import type { Person } from '../people.ts';

export type Asker = 'gb' | 'us' | 'fr' | 'kr';
export type HeldOutKind = 'factual' | 'comparison' | 'follow-up' | 'none' | 'unanswerable';

/** A question of a held-out set, and what answers it. */
export interface HeldOutQuestion {
  asker: Asker;
  kind: HeldOutKind;
  /** The last is judged; the others are asked before it in the same conversation. */
  texts: string[];
  /** Each inner list is a right answer if all its amounts are said, in minor units. Empty where no amount is asked for. */
  rightAmounts: number[][];
  rightText?: RegExp;
  /** True amounts that may stand beside the right ones; so may sums and differences of two of all these. */
  also: number[];
  /** Amounts of the question that an answer may repeat. */
  echoed: number[];
}

type Texts = string | string[];
const listOf = (texts: Texts): string[] => (typeof texts === 'string' ? [texts] : texts);

/** A question whose answer is one amount, or all of several. */
export const says = (
  asker: Asker,
  texts: Texts,
  right: number | number[],
  kind: HeldOutKind = 'factual',
): HeldOutQuestion => oneOf(asker, texts, [typeof right === 'number' ? [right] : right], kind);

/** A question that people mean in several ways: each inner list is right. */
export const oneOf = (
  asker: Asker,
  texts: Texts,
  rightAmounts: number[][],
  kind: HeldOutKind = 'factual',
  also: number[] = [],
): HeldOutQuestion => ({ asker, kind, texts: listOf(texts), rightAmounts, also, echoed: [] });

/** A question whose answer is a word, a day or a count. */
export const tells = (
  asker: Asker,
  texts: Texts,
  rightText: RegExp,
  kind: HeldOutKind = 'factual',
  also: number[] = [],
): HeldOutQuestion => ({ asker, kind, texts: listOf(texts), rightAmounts: [], rightText, also, echoed: [] });

/** A question about payments that there are not: the answer names no amount but nought. */
export const zero = (asker: Asker, texts: Texts): HeldOutQuestion => ({
  asker,
  kind: 'none',
  texts: listOf(texts),
  rightAmounts: [],
  also: [],
  echoed: [0],
});

/** A question that nobody here can answer: the answer names no amount. */
export const refuses = (asker: Asker, texts: Texts, echoed: number[] = []): HeldOutQuestion => ({
  asker,
  kind: 'unanswerable',
  texts: listOf(texts),
  rightAmounts: [],
  also: [],
  echoed,
});

/** What came of one question. A wrong answer is one that names an amount and is not right; saying "I cannot" is neither. */
export type HeldOutVerdict = 'right' | 'declined' | 'wrong';

/**
 * Judges an answer.
 * @param question the question
 * @param person who asked
 * @param answer what was said
 * @param truths amounts that may stand beside a right answer
 */
export function judgeHeldOut(
  question: HeldOutQuestion,
  person: Person,
  answer: string,
  truths: ReadonlySet<number>,
): HeldOutVerdict {
  const repeated = [...question.echoed, ...question.texts.flatMap((text) => amountsIn(text, person.digits))];
  const said = amountsIn(answer, person.digits).filter((amount) => !repeated.includes(amount));
  const named = question.rightAmounts.find((all) => all.every((amount) => said.includes(amount)));
  const isRight =
    answer !== '' &&
    (question.rightAmounts.length === 0 || named !== undefined) &&
    (question.rightText?.test(answer) ?? true);
  const isPlain = question.kind === 'none' || question.kind === 'unanswerable';
  const right = [...question.rightAmounts.flat(), ...question.also];
  const derived = new Set(right.flatMap((left) => right.flatMap((other) => [left + other, left - other])));
  const isTrue = (amount: number): boolean =>
    !isPlain && (truths.has(amount) || right.includes(amount) || derived.has(amount));
  if (isRight && said.every(isTrue)) {
    return 'right';
  }
  return said.length > 0 ? 'wrong' : 'declined';
}
