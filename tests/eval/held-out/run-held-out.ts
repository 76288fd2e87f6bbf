import type { Constellation } from '../../e2e/constellation.ts';
import { ask, settle } from '../talk.ts';
import { trueAmounts } from './book.ts';
import {
  judgeHeldOut,
  type Asker,
  type HeldOutKind,
  type HeldOutQuestion,
  type HeldOutVerdict,
} from './expect.ts';
import { heldOutPeople } from './held-out-people.ts';

/** A question of a held-out set with what came of it. */
export interface HeldOutOutcome {
  question: HeldOutQuestion;
  answer: string;
  verdict: HeldOutVerdict;
  ms: number;
}

/**
 * Asks the questions of a held-out set through the gateway.
 * @param orrery a running constellation, its business time frozen at noon of the people's day
 * @param questions the set
 */
export async function runHeldOut(
  orrery: Constellation,
  questions: readonly HeldOutQuestion[],
): Promise<HeldOutOutcome[]> {
  const people = heldOutPeople();
  const truths = {} as Record<Asker, Set<number>>;
  for (const asker of ['gb', 'us', 'fr', 'kr'] as const) {
    const payments = await settle(orrery, people[asker]);
    const slugs = [...new Set(payments.map(({ category }) => category))];
    truths[asker] = trueAmounts(
      people[asker],
      slugs.map((slug) =>
        payments.filter(({ category }) => category === slug).map(({ merchant }) => merchant),
      ),
    );
  }
  const outcomes: HeldOutOutcome[] = [];
  for (const question of questions) {
    const person = people[question.asker];
    let conversationId: string | undefined;
    let said = { text: '', ms: 0 };
    for (const text of question.texts) {
      const reply = await ask(orrery, person.userId, text, conversationId);
      ({ conversationId } = reply);
      said = reply;
    }
    outcomes.push({
      question,
      answer: said.text,
      ms: said.ms,
      verdict: judgeHeldOut(question, person, said.text, truths[question.asker]),
    });
  }
  return outcomes;
}

/** How often a set was answered in each way. */
export interface HeldOutScore {
  asked: number;
  right: number;
  declined: number;
  wrong: number;
}

/**
 * The score of a kind of question, or of all.
 * @param outcomes what came of them
 * @param isWanted which of them; default all
 */
export function heldOutScore(
  outcomes: readonly HeldOutOutcome[],
  isWanted: (question: { kind: HeldOutKind; asker: Asker }) => boolean = () => true,
): HeldOutScore {
  const mine = outcomes.filter(({ question }) => isWanted(question));
  const number = (wanted: HeldOutVerdict): number => mine.filter(({ verdict }) => verdict === wanted).length;
  return {
    asked: mine.length,
    right: number('right'),
    declined: number('declined'),
    wrong: number('wrong'),
  };
}
