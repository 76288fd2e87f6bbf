import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aUser, startTestService, type TestReply, type TestService } from '@orrery/testing';
import { IDEMPOTENCY_COLLECTION } from '../src/http/idempotency-key.ts';
import { specimen } from './specimen.ts';

describe('a request with an Idempotency-Key', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService(specimen().module);
  });
  afterAll(() => service.stop());

  const add = (as: ReturnType<typeof aUser>, key: string, json: unknown): Promise<TestReply> =>
    service.call('/v1/notes', { method: 'POST', as, json, headers: { 'idempotency-key': key } });
  const notes = (text: string): Promise<number> => service.mongo.collection('notes').countDocuments({ text });

  it('gets the stored reply the second time and has its effect once', async () => {
    const user = aUser();

    const first = await add(user, 'k', { text: 'once' });
    const second = await add(user, 'k', { text: 'once' });

    expect(first.status).toBe(201);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(second.status).toBe(201);
    expect(second.json).toEqual(first.json);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(await notes('once')).toBe(1);
  });

  it('is refused when the key was used for another body', async () => {
    const user = aUser();
    await add(user, 'k', { text: 'this' });

    const reply = await add(user, 'k', { text: 'that' });

    expect(reply.status).toBe(422);
    expect(reply.json).toMatchObject({ code: 'idempotency-key-reused' });
  });

  it('belongs to its user: the same key of another user is another request', async () => {
    const replies = await Promise.all([
      add(aUser(), 'shared', { text: 'two' }),
      add(aUser(), 'shared', { text: 'two' }),
    ]);

    expect(replies.map(({ status }) => status)).toEqual([201, 201]);
    expect(replies[0]?.json).not.toEqual(replies[1]?.json);
    expect(await notes('two')).toBe(2);
  });

  it('has its effect once when 20 arrive at the same moment; the others replay or are told to wait', async () => {
    const user = aUser();

    const replies = await Promise.all(
      Array.from({ length: 20 }, () => add(user, 'burst', { text: 'burst' })),
    );

    expect(await notes('burst')).toBe(1);
    expect(replies.every(({ status }) => status === 201 || status === 409)).toBe(true);
    expect(replies.filter((reply) => reply.status === 201).length).toBeGreaterThanOrEqual(1);
  });

  it('may be repeated after a refusal by validation, which is not stored', async () => {
    const user = aUser();

    const refused = await add(user, 'fix', { text: '' });
    const accepted = await add(user, 'fix', { text: 'fixed' });

    expect(refused.status).toBe(422);
    expect(accepted.status).toBe(201);
  });

  it('does not double an effect that was committed before the reply was lost', async () => {
    const user = aUser();
    const json = { text: 'lost', dieAfterEffect: true };

    const lost = await add(user, 'lost', json);
    const repeated = await add(user, 'lost', json);

    expect(lost.status).toBe(503);
    expect(repeated.status).toBe(201);
    expect(repeated.headers.get('idempotency-replayed')).toBe('true');
    expect(await notes('lost')).toBe(1);
  });

  it('takes over from a process that died at work', async () => {
    const user = aUser();
    await service.mongo.collection<{ _id: string }>(IDEMPOTENCY_COLLECTION).insertOne({
      _id: `${user.userId}|addNote|dead`,
      owner: 'a process that is gone',
      state: 'in-flight',
      requestHash: null,
      claimedUntil: new Date(Date.now() - 1),
      expiresAt: new Date(Date.now() + 60_000),
    } as never);

    const reply = await add(user, 'dead', { text: 'taken over' });

    expect(reply.status).toBe(201);
  });

  it('is refused with a key that is not visible ASCII of up to 255 characters', async () => {
    expect((await add(aUser(), 'x'.repeat(256), { text: 'a' })).status).toBe(422);
  });

  it('recognises the same upload although every attempt draws a new multipart boundary', async () => {
    const user = aUser();
    const upload = (content: string): Promise<TestReply> => {
      const form = new FormData();
      form.set('file', new Blob([content]), 'rows.csv');
      return service.call('/v1/uploads', {
        method: 'POST',
        as: user,
        body: form,
        headers: { 'idempotency-key': 'up' },
      });
    };

    const first = await upload('a;b\n1;2');
    const same = await upload('a;b\n1;2');
    const other = await upload('a;b\n1;3');

    expect(first.json).toEqual({ uploads: 1 });
    expect(same.json).toEqual({ uploads: 1 });
    expect(same.headers.get('idempotency-replayed')).toBe('true');
    expect(other.status).toBe(422);
  });
});
