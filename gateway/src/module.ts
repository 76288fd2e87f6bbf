import { defineService } from '@orrery/service-kit';
import { admission } from './admission.ts';
import { gatewayConfig } from './config.ts';
import { edgeListener } from './edge.ts';
import { mainBackendIssuer, supabaseIssuer } from './identity/issuers.ts';
import { accessTokenVerifier } from './identity/verify-access-token.ts';
import { OWN_PAGES, gatewayPages } from './pages.ts';
import { middlewareProxy } from './proxy/express-proxy.ts';
import { fastProxy } from './proxy/fast-proxy.ts';
import { compileRoutes } from './routing/match-route.ts';
import { ROUTES } from './routing/route-table.ts';

const VERSION = '0.1.0';

/** The public edge. */
export const gateway = defineService({
  name: 'gateway',
  version: VERSION,
  config: gatewayConfig,
  calls: [...new Set(ROUTES.map(({ service }) => service))],
  create({ config, logger, addressOf, serviceTokenKeys }) {
    const secrets = [config.JWT_SECRET, config.JWT_SECRET_PREVIOUS].filter((secret) => secret !== undefined);
    const issuers = [mainBackendIssuer(secrets)];
    if (config.SUPABASE_JWT_SECRET !== undefined) {
      issuers.push(supabaseIssuer(config.SUPABASE_JWT_SECRET));
    }
    const proxy = config.GATEWAY_FAST_PATH === 'on' ? fastProxy() : middlewareProxy();
    return Promise.resolve({
      listener: () =>
        edgeListener({
          ownPages: OWN_PAGES,
          pages: gatewayPages({ version: VERSION }),
          admit: admission({ routeOf: compileRoutes(), verifier: accessTokenVerifier(issuers) }),
          proxy,
          addressOf,
          keys: serviceTokenKeys,
          logger,
        }),
      stop: () => proxy.close(),
    });
  },
});
