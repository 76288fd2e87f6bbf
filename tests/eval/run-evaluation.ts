import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Constellation } from '../e2e/constellation.ts';
import { judge, type Verdict } from './judge.ts';
import { people, statementOf, type Person } from './people.ts';
import { questionsAbout, type EvalQuestion, type LedgerPayment, type QuestionKind } from './questions.ts';

/** A question with what came of it. */
export interface Outcome extends Verdict {
  question: EvalQuestion;
  answer: string;
  tools: string[];
  ms: number;
}

const PATIENCE_MS = 120_000;
const Page = z.object({
  data: z.array(
    z.object({
      date: z.string(),
      description: z.string(),
      amount: z.object({ amount: z.string() }),
      category: z.object({ slug: z.string() }).nullable(),
    }),
  ),
  page: z.object({ nextCursor: z.string().nullable() }),
});
type Row = z.output<typeof Page>['data'][number];

async function readLedger(orrery: Constellation, person: Person): Promise<Row[]> {
  const headers = orrery.signIn(person.userId);
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const reply = await fetch(`${orrery.url}/v1/transactions?limit=500${query}`, { headers });
    const page = Page.parse(await reply.json());
    rows.push(...page.data);
    cursor = page.page.nextCursor;
  } while (cursor !== null);
  return rows;
}

/** Imports a person's file and waits until the ledger has it. */
async function settle(orrery: Constellation, person: Person): Promise<LedgerPayment[]> {
  const form = new FormData();
  form.set('file', new File([statementOf(person)], 'statement.csv', { type: 'text/csv' }));
  form.set('currency', person.currency);
  form.set('account', 'Current account');
  const imported = await fetch(`${orrery.url}/v1/imports`, {
    method: 'POST',
    headers: orrery.signIn(person.userId),
    body: form,
  });
  if (!imported.ok) {
    throw new Error(`the import was refused: ${await imported.text()}`);
  }
  const deadline = Date.now() + PATIENCE_MS;
  let rows: Row[] = [];
  while (rows.length < person.payments.length) {
    if (Date.now() > deadline) {
      throw new Error(`only ${String(rows.length)} of ${String(person.payments.length)} payments arrived`);
    }
    await pause(200);
    rows = await readLedger(orrery, person);
  }
  // The category is the ledger's, everything else the bank's: amounts are never taken from the product.
  const categoryOf = new Map(rows.map(({ description, category }) => [description, category?.slug ?? null]));
  return person.payments.map((payment) => ({
    ...payment,
    category: categoryOf.get(payment.description) ?? null,
  }));
}

interface Said {
  text: string;
  tools: string[];
  conversationId: string;
  ms: number;
}

async function ask(
  orrery: Constellation,
  userId: string,
  message: string,
  conversationId: string | undefined,
): Promise<Said> {
  const startedAt = performance.now();
  const reply = await fetch(`${orrery.url}/v1/chat/messages`, {
    method: 'POST',
    headers: { ...orrery.signIn(userId), 'content-type': 'application/json' },
    body: JSON.stringify({ message, ...(conversationId === undefined ? {} : { conversationId }) }),
  });
  const events = (await reply.text()).split('\n\n').map((block) => ({
    event: /^event: (.*)$/m.exec(block)?.[1] ?? '',
    data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '{}') as Record<string, unknown>,
  }));
  const ms = performance.now() - startedAt;
  const named = (event: string) => events.filter((each) => each.event === event).map(({ data }) => data);
  return {
    text: String(named('done')[0]?.['text'] ?? ''),
    tools: named('tool').map(({ name }) => String(name)),
    conversationId: String(named('meta')[0]?.['conversationId'] ?? ''),
    ms,
  };
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
