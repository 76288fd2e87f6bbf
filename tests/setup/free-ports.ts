import { once } from 'node:events';
import { type Server, createServer } from 'node:net';

/**
 * Ports of the loopback address that nobody listens on now; held together so that they differ.
 * @param count how many
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  for (let made = 0; made < count; made += 1) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
  }
  const ports = servers.map((server) => {
    const address = server.address();
    return address === null || typeof address === 'string' ? 0 : address.port;
  });
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return ports;
}
