import type { Json } from './merge-openapi.ts';

const answer = (
  operationId: string,
  summary: string,
  statuses: Record<string, string>,
  type = 'application/json',
): Json => ({
  get: {
    operationId,
    summary,
    tags: ['Gateway'],
    security: [],
    responses: Object.fromEntries(
      Object.entries(statuses).map(([status, description]) => [
        status,
        {
          description,
          content: { [type]: { schema: { type: type === 'text/html' ? 'string' : 'object' } } },
        },
      ]),
    ),
  },
});

/** The gateway's own pages as OpenAPI paths. */
export const ownPaths: Json = {
  '/': answer('readBanner', 'That it runs, and which version; a browser is sent to /docs', {
    200: 'It runs',
  }),
  '/health': answer('readHealth', 'Whether the gateway serves', { 200: 'It serves' }),
  '/healthz': answer(
    'readHealthz',
    'Whether the shopper analysis and its secret exist, in the words of the customer analysis service',
    { 200: 'They do', 500: 'Some do not; `details` names them' },
  ),
  '/readyz': answer(
    'readReadiness',
    'Whether every service behind it can serve and shoppers can be analysed',
    {
      200: 'All can',
      503: 'Some cannot; `details` names them',
    },
  ),
  '/docs': answer('readDocs', 'This document, to read and try', { 200: 'A page' }, 'text/html'),
  '/redoc': answer('readRedoc', 'This document, to read', { 200: 'A page' }, 'text/html'),
  '/openapi.json': answer('readOpenapi', 'This document', { 200: 'OpenAPI 3.1' }),
  '/asyncapi.json': answer('readAsyncapi', 'The events between the services', { 200: 'AsyncAPI 3' }),
};
