import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EVENTS } from '@orrery/contracts';
import { buildAsyncapi } from '@orrery/messaging';
import { AppError, respondWithProblem } from '@orrery/service-kit';
import express from 'express';
import type { Logger } from 'pino';
import { mergeOpenApi } from './merge-openapi.ts';
import { ownPaths } from './own-paths.ts';
import type { ServiceFacts } from './service-facts.ts';

/** Pages that the gateway answers itself. */
export interface Pages {
  has(path: string): boolean;
  answer(request: IncomingMessage, response: ServerResponse): void;
}

const PATHS: ReadonlySet<string> = new Set([
  '/',
  '/health',
  '/healthz',
  '/readyz',
  '/health/live',
  '/health/ready',
  '/docs',
  '/redoc',
  '/openapi.json',
  '/asyncapi.json',
]);
const ASSETS = '/docs/assets/';
const ASSET_AGE_MS = 24 * 60 * 60_000;

// Both viewers put styles into the page; Redoc starts a worker for its search from a blob.
const PAGE_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; frame-ancestors 'none'";

const page = (title: string, head: string, body: string): string =>
  `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>${head}</head><body style="margin:0">${body}</body></html>
`;

const SWAGGER_PAGE = page(
  'Orrery API',
  `<link rel="stylesheet" href="${ASSETS}swagger-ui.css">`,
  `<div id="swagger"></div><script src="${ASSETS}swagger-ui-bundle.js"></script><script src="${ASSETS}start.js"></script>`,
);
const SWAGGER_START =
  "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger', deepLinking: true, persistAuthorization: true, tryItOutEnabled: true, displayRequestDuration: true });\n";
const REDOC_PAGE = page(
  'Orrery API reference',
  '',
  `<redoc spec-url="/openapi.json"></redoc><script src="${ASSETS}redoc.standalone.js"></script>`,
);

const withoutSlash = (path: string): string => (path === '/' ? path : path.replace(/\/$/, ''));

const wantsPage = ({ headers: { accept } }: IncomingMessage): boolean =>
  (accept ?? '').split(',').some((part) => part.trim().startsWith('text/html'));

/**
 * The gateway's own pages: banner, health, documents and their viewers, all served from this process.
 * @param parts version of the product, what the services say about themselves, settings that are needed and not made,
 *   whether the gateway still takes work, and the log
 */
export function gatewayPages(parts: {
  version: string;
  facts: ServiceFacts;
  missingSettings: readonly string[];
  isDraining: () => boolean;
  logger: Logger;
}): Pages {
  const { version, facts, missingSettings, isDraining, logger } = parts;
  const require = createRequire(import.meta.url);
  const swagger = dirname(require.resolve('swagger-ui-dist/package.json'));
  const redoc = dirname(require.resolve('redoc/package.json'));
  const app = express();
  app.disable('x-powered-by');
  app.set('case sensitive routing', true);
  app.use((_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('Content-Security-Policy', PAGE_POLICY);
    response.setHeader('Referrer-Policy', 'no-referrer');
    next();
  });

  app.get('/', (request, response) => {
    response.vary('Accept');
    if (wantsPage(request)) {
      response.redirect('/docs');
    } else {
      response.json({ status: 'ok', message: 'Orrery is running', version });
    }
  });
  app.get('/health', (_request, response) => {
    response.json({ status: 'ok', message: 'AI service is healthy' });
  });
  app.get('/health/live', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.get('/healthz', async (_request, response) => {
    const analysis = Object.entries(await facts.analysis());
    const missing = [...analysis.flatMap(([name, exists]) => (exists ? [] : [name])), ...missingSettings];
    if (missing.length === 0) {
      response.json({ status: 'ok', details: 'All components are healthy.' });
    } else {
      response.status(500).json({ status: 'error', details: `Missing: ${missing.join(', ')}` });
    }
  });
  const answerReadiness = (response: express.Response, details: Readonly<Record<string, boolean>>): void => {
    const isReady = !isDraining() && Object.values(details).every(Boolean);
    response.status(isReady ? 200 : 503).json({ status: isReady ? 'ready' : 'not ready', details });
  };
  // A gateway that waited for a model could not let anybody in to train it.
  app.get('/health/ready', async (_request, response) => {
    answerReadiness(response, await facts.readiness());
  });
  app.get('/readyz', async (_request, response) => {
    const [services, analysis] = await Promise.all([facts.readiness(), facts.analysis()]);
    answerReadiness(response, { ...services, ...analysis });
  });
  app.get('/openapi.json', async (_request, response) => {
    const info = { title: 'Orrery', version, license: { name: 'MIT', identifier: 'MIT' } };
    response.json(mergeOpenApi(await facts.documents(), info, ownPaths));
  });
  app.get('/asyncapi.json', (_request, response) => {
    response.json(buildAsyncapi(EVENTS, { title: 'Orrery events', version: '1.0.0' }));
  });
  app.get('/docs', (_request, response) => {
    response.type('html').send(SWAGGER_PAGE);
  });
  app.get('/redoc', (_request, response) => {
    response.type('html').send(REDOC_PAGE);
  });
  for (const [name, folder] of [
    ['swagger-ui.css', swagger],
    ['swagger-ui-bundle.js', swagger],
    ['redoc.standalone.js', join(redoc, 'bundles')],
  ] as const) {
    app.get(`${ASSETS}${name}`, (_request, response) => {
      response.sendFile(name, { root: folder, maxAge: ASSET_AGE_MS, cacheControl: true, dotfiles: 'allow' });
    });
  }
  app.get(`${ASSETS}start.js`, (_request, response) => {
    response.type('js').send(SWAGGER_START);
  });
  app.use((request: express.Request, response: express.Response) => {
    const isPage = PATHS.has(withoutSlash(request.path));
    // The details are the words of the Python services, which their clients compare with.
    const refusal = isPage
      ? new AppError('method-not-allowed', { detail: 'Method Not Allowed', headers: { Allow: 'GET, HEAD' } })
      : new AppError('route-not-found', { detail: 'Not Found' });
    respondWithProblem(response, refusal, { requestId: String(response.getHeader('X-Request-ID')), logger });
  });

  return {
    has: (path) => PATHS.has(withoutSlash(path)) || path.startsWith(ASSETS),
    answer: app,
  };
}
