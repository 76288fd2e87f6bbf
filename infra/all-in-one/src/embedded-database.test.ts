import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startEmbeddedDatabase } from './embedded-database.ts';

test('a port in use is named together with the setting that chooses another', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'orrery-port-'));
  const neighbour = createServer().listen(0, '127.0.0.1');
  await once(neighbour, 'listening');
  const { port } = neighbour.address() as AddressInfo;
  try {
    await expect(startEmbeddedDatabase({ dataDirectory, port })).rejects.toThrow(
      `Port ${String(port)} is taken. Set EMBEDDED_MONGO_PORT to a free port; 0 picks one.`,
    );
  } finally {
    neighbour.close();
    await rm(dataDirectory, { recursive: true, force: true });
  }
});
