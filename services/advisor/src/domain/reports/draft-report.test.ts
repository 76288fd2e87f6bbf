import { describe, expect, it } from '@jest/globals';
import { LANGUAGES } from '@orrery/contracts';
import { verifyAmounts } from '@orrery/language-model';
import fc from 'fast-check';
import { rateOfPercent } from '../debts/annual-rate.ts';
import type { FinancialRecords, SpendingGroup } from '../financial-records.ts';
import { summarise } from '../financial-summary.ts';
import { wordFact } from '../suggestions/fact.ts';
import { candidatesFor, chooseSuggestions, wordIn, wordSuggestion } from '../suggestions/suggest.ts';
import { findAlerts } from '../admin/admin-alerts.ts';
import { draftReport } from './draft-report.ts';
import { REPORT_KINDS } from './report.ts';

const TODAY = '2026-05-20';
const pence = fc.integer({ min: 0, max: 1_000_000 });
const name = fc.constantFrom(
  'Rent',
  'Netflix',
  'Disney 4K',
  'Lidl',
  'Poker',
  '£5 shop',
  '  ',
  'Loan no. 7',
  'Ünïcode 家',
);
const group = fc.constantFrom<SpendingGroup>('needs', 'wants', 'savings');
const day = fc.constantFrom('2026-04-03', '2026-05-01', '2026-05-19', '2026-05-31');

const records: fc.Arbitrary<FinancialRecords> = fc.record({
  source: fc.constant('main-backend' as const),
  userName: name,
  email: fc.constant(''),
  currency: fc.constantFrom('GBP', 'KRW'),
  today: fc.constant(TODAY),
  incomes: fc.array(fc.record({ name, amountMinor: pence, receivedOn: day }), { maxLength: 3 }),
  expenses: fc.array(
    fc.record({ name, amountMinor: pence, spentOn: day, isWeekly: fc.boolean(), category: name, group }),
    { maxLength: 8 },
  ),
  plan: fc.array(
    fc.record({
      name,
      amountMinor: pence,
      category: name,
      group,
      isHousehold: fc.boolean(),
      isShadow: fc.boolean(),
    }),
    { maxLength: 5 },
  ),
  debts: fc.array(
    fc.record({
      name,
      balanceMinor: pence,
      paymentMinor: fc.integer({ min: 0, max: 50_000 }),
      interestMinor: fc.integer({ min: 0, max: 5_000 }),
      rate: fc.integer({ min: 0, max: 60 }).map(rateOfPercent),
      dueOn: fc.constantFrom(null, '2026-05-10', '2026-05-22', '2026-06-30'),
    }),
    { maxLength: 4 },
  ),
  goals: fc.array(
    fc.record({
      name,
      totalMinor: pence,
      savedMinor: pence,
      monthlyMinor: pence,
      completionPercent: fc.double({ min: 0, max: 100, noNaN: true }),
      completesOn: fc.constantFrom(null, '2026-04-01', '2027-01-01'),
      isCompleted: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
  partnerPlan: fc.constant(null),
});

describe('our own words', () => {
  it('state no figure that is not among their facts, whatever the figures and names', () => {
    fc.assert(
      fc.property(records, (given) => {
        const summary = summarise(given);
        const phrases = [
          ...REPORT_KINDS.map((kind) => draftReport(kind, summary)).flatMap((draft) => [
            draft.summary,
            ...draft.insights.flatMap(({ insight, suggestion }) => [insight, suggestion]),
          ]),
          ...findAlerts(summary).map(({ message }) => message),
        ];
        for (const { text, facts } of phrases) {
          expect({ text, unknown: verifyAmounts(text, facts).unknown }).toEqual({ text, unknown: [] });
        }
      }),
      { numRuns: 150 },
    );
  });

  it('give every user with rows three different suggestions, with every hole filled, in every language', () => {
    fc.assert(
      fc.property(records, (given) => {
        const chosen = chooseSuggestions(candidatesFor(summarise(given), []));
        const worded = chosen.map((candidate) => wordSuggestion(candidate));

        expect(new Set(worded.map(({ kind }) => kind)).size).toBe(3);
        for (const candidate of chosen) {
          for (const language of LANGUAGES) {
            const text = wordIn(candidate, language);
            const slots = Object.values(candidate.slots).map((fact) => wordFact(fact, language).facts);
            const facts = {
              amounts: slots.flatMap(({ amounts }) => amounts),
              percentages: slots.flatMap(({ percentages }) => percentages),
              days: slots.flatMap(({ days }) => days),
              names: slots.flatMap(({ names }) => names),
            };
            expect(text).not.toMatch(/[{}]/);
            expect({ text, unknown: verifyAmounts(text, facts).unknown }).toEqual({ text, unknown: [] });
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('never advise saving to somebody who is short of money', () => {
    fc.assert(
      fc.property(records, (given) => {
        const summary = summarise(given);
        fc.pre(summary.incomeMinor > 0 && summary.afterDebtsMinor < 0);

        const categories = chooseSuggestions(candidatesFor(summary, [])).map(
          (candidate) => wordSuggestion(candidate).category,
        );

        expect(categories).not.toContain('Savings');
      }),
      { numRuns: 150 },
    );
  });
});
