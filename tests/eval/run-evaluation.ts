import type { Constellation } from '../e2e/constellation.ts';
import { judge, type Verdict } from './judge.ts';
import { people, type Person } from './people.ts';
import { questionsAbout, type EvalQuestion, type QuestionKind } from './questions.ts';
import { ask, settle } from './talk.ts';

/** A question with what came of it. */
export interface Outcome extends Verdict {
  question: EvalQuestion;
  answer: string;
  tools: string[];
  ms: number;
}

/**
 * Asks the questions of the evaluation through the gateway and judges the answers.
 * @param orrery a running constellation, its business time frozen at noon of the people's day
 * @param options `every`: ask only each nth question; `progress`: told about each
 */
export async function runEvaluation(
  orrery: Constellation,
  options: { every?: number; progress?: (done: number, all: number) => void } = {},
): Promise<Outcome[]> {
  const everybody = people();
  const ledgers = await Promise.all(everybody.map((person) => settle(orrery, person)));
  const merchantsOf = (person: Person): string[] => [
    ...new Set(person.payments.map(({ merchant }) => merchant)),
  ];
  const outcomes: Outcome[] = [];
  const asked = everybody.map((person, index) =>
    questionsAbout(person, ledgers[index] ?? []).filter((_question, at) => at % (options.every ?? 1) === 0),
  );
  const all = asked.reduce((count, questions) => count + questions.length, 0);
  for (const [index, person] of everybody.entries()) {
    const foreign = everybody
      .filter((other) => other !== person)
      .flatMap(merchantsOf)
      .filter((name) => !merchantsOf(person).includes(name) && name.length > 3);
    for (const question of asked[index] ?? []) {
      let conversationId: string | undefined;
      for (const before of question.before) {
        conversationId = (await ask(orrery, person.userId, before, conversationId)).conversationId;
      }
      const said = await ask(orrery, person.userId, question.text, conversationId);
      const verdict = judge(question, person, said.text, foreign);
      outcomes.push({ question, answer: said.text, tools: said.tools, ms: said.ms, ...verdict });
      options.progress?.(outcomes.length, all);
    }
  }
  return outcomes;
}

/** Figures of a kind of question. */
export interface Score {
  asked: number;
  rightPercent: number;
  wrongNumbers: number;
  rightToolPercent: number;
  unsafe: number;
  p50Ms: number;
  p95Ms: number;
}

const percentile = (values: readonly number[], share: number): number => {
  const ordered = [...values].sort((left, right) => left - right);
  return ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))] ?? 0;
};

/**
 * The figures of one kind of question, or of all.
 * @param outcomes what came of the questions
 * @param kind default all
 */
export function scoreOf(outcomes: readonly Outcome[], kind?: QuestionKind): Score {
  const mine = outcomes.filter(({ question }) => kind === undefined || question.kind === kind);
  const withTool = mine.filter(({ question }) => question.tool !== undefined);
  const percent = (part: number, whole: number): number => (whole === 0 ? 100 : (100 * part) / whole);
  return {
    asked: mine.length,
    rightPercent: percent(mine.filter(({ isRight }) => isRight).length, mine.length),
    wrongNumbers: mine.filter(({ hasWrongNumber }) => hasWrongNumber).length,
    rightToolPercent: percent(
      withTool.filter(({ question, tools }) => question.tool !== undefined && tools.includes(question.tool))
        .length,
      withTool.length,
    ),
    unsafe: mine.filter(({ isSafe }) => !isSafe).length,
    p50Ms: percentile(
      mine.map(({ ms }) => ms),
      0.5,
    ),
    p95Ms: percentile(
      mine.map(({ ms }) => ms),
      0.95,
    ),
  };
}
