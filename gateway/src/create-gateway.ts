import type { IncomingMessage, RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ServiceName, UserStanding } from '@orrery/contracts';
import type { ServiceTokenKeys } from '@orrery/service-kit';
import type { Logger } from 'pino';
import { admission } from './admission.ts';
import { type GatewayConfig, weakSecrets } from './config.ts';
import { crossOrigin } from './cross-origin.ts';
import { type EdgeParts, edgeListener } from './edge.ts';
import { authenticator } from './identity/authenticate.ts';
import { type Issuer, jwksIssuer, mainBackendIssuer, supabaseIssuer } from './identity/issuers.ts';
import { jwksKeys } from './identity/jwks-keys.ts';
import { standingStore } from './identity/standing.ts';
import { accessTokenVerifier } from './identity/verify-access-token.ts';
import { type SharedCounts, rateLimiter } from './limits/rate-limiter.ts';
import { requestLimits } from './limits/request-limits.ts';
import { gatewayPages } from './pages/gateway-pages.ts';
import { serviceFacts } from './pages/service-facts.ts';
import { middlewareProxy } from './proxy/express-proxy.ts';
import { fastProxy } from './proxy/fast-proxy.ts';
import { serviceTokens } from './proxy/service-tokens.ts';
import { upstreams } from './proxy/upstreams.ts';
import { compileRoutes } from './routing/match-route.ts';
import { ROUTES, type RouteRule } from './routing/route-table.ts';
import { socketEdge } from './upgrade/socket-edge.ts';

const EXCHANGE_MS = 1_000;

export interface GatewayParts {
  config: GatewayConfig;
  version: string;
  logger: Logger;
  addressOf(service: ServiceName): string;
  keys: ServiceTokenKeys;
  /** Default: the table of the product. */
  routes?: readonly RouteRule[];
  /** Where replicas add up their counts; without it this one counts alone. */
  sharedCounts?: SharedCounts;
  /** Asks for a user's standing; without it the token alone decides. */
  askStanding?: (userId: string, issuer: string) => Promise<UserStanding>;
  observe?: EdgeParts['observe'];
}

/** The edge, not yet listening. */
export interface Gateway {
  listener: RequestListener;
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Says good-bye to open sockets. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

function issuersOf(config: GatewayConfig, logger: Logger, forget: () => void): Issuer[] {
  const current = config.JWT_SECRET ?? config.SECRET_KEY;
  const secrets = [current, config.JWT_SECRET_PREVIOUS].filter((secret) => secret !== undefined);
  const issuers = [mainBackendIssuer(secrets)];
  if (config.SUPABASE_JWT_SECRET !== undefined) {
    issuers.push(supabaseIssuer(config.SUPABASE_JWT_SECRET));
  }
  for (const settings of config.JWKS_ISSUERS) {
    const keys = jwksKeys({
      url: settings.url,
      onRemoved: forget,
      onFailure: (error) => logger.warn({ err: error, issuer: settings.name }, 'the key set cannot be read'),
    });
    issuers.push(jwksIssuer(settings, keys));
  }
  return issuers;
}

function exchangeRegularly(exchange: () => Promise<void>, logger: Logger): () => void {
  let isDown = false;
  const timer = setInterval(() => {
    exchange().then(
      () => {
        isDown = false;
      },
      (error: unknown) => {
        if (!isDown) {
          logger.warn({ err: error }, 'request counts are not shared for now; each replica counts alone');
        }
        isDown = true;
      },
    );
  }, EXCHANGE_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * Puts the edge together.
 * @param parts settings and what surrounds it
 */
export function createGateway(parts: GatewayParts): Gateway {
  const { config, version, logger, addressOf, keys, routes = ROUTES } = parts;
  for (const { name } of weakSecrets(config)) {
    logger.warn({ setting: name }, 'this secret is short or a sample; use at least 32 random characters');
  }
  const verifier = accessTokenVerifier(issuersOf(config, logger, () => verifier.forget()));
  const standing = parts.askStanding === undefined ? undefined : standingStore(parts.askStanding);
  const signIn = authenticator({
    verifier,
    standing,
    isDisabled: config.DISABLE_AUTH,
  });
  const limiter = rateLimiter(parts.sharedCounts);
  const limits = requestLimits(
    limiter,
    config.RATE_LIMIT
      ? {
          user: config.RATE_LIMIT_USER,
          address: config.RATE_LIMIT_ADDRESS,
          upload: config.RATE_LIMIT_UPLOAD,
          chat: config.RATE_LIMIT_CHAT,
          login: config.RATE_LIMIT_LOGIN,
        }
      : undefined,
  );
  const stopExchange =
    parts.sharedCounts === undefined ? () => undefined : exchangeRegularly(() => limiter.exchange(), logger);

  const routeOf = compileRoutes(routes);
  const origins = crossOrigin([...config.ALLOWED_HOST_ORIGINS, ...config.CORS_ORIGINS]);
  const addresses = upstreams(addressOf, config.GATEWAY_UPSTREAMS);
  const tokens = serviceTokens(keys);
  const proxy = config.GATEWAY_FAST_PATH === 'on' ? fastProxy() : middlewareProxy();
  let isDraining = false;
  const shared = {
    crossOrigin: origins,
    limits,
    upstreams: addresses,
    tokens,
    trustedProxyHops: config.TRUSTED_PROXY_HOPS,
    logger,
  };
  const services = [...new Set(routes.map(({ service }) => service))];
  const sockets = socketEdge({
    ...shared,
    routeOf,
    authenticator: signIn,
    maxSocketsPerUser: config.MAX_SOCKETS_PER_USER,
  });

  return {
    listener: edgeListener({
      ...shared,
      proxy,
      forgetStanding: (userId) => standing?.forget(userId),
      pages: gatewayPages({
        version,
        facts: serviceFacts(services, addressOf, keys),
        // Supabase's tokens are the only ones that the customer analysis contract knows.
        missingSettings:
          config.APP_ENV !== 'local' &&
          services.includes('segmentation') &&
          config.SUPABASE_JWT_SECRET === undefined
            ? ['supabase_secret']
            : [],
        isDraining: () => isDraining,
        logger,
      }),
      admit: admission({ routeOf, authenticator: signIn, limits }),
      observe: parts.observe ?? (() => undefined),
    }),
    onUpgrade: sockets.onUpgrade,
    async drain() {
      isDraining = true;
      await sockets.drain();
    },
    async stop() {
      stopExchange();
      await proxy.close();
    },
  };
}
