import { describe, expect, it } from '@jest/globals';
import { takeNext } from './take-next.ts';

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
