import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A service that answers every request with the same small JSON. */
const body = Buffer.from(
  JSON.stringify({ data: Array.from({ length: 8 }, (_v, id) => ({ id, text: 'x'.repeat(60) })) }),
);
const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
  request.resume();
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`);
});
