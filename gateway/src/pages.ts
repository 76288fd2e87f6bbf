import express, { type Express } from 'express';

/** Paths that `gatewayPages` answers. */
export const OWN_PAGES: ReadonlySet<string> = new Set(['/', '/health', '/healthz']);

/**
 * The gateway's own answers: banner and liveness.
 * @param facts version of the product
 */
export function gatewayPages({ version }: { version: string }): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/', (_request, response) => {
    response.json({ status: 'ok', message: 'Orrery is running', version });
  });
  app.get(['/health', '/healthz'], (_request, response) => {
    response.json({ status: 'ok', message: 'AI service is healthy' });
  });
  return app;
}
