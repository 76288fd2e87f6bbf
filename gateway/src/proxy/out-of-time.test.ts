import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { outOfTime } from './fast-proxy.ts';

const requestWith = (facts: { length?: string; complete: boolean }): IncomingMessage => {
  const request = new IncomingMessage(new Socket());
  request.complete = facts.complete;
  if (facts.length !== undefined) {
    request.headers['content-length'] = facts.length;
  }
  return request;
};

describe('the end of the time of an exchange', () => {
  it('is the fault of a client whose body has not come in', () => {
    expect(outOfTime(requestWith({ length: '100', complete: false }))).toMatchObject({
      code: 'request-timeout',
      status: 408,
    });
  });

  it.each([{ length: '100', complete: true }, { complete: false }])(
    'is the fault of the service with the request %j',
    (facts) => {
      expect(outOfTime(requestWith(facts))).toMatchObject({ code: 'deadline-exceeded', status: 503 });
    },
  );
});
