import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as allOf } from 'node:stream/consumers';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SERVICES_WITH_USER_DATA } from '@orrery/contracts';
import { serviceTokenKeys } from '@orrery/service-kit';
import { eventually } from '@orrery/testing';
import { createCollectArchives } from '../src/clients/user-data-client.ts';

const ARCHIVE = JSON.stringify({ rows: 'x'.repeat(2_000) });

let server: Server;

beforeAll(async () => {
  server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(ARCHIVE);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

/** Makes the engine clear away what nobody refers to, and run what is to run after that. */
const clearAway = async (): Promise<void> => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let rounds = 0;
  await eventually(
    () => {
      collect();
      rounds += 1;
      return rounds;
    },
    (done) => done >= 10,
  );
};

describe('the archives of all services', () => {
  it('come whole also when they wait for their turn while memory is cleared', async () => {
    const { port } = server.address() as AddressInfo;
    const collect = createCollectArchives({
      addressOf: () => `http://127.0.0.1:${String(port)}`,
      serviceTokenKeys: serviceTokenKeys('a-secret-between-services-of-32-bytes'),
    });

    const archives = await collect('user', 'request', new AbortController().signal);
    await clearAway();

    const texts = await Promise.all(archives.map(({ text }) => allOf(text)));
    expect(texts).toEqual(
      SERVICES_WITH_USER_DATA.filter((service) => service !== 'identity').map(() => ARCHIVE),
    );
  });
});
