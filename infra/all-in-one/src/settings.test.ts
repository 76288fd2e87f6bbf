import { describe, expect, it } from '@jest/globals';
import { localOrigins } from './settings.ts';

describe('web apps that may call a local installation', () => {
  it('are those on this machine when no setting names any', () => {
    expect(localOrigins({ CORS_ORIGINS: '' })).toEqual({
      ALLOWED_HOST_ORIGINS: 'http://localhost:3000,http://127.0.0.1:3000',
    });
  });

  it.each([
    { CORS_ORIGINS: 'https://app.test' },
    { ALLOWED_HOST_ORIGINS: 'https://app.test' },
    { NODE_ENV: 'production' },
  ])('are only those of the settings with %j', (env) => {
    expect(localOrigins(env)).toEqual({});
  });
});
