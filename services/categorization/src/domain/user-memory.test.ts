import { describe, expect, it } from '@jest/globals';
import { readMerchantName } from './merchant-name.ts';
import { recall, remember } from './user-memory.ts';
import type { MemoryVote } from './user-memory.ts';

const TODAY = 20_000;

const learn = (
  choices: readonly (readonly [text: string, category: string, day?: number, amount?: number])[],
) => {
  let memory = new Map<string, MemoryVote[]>();
  for (const [text, category, day = TODAY, amount = -100] of choices) {
    memory = new Map([...memory, ...remember(memory, readMerchantName(text), amount, category, day)]);
  }
  return memory;
};

const ask = (memory: Map<string, MemoryVote[]>, text: string, amount = -100) =>
  recall(memory, readMerchantName(text), amount, TODAY);

describe('user memory', () => {
  it('answers after one correction of the same name', () => {
    const memory = learn([['CORNER BOOKS 0441 LEEDS', 'gifts']]);

    expect(ask(memory, 'CORNER BOOKS 0912 LEEDS')).toMatchObject({ category: 'gifts', level: 'exact' });
    expect(ask(memory, 'OTHER BOOKS LEEDS')).toBeNull();
  });

  it('lets the newest correction decide, however often the old one was confirmed', () => {
    const memory = learn([
      ['CORNER BOOKS', 'books'],
      ['CORNER BOOKS', 'books'],
      ['CORNER BOOKS', 'books'],
      ['CORNER BOOKS', 'gifts'],
    ]);

    expect(ask(memory, 'CORNER BOOKS')?.category).toBe('gifts');
  });

  it('widens to the first words only when two choices agree', () => {
    const one = learn([['HARBOUR MARKET STALL NORTH', 'gifts']]);
    const two = learn([
      ['HARBOUR MARKET STALL NORTH', 'gifts'],
      ['HARBOUR MARKET QUAY EAST', 'gifts'],
    ]);

    expect(ask(one, 'HARBOUR MARKET LANE WEST')).toBeNull();
    expect(ask(two, 'HARBOUR MARKET LANE WEST')).toMatchObject({ category: 'gifts', level: 'two-words' });
  });

  it('keeps money in apart from money out', () => {
    expect(ask(learn([['CORNER BOOKS', 'books']]), 'CORNER BOOKS', 500)).toBeNull();
  });

  it('forgets slowly', () => {
    expect(ask(learn([['CORNER BOOKS', 'gifts', TODAY - 365]]), 'CORNER BOOKS')?.votes).toBeCloseTo(0.5);
    expect(ask(learn([['CORNER BOOKS', 'gifts', TODAY - 3650]]), 'CORNER BOOKS')).toBeNull();
  });
});
