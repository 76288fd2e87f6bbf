import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { type Server, createServer } from 'node:net';

// Below the range from which outgoing connections take theirs: between the choice and the use, many are made.
const LOWEST = 15_000;
const HIGHEST = 32_000;

async function listenOn(port: number): Promise<Server | undefined> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}

/**
 * Ports of the loopback address that nobody listens on now; held together so that they differ.
 * @param count how many
 */
export async function freePorts(count: number): Promise<number[]> {
  const held: { port: number; server: Server }[] = [];
  while (held.length < count) {
    const port = randomInt(LOWEST, HIGHEST);
    const server = await listenOn(port);
    if (server !== undefined) {
      held.push({ port, server });
    }
  }
  for (const { server } of held) {
    server.close();
    await once(server, 'close');
  }
  return held.map(({ port }) => port);
}
