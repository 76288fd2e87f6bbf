import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { localOrigins, requireFreePort } from './settings.ts';

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

describe('the port of the gateway', () => {
  it('is asked for before anything starts, and stays free when it was', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      await expect(requireFreePort(port, 'PORT')).rejects.toThrow(
        `Port ${String(port)} is taken. Set PORT to a free port; 0 picks one.`,
      );
    } finally {
      other.close();
      await once(other, 'close');
    }
    await requireFreePort(port, 'PORT');
    await requireFreePort(port, 'PORT');
  });
});
