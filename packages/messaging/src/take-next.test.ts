import { describe, expect, it } from '@jest/globals';
import { takeFurther, takeNext } from './take-next.ts';

interface Waiting {
  id: number;
  subject?: string;
}

const subjectOf = ({ subject }: Waiting): string | undefined => subject;

describe('takeNext', () => {
  it('takes the first message of a subject that is not at work', () => {
    const waiting = [
      { id: 1, subject: 'ada' },
      { id: 2, subject: 'bob' },
      { id: 3, subject: 'bob' },
    ];

    expect(takeNext(waiting, subjectOf, new Set(['ada']))?.id).toBe(2);
    expect(waiting.map(({ id }) => id)).toEqual([1, 3]);
  });

  it('takes nothing while every subject is at work', () => {
    const waiting = [{ id: 1, subject: 'ada' }];

    expect(takeNext(waiting, subjectOf, new Set(['ada']))).toBeUndefined();
    expect(waiting).toHaveLength(1);
  });

  it('lets a message without a subject pass', () => {
    expect(takeNext<Waiting>([{ id: 1 }], subjectOf, new Set(['ada']))?.id).toBe(1);
  });
});

describe('takeFurther', () => {
  const canJoin = ({ id }: Waiting): boolean => id < 10;

  it('takes those of the same subject in order, and no more than it may', () => {
    const waiting = [
      { id: 1, subject: 'bob' },
      { id: 2, subject: 'ada' },
      { id: 3, subject: 'ada' },
      { id: 4, subject: 'ada' },
    ];

    expect(takeFurther(waiting, 'ada', subjectOf, canJoin, 2).map(({ id }) => id)).toEqual([2, 3]);
    expect(waiting.map(({ id }) => id)).toEqual([1, 4]);
  });

  it('stops at the first that may not join, so that none overtakes it', () => {
    const waiting = [
      { id: 1, subject: 'ada' },
      { id: 10, subject: 'ada' },
      { id: 2, subject: 'ada' },
    ];

    expect(takeFurther(waiting, 'ada', subjectOf, canJoin, 5).map(({ id }) => id)).toEqual([1]);
    expect(waiting.map(({ id }) => id)).toEqual([10, 2]);
  });

  it('joins nothing to a message without a subject', () => {
    const waiting: Waiting[] = [{ id: 1 }, { id: 2 }];

    expect(takeFurther(waiting, undefined, subjectOf, canJoin, 5)).toEqual([]);
    expect(waiting).toHaveLength(2);
  });
});
