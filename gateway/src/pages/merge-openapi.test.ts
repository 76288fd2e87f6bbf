import { describe, expect, it } from '@jest/globals';
import { mergeOpenApi } from './merge-openapi.ts';

const info = { title: 'Orrery', version: '1' };
const operation = (schema: string) => ({
  get: {
    operationId: schema,
    responses: {
      200: { content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } } },
    },
  },
});

describe('the merged document', () => {
  it('has every path of every service, whatever the order', () => {
    const a = {
      service: 'a',
      document: { paths: { '/v1/a': operation('A') }, components: { schemas: { A: { type: 'string' } } } },
    };
    const b = {
      service: 'b',
      document: { paths: { '/v1/b': operation('B') }, components: { schemas: { B: { type: 'string' } } } },
    };

    expect(mergeOpenApi([a, b], info)).toEqual(mergeOpenApi([b, a], info));
    expect(mergeOpenApi([a, b], info)).toMatchObject({
      paths: { '/v1/a': {}, '/v1/b': {} },
      components: { schemas: { A: {}, B: {} } },
    });
  });

  it('joins methods of one path from two services and refuses the same method twice', () => {
    const get = { service: 'a', document: { paths: { '/v1/x': { get: {} } } } };
    const put = { service: 'b', document: { paths: { '/v1/x': { put: {} } } } };

    expect(mergeOpenApi([get, put], info)).toMatchObject({ paths: { '/v1/x': { get: {}, put: {} } } });
    expect(() => mergeOpenApi([get, { ...get, service: 'b' }], info)).toThrow('GET /v1/x');
  });

  it('keeps schemas of one name apart when they differ, references included', () => {
    const document = (type: string, path: string) => ({
      paths: { [path]: operation('Money') },
      components: { schemas: { Money: { type } } },
    });
    const merged = mergeOpenApi(
      [
        { service: 'a', document: document('string', '/v1/a') },
        { service: 'b', document: document('object', '/v1/b') },
        { service: 'c', document: document('string', '/v1/c') },
      ],
      info,
    );

    expect(merged).toMatchObject({
      components: { schemas: { Money: { type: 'string' }, BMoney: { type: 'object' } } },
    });
    expect(JSON.stringify(merged['paths'])).toContain('#/components/schemas/BMoney');
    expect(JSON.stringify((merged['paths'] as Record<string, unknown>)['/v1/c'])).toContain(
      '#/components/schemas/Money',
    );
  });

  it('shows no internal route', () => {
    expect(
      mergeOpenApi([{ service: 'a', document: { paths: { '/internal/x': { get: {} } } } }], info)['paths'],
    ).toEqual({});
  });
});
