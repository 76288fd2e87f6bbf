# One recipe for the gateway, every service and the sandboxes:
#   docker build -f infra/docker/service.Dockerfile --build-arg SERVICE=services/insights -t orrery/insights .
# Type stripping does not apply inside node_modules, so workspace packages stay folders of the workspace.
FROM node:24.21.0-bookworm-slim AS build
ARG SERVICE
WORKDIR /app
RUN npm install --global --loglevel=error pnpm@12.21.0
COPY . .
RUN node infra/docker/keep-only.mjs ${SERVICE}
RUN --mount=type=cache,id=pnpm,target=/pnpm/store pnpm install --frozen-lockfile --prod --ignore-scripts --store-dir=/pnpm/store

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production \
    NODE_OPTIONS="--disable-proto=delete --disable-warning=ExperimentalWarning" \
    HOST=0.0.0.0 \
    PORT=8080 \
    METRICS_PORT=9090
WORKDIR /app
COPY --from=build --chown=root:root /app /app
USER 10001:10001
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
  CMD ["node", "infra/docker/check-health.mjs"]
CMD ["node", "run/src/main.ts"]
