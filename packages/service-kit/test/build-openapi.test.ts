import { describe, expect, it } from '@jest/globals';
import { defineRoute, MoneyText, pageOf, pageQuery } from '@orrery/contracts';
import { z } from 'zod';
import { defineError } from '../src/errors/error-codes.ts';
import { buildOpenApi } from '../src/http/build-openapi.ts';

defineError('thing-sold-out', 409, 'This thing is sold out');

const Thing = z
  .object({ id: z.string(), price: MoneyText, note: z.string().default('') })
  .meta({ id: 'Thing' });

const ListThings = defineRoute({
  method: 'get',
  path: '/v1/things',
  operationId: 'listThings',
  summary: 'Things',
  tag: 'Things',
  audience: 'user',
  query: z.object({ ...pageQuery(), q: z.string().optional().describe('Part of the name') }),
  responses: { 200: pageOf(Thing) },
});
const CreateThing = defineRoute({
  method: 'post',
  path: '/v1/things',
  operationId: 'createThing',
  summary: 'A new thing',
  tag: 'Things',
  audience: 'admin',
  body: Thing,
  responses: { 201: Thing, 204: z.undefined() },
  problems: ['thing-sold-out'],
  idempotent: true,
});
const Upload = defineRoute({
  method: 'post',
  path: '/api/upload/{kind}',
  operationId: 'upload',
  summary: 'Upload',
  tag: 'Things',
  audience: 'public',
  params: z.object({ kind: z.string() }),
  body: z.object({ file: z.string().meta({ format: 'binary' }) }),
  bodyKind: 'multipart',
  errorShape: 'error',
  responses: { 200: { contentType: 'text/csv', description: 'A table' } },
});

const Archive = defineRoute({
  method: 'get',
  path: '/v1/archive',
  operationId: 'archive',
  summary: 'Everything',
  tag: 'Things',
  audience: 'user',
  responses: { 200: { contentType: 'application/json', description: 'An archive, piece by piece' } },
});

describe('the OpenAPI document', () => {
  const document = JSON.parse(
    JSON.stringify(buildOpenApi([ListThings, CreateThing, Upload, Archive], { title: 'T', version: '1' })),
  );

  it('calls a streamed file a binary text, and streamed JSON no text', () => {
    const schemaOf = (path: string, method: string, type: string): unknown =>
      document.paths[path][method].responses[200].content[type].schema;

    expect(schemaOf('/api/upload/{kind}', 'post', 'text/csv')).toEqual({ type: 'string', format: 'binary' });
    expect(schemaOf('/v1/archive', 'get', 'application/json')).toEqual({});
  });

  it('refers to named schemas, which appear once, and to nothing that is not there', () => {
    const text = JSON.stringify(document);
    const references = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);

    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['Money', 'Problem', 'Thing']),
    );
    expect(references.every((name) => document.components.schemas[name ?? ''] !== undefined)).toBe(true);
    expect(text).not.toContain('$defs');
  });

  it('tells input from output: a field with a default may be left out by the sender only', () => {
    const { requestBody, responses } = document.paths['/v1/things'].post;
    const named = (reference: string): { required: string[] } =>
      document.components.schemas[reference.split('/').at(-1) ?? ''];

    expect(named(requestBody.content['application/json'].schema.$ref).required).not.toContain('note');
    expect(named(responses[201].content['application/json'].schema.$ref).required).toContain('note');
    expect(responses[204].content).toBeUndefined();
  });

  it('lists parameters with their limits and the problems that a route declares', () => {
    const { get, post } = document.paths['/v1/things'];

    expect(get.parameters).toContainEqual(
      expect.objectContaining({
        name: 'limit',
        in: 'query',
        required: false,
        schema: expect.objectContaining({ maximum: 500 }),
      }),
    );
    expect(get.security).toEqual([{ bearer: [] }]);
    expect(post.responses[409].description).toContain('`thing-sold-out`');
    expect(post.responses[409].content).toHaveProperty('application/problem+json');
    expect(post.parameters).toContainEqual(
      expect.objectContaining({ name: 'Idempotency-Key', in: 'header' }),
    );
  });

  it('describes uploads, files and legacy errors', () => {
    const { post } = document.paths['/api/upload/{kind}'];

    expect(post.requestBody.content).toHaveProperty('multipart/form-data');
    expect(post.responses[200].content).toHaveProperty('text/csv');
    expect(post.responses[400].content['application/json'].schema).toEqual({
      $ref: '#/components/schemas/PlainError',
    });
    expect(post.security).toEqual([]);
    expect(post.parameters).toEqual([expect.objectContaining({ name: 'kind', in: 'path', required: true })]);
  });
});
