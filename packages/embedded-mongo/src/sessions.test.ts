import { Binary } from 'bson';
import { describe, expect, it } from '@jest/globals';
import { newUuid } from './catalog.ts';
import { SESSION_TIMEOUT_MINUTES, sessionIdOf, sessionIdsOf, SessionTable } from './sessions.ts';

describe('SessionTable', () => {
  it('ends sessions that were not used for half an hour', () => {
    const ended: string[] = [];
    const table = new SessionTable((session) => ended.push(session.id));
    table.use('a');
    expect(table.use('a')).toBe(table.use('a'));
    expect(table.expire(Date.now() + (SESSION_TIMEOUT_MINUTES - 1) * 60_000)).toEqual([]);
    expect(table.expire(Date.now() + (SESSION_TIMEOUT_MINUTES + 1) * 60_000)).toEqual(['a']);
    expect(ended).toEqual(['a']);
    table.end('a');
    expect(ended).toEqual(['a']);
  });
});

describe('sessionIdOf', () => {
  it('reads the sixteen bytes of a UUID', () => {
    const id = newUuid();
    expect(Buffer.from(sessionIdOf({ id }), 'latin1')).toEqual(Buffer.from(id.buffer));
    expect(sessionIdsOf([{ id }, { id }])).toHaveLength(2);
    expect(sessionIdsOf('x')).toEqual([]);
  });

  it.each([
    [undefined],
    [5],
    [{}],
    [{ id: 'x' }],
    [{ id: new Binary(Buffer.alloc(16), 0) }],
    [{ id: new Binary(Buffer.alloc(3), 4) }],
  ])('refuses %j', (lsid) => {
    expect(() => sessionIdOf(lsid)).toThrow();
  });
});
