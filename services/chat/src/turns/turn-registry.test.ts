import { describe, expect, it } from '@jest/globals';
import type { TurnEvent } from '../domain/frames.ts';
import { createTurnRegistry, type Turn } from './turn-registry.ts';

const registry = () =>
  createTurnRegistry({
    keepMs: 60_000,
    onFault: (error) => {
      throw error;
    },
  });
const delta = (text: string): TurnEvent => ({ kind: 'delta', text });
const textsOf = async (turn: Turn, from?: number): Promise<string[]> => {
  const texts: string[] = [];
  for await (const { event } of turn.follow(from)) {
    texts.push(event.kind === 'delta' ? event.text : event.kind);
  }
  return texts;
};
const of = (id: string) => ({ id, userId: 'u', conversationId: 'c', graceMs: 0 });

describe('turns', () => {
  it('do not wait for what may go on beside the next one of the conversation, and still carry its events', async () => {
    const turns = registry();
    const later = Promise.withResolvers<undefined>();
    const first = turns.begin({
      ...of('1'),
      work: (emit) => {
        emit(delta('a'));
        return Promise.resolve({
          rest: later.promise.then(() => {
            emit({ kind: 'title', title: 't' });
          }),
        });
      },
    });
    const second = turns.begin({
      ...of('2'),
      work: (emit) => {
        emit(delta('b'));
        return Promise.resolve({});
      },
    });

    expect(await textsOf(second)).toEqual(['b']);
    later.resolve(undefined);
    expect(await textsOf(first)).toEqual(['a', 'title']);
    turns.stop();
  });

  it('give every follower every event in order, also those of the past', async () => {
    const turns = registry();
    const turn = turns.begin({
      ...of('1'),
      work: async (emit) => {
        emit(delta('a'));
        await Promise.resolve();
        emit(delta('b'));
        return {};
      },
    });

    expect(await Promise.all([textsOf(turn), textsOf(turn)])).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(await textsOf(turn, 1)).toEqual(['b']);
    expect(turns.find('u', '1')).toBe(turn);
    expect(turns.find('somebody else', '1')).toBeUndefined();
    turns.stop();
  });

  it('of one conversation run one after the other, also after one that failed', async () => {
    const order: string[] = [];
    const turns = createTurnRegistry({ keepMs: 1, onFault: () => order.push('fault') });
    const begin = (id: string, fails: boolean) =>
      turns.begin({
        ...of(id),
        work: async () => {
          order.push(`${id} begins`);
          await new Promise(setImmediate);
          order.push(`${id} ends`);
          if (fails) {
            throw new Error('fault');
          }
          return {};
        },
      });
    begin('1', true);
    await textsOf(begin('2', false));

    expect(order.filter((step) => step !== 'fault')).toEqual(['1 begins', '1 ends', '2 begins', '2 ends']);
    expect(order).toContain('fault');
    turns.stop();
  });

  it('are given up when everybody has left, but not while somebody still listens', async () => {
    const turns = registry();
    const turn = turns.begin({
      ...of('1'),
      work: (emit, signal) =>
        new Promise((resolve) => {
          emit(delta('a'));
          signal.addEventListener('abort', () => {
            emit({ kind: 'cancelled' });
            resolve({});
          });
        }),
    });
    const stays = turn.follow();
    const leaves = turn.follow();
    await Promise.all([stays.next(), leaves.next()]);
    await leaves.return();
    const next = stays.next();
    await new Promise(setImmediate);
    expect(await Promise.race([next, Promise.resolve('still at work')])).toBe('still at work');
    turn.cancel();

    expect((await next).value).toEqual({ index: 1, event: { kind: 'cancelled' } });
    turns.stop();
  });

  it('notice that a follower is gone while nothing happens', async () => {
    const turns = registry();
    const givenUp = Promise.withResolvers<string>();
    const turn = turns.begin({
      ...of('1'),
      work: (_emit, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            givenUp.resolve('given up');
            resolve({});
          });
        }),
    });
    const gone = new AbortController();
    const waiting = turn.follow(0, gone.signal).next();
    gone.abort();

    expect((await waiting).done).toBe(true);
    expect(await givenUp.promise).toBe('given up');
    turns.stop();
  });
});
