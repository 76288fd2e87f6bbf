import { describe, expect, it } from '@jest/globals';
import { createLogger, userDigest } from './logger.ts';
import { redactText } from './redaction.ts';
import { runWithContext } from './request-context.ts';

const CANARY = 'canary-7f3a';

const logged = (write: (logger: ReturnType<typeof createLogger>) => void): string => {
  const lines: string[] = [];
  write(createLogger('insights', 'debug', { write: (line) => void lines.push(line) }));
  return lines.join('');
};

describe('the log', () => {
  it.each([
    { password: CANARY },
    { user: { email: CANARY } },
    { request: { headers: { authorization: CANARY, cookie: CANARY, 'x-service-token': CANARY } } },
    { item: { accessToken: CANARY, access_token: CANARY, publicToken: CANARY } },
    { body: { amount: CANARY } },
  ])('never shows a secret wherever it stands: %j', (fields) => {
    expect(logged((logger) => logger.info(fields, 'something'))).not.toContain(CANARY);
  });

  it('takes secrets out of the text of errors and of their causes', () => {
    const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl';
    const cause = new Error(`connect failed: mongodb://root:${CANARY}@db/`);
    const error = new Error(`Bearer ${CANARY} and ${token} and access-sandbox-${CANARY}`, { cause });

    const text = logged((logger) => logger.error({ err: error }, 'failed'));

    expect(text).not.toContain(CANARY);
    expect(text).not.toContain(token);
    expect(text).toContain('connect failed');
  });

  it('names the service, request and work at hand, and the user by a digest alone', () => {
    const context = { service: 'insights', requestId: 'r-1', userId: 'u-1', workId: 'w-1' } as const;

    const text = logged((logger) => runWithContext(context, () => logger.info('hello')));

    const { userId, ...named } = context;
    expect(JSON.parse(text)).toMatchObject({
      ...named,
      user: userDigest(userId),
      level: 'info',
      message: 'hello',
    });
    expect(text).not.toContain(userId);
  });

  it('leaves ordinary text alone', () => {
    expect(redactText('row 5 of import 12 at 10:30')).toBe('row 5 of import 12 at 10:30');
  });
});
