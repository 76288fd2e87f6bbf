import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@orrery/testing';
import { openTaskThreads, type TaskThreads, type TaskThreadsOptions } from '../src/index.ts';
import type { tasks } from './specimen.worker.ts';

type Specimen = typeof tasks;
const opened: TaskThreads<Specimen>[] = [];

const open = (options: Omit<TaskThreadsOptions, 'file'> = {}): TaskThreads<Specimen> => {
  const threads = openTaskThreads<Specimen>({
    file: new URL('./specimen.worker.ts', import.meta.url),
    ...options,
  });
  opened.push(threads);
  return threads;
};

afterEach(async () => {
  await Promise.all(opened.splice(0).map((threads) => threads.stop()));
});

describe('task threads', () => {
  it('answer each caller with the result of its own task, in one thread in order', async () => {
    const threads = open();

    expect(await Promise.all(['Ann', 'Bob'].map((name) => threads.run('greet', name)))).toEqual([
      'Hello, Ann',
      'Hello, Bob',
    ]);
    expect(await Promise.all([1, 2, 3].map(() => threads.run('count')))).toEqual([1, 2, 3]);
    expect(await threads.run('later', 1)).toBe(2);
  });

  it('are given their data when they start', async () => {
    expect(await open({ data: { size: 7 } }).run('givenData')).toEqual({ size: 7 });
  });

  it('work at the same time when there are several', async () => {
    const threads = open({ threads: 2 });
    const shared = new SharedArrayBuffer(4);

    expect(await Promise.all([threads.run('meet', shared), threads.run('meet', shared)])).toEqual([
      'met',
      'met',
    ]);
  });

  it('end when they have had no work for a while, and others take their place', async () => {
    const deaths: Error[] = [];
    const threads = open({ idleMs: 20, onDeath: (reason) => deaths.push(reason) });
    expect([await threads.run('count'), await threads.run('count')]).toEqual([1, 2]);

    // A thread counts its own tasks, so that a fresh one begins again.
    await eventually(
      () => threads.run('count'),
      (count) => count === 1,
      { intervalMs: 60 },
    );
    expect(deaths).toEqual([]);
  });

  it('pass the error of a task to its caller alone and stay at work', async () => {
    const threads = open();
    await threads.run('count');

    await expect(threads.run('fail', 'too far')).rejects.toMatchObject({
      code: 'internal',
      cause: { name: 'RangeError', message: 'too far' },
    });
    expect(await threads.run('count')).toBe(2);
  });

  it('refuse what is not plain data, on the way there and on the way back', async () => {
    const threads = open();

    await expect(threads.run('giveFunction')).rejects.toMatchObject({ code: 'internal' });
    await expect(threads.run('greet', (() => 'Ann') as never)).rejects.toMatchObject({ code: 'internal' });
    expect(await threads.run('greet', 'Ann')).toBe('Hello, Ann');
  });

  it('refuse a task that nobody wrote', async () => {
    const threads = openTaskThreads({ file: new URL('./specimen.worker.ts', import.meta.url) });

    await expect(threads.run('toString')).rejects.toMatchObject({ code: 'internal' });
    await threads.stop();
  });

  it('fail the one task they died of, and go on with the waiting ones in a new thread', async () => {
    const deaths: Error[] = [];
    const threads = open({ onDeath: (reason) => deaths.push(reason) });
    await threads.run('count');

    const [died, next] = await Promise.allSettled([threads.run('die'), threads.run('count')]);

    expect(died).toMatchObject({ status: 'rejected', reason: { code: 'unavailable', status: 503 } });
    expect(next).toEqual({ status: 'fulfilled', value: 1 });
    expect(deaths.map(({ message }) => message)).toEqual(['the thread ended with code 3']);
  });

  it('fail every task when the worker file cannot be loaded, without spinning', async () => {
    const deaths: Error[] = [];
    const threads = openTaskThreads<Specimen>({
      file: new URL('./no-such-file.worker.ts', import.meta.url),
      onDeath: (reason) => deaths.push(reason),
    });

    const answers = await Promise.allSettled([threads.run('count'), threads.run('count')]);

    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(deaths).toHaveLength(2);
  });

  it('end a task at the time limit, and go on with the waiting ones', async () => {
    const threads = open({ timeoutMs: 5000 });
    await threads.run('count');

    const [hung, next] = await Promise.allSettled([threads.run('hang'), threads.run('greet', 'Ann')]);

    expect(hung).toMatchObject({ status: 'rejected', reason: { code: 'deadline-exceeded', status: 503 } });
    expect(next).toEqual({ status: 'fulfilled', value: 'Hello, Ann' });
  });

  it('refuse tasks when too many wait', async () => {
    const threads = open({ maxWaiting: 3 });

    const answers = await Promise.allSettled(Array.from({ length: 6 }, () => threads.run('count')));

    expect(answers.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 4 }, () => 'fulfilled'),
      'rejected',
      'rejected',
    ]);
    expect(answers[5]).toMatchObject({ reason: { code: 'unavailable', status: 503 } });
  });

  it('are prepared before the tasks asked for later, and again when they are replaced', async () => {
    const threads = open();
    threads.prepare('useGreeting', 'Hi');
    expect(await threads.run('greet', 'Ann')).toBe('Hi, Ann');

    threads.prepare('useGreeting', 'Welcome');
    expect(await threads.run('greet', 'Ann')).toBe('Welcome, Ann');

    await expect(threads.run('die')).rejects.toMatchObject({ code: 'unavailable' });
    expect(await threads.run('greet', 'Ann')).toBe('Welcome, Ann');
  });

  it('end rather than work unprepared', async () => {
    const deaths: Error[] = [];
    const threads = open({ onDeath: (reason) => deaths.push(reason) });
    threads.prepare('useGreeting', '');

    await expect(threads.run('greet', 'Ann')).rejects.toMatchObject({ code: 'unavailable' });
    expect(deaths[0]).toMatchObject({ cause: { message: 'no greeting' } });

    threads.prepare('useGreeting', 'Hi');
    expect(await threads.run('greet', 'Ann')).toBe('Hi, Ann');
  });

  it('tell running, waiting and later callers when they are stopped', async () => {
    const threads = open();
    const answers = Promise.allSettled([threads.run('hang'), threads.run('count')]);
    await threads.stop();

    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(threads.run('count')).rejects.toMatchObject({ code: 'unavailable' });
  });
});
