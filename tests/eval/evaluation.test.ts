import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startModelSandbox, type ModelSandbox } from '../../infra/model-sandbox/src/index.ts';
import { type Constellation, startConstellation } from '../e2e/constellation.ts';
import { heldOutSet1 } from './held-out/held-out-set-1.ts';
import { heldOutSet2 } from './held-out/held-out-set-2.ts';
import { heldOutSet3 } from './held-out/held-out-set-3.ts';
import { heldOutSet4 } from './held-out/held-out-set-4.ts';
import { heldOutScore, runHeldOut } from './held-out/run-held-out.ts';
import { amountsIn } from './judge.ts';
import { people, TODAY } from './people.ts';
import { questionsAbout } from './questions.ts';
import { runEvaluation, scoreOf, type Outcome } from './run-evaluation.ts';

let orrery: Constellation;
let model: ModelSandbox;
let outcomes: Outcome[];

beforeAll(async () => {
  model = await startModelSandbox({ port: 0 });
  orrery = await startConstellation({ OPENAI_BASE_URL: model.url, ORRERY_NOW: `${TODAY}T12:00:00Z` });
  outcomes = await runEvaluation(orrery, { every: 5 });
}, 300_000);

afterAll(async () => {
  await orrery.stop();
  await model.stop();
});

describe('the evaluation set', () => {
  it('has at least 200 questions of four kinds in three languages, and the same every time', () => {
    const all = () =>
      people().flatMap((person) =>
        questionsAbout(
          person,
          person.payments.map((payment) => ({ ...payment, category: 'groceries' })),
        ),
      );

    expect(all().length).toBeGreaterThanOrEqual(200);
    expect(all()).toEqual(all());
    expect(new Set(all().map(({ kind, language }) => `${kind} ${language}`)).size).toBe(12);
  });

  it('is judged by amounts however they are written', () => {
    expect(amountsIn('£1,234.50, 12 and £7', 2)).toEqual([123_450, 700]);
    expect(amountsIn('1\u202f234,50 € en 2026', 2)).toEqual([123_450]);
    expect(amountsIn('2026년 10월 12,000원', 0)).toEqual([12_000]);
  });
});

describe('the held-out questions', () => {
  it('are answered rightly nine times of ten, and seldom wrongly rather than not at all', async () => {
    const questions = [...heldOutSet1(), ...heldOutSet2(), ...heldOutSet3(), ...heldOutSet4()].filter(
      (_each, at) => at % 8 === 0,
    );
    const score = heldOutScore(await runHeldOut(orrery, questions));

    expect(score.asked).toBeGreaterThan(35);
    expect(score.right / score.asked).toBeGreaterThanOrEqual(0.9);
    expect(score.wrong / score.asked).toBeLessThanOrEqual(0.03);
  }, 300_000);
});

describe('a fifth of the evaluation through the gateway', () => {
  it('has at least nine of ten factual questions exactly right, by the right tool', () => {
    const score = scoreOf(outcomes, 'factual');

    expect(score.asked).toBeGreaterThan(20);
    expect(score.rightPercent).toBeGreaterThanOrEqual(90);
    expect(score.rightToolPercent).toBeGreaterThanOrEqual(95);
  });

  it('states no wrong number, and nothing crosses users, whatever is asked', () => {
    const bad = outcomes.filter(({ hasWrongNumber, isSafe }) => hasWrongNumber || !isSafe);

    expect(bad.map(({ question, answer }) => [question.text, answer])).toEqual([]);
  });

  it('understands comparisons and follow-ups', () => {
    expect(scoreOf(outcomes, 'comparison').rightPercent).toBeGreaterThanOrEqual(85);
    expect(scoreOf(outcomes, 'follow-up').rightPercent).toBeGreaterThanOrEqual(85);
  });
});
