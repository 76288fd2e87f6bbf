import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { generateTypes } from '../src/generate.ts';
import { createOrreryClient } from '../src/index.ts';

const here = import.meta.dirname;

describe('the typed client', () => {
  it('is as fresh as the OpenAPI document beside it', async () => {
    const written = await readFile(join(here, '../src/schema.ts'), 'utf8');

    const document = await readFile(join(here, '../../../docs/api/openapi.json'), 'utf8');

    expect(await generateTypes(document)).toBe(written);
  }, 30_000);

  it('sends token, language, query and body, and gives data or the problem', async () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      const { authorization, 'accept-language': language } = request.headers;
      seen.push(`${request.method} ${request.url} ${authorization} ${language}`);
      response.statusCode = request.url?.startsWith('/v1/transactions') === true ? 200 : 401;
      response.setHeader('Content-Type', 'application/json');
      response.end(
        response.statusCode === 200
          ? '{"data":[],"page":{"nextCursor":null}}'
          : '{"code":"sign-in-required"}',
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = createOrreryClient({ url, token: () => 'a.b.c', language: 'fr' });

    const listed = await client.GET('/v1/transactions', { params: { query: { limit: 5 } } });
    const refused = await client.GET('/v1/categories');
    server.close();
    server.closeAllConnections();

    expect(listed.data?.data).toEqual([]);
    expect([refused.response.status, refused.error]).toMatchObject([401, { code: 'sign-in-required' }]);
    expect(seen).toEqual([
      'GET /v1/transactions?limit=5 Bearer a.b.c fr',
      'GET /v1/categories Bearer a.b.c fr',
    ]);
  });
});
