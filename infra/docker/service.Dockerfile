# One recipe for the gateway and every service: docker build --build-arg SERVICE=services/insights .
# Type stripping does not apply inside node_modules, so workspace packages stay folders of the workspace.
FROM node:24.21.0-bookworm-slim AS install
WORKDIR /app
RUN npm install --global --loglevel=error pnpm@12.21.0
COPY . .
RUN pnpm install --frozen-lockfile --prod --ignore-scripts

FROM node:24.21.0-bookworm-slim
ARG SERVICE
ENV NODE_ENV=production \
    NODE_OPTIONS="--disable-proto=delete --disable-warning=ExperimentalWarning" \
    SERVICE=${SERVICE}
WORKDIR /app
COPY --from=install --chown=root:root /app /app
USER 10001:10001
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9090/health/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["sh", "-c", "exec node ${SERVICE}/src/main.ts"]
