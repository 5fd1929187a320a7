# The service in a container: docker build -t alfresco-downloads-bff .
# How to run it, and its requirements: deploy/README.md.

# Another base, such as the same image in a registry of your own: --build-arg NODE_IMAGE=... It needs Node.js 24 and npm.
# The digest is that of the manifest list, for all platforms.
ARG NODE_IMAGE=node:24.21.0-trixie-slim@sha256:8ec5d7557396cfe32d21c3f9c13072355ceab22b584578ca4bb28af31120cffe

FROM ${NODE_IMAGE} AS base
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json ./
# Without install scripts: one would install Node.js again. Without sandbox/, whose workspace npm skips if it is missing.
RUN npm ci --ignore-scripts
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
# As the user who runs the service: Node.js keeps what it has compiled for one user.
RUN chown 1000:1000 .
USER 1000:1000
RUN npm run build

FROM base
# One arena: those that glibc creates for V8's compiler threads would keep 16 MB (measured) unused. Half of the space that V8 has
# for new objects: the other half would take 50 MB under load, and made no status read cheaper (measured).
ENV NODE_ENV=production HOST=0.0.0.0 MALLOC_ARENA_MAX=1 NODE_OPTIONS=--max-semi-space-size=16
COPY package.json ./
# The packages that scripts/bundle.ts leaves out of the bundle, and what these load.
COPY --from=build /app/node_modules/bcrypt ./node_modules/bcrypt
COPY --from=build /app/node_modules/node-gyp-build ./node_modules/node-gyp-build
COPY --from=build /app/node_modules/passport-http ./node_modules/passport-http
COPY --from=build /app/node_modules/passport-strategy ./node_modules/passport-strategy
COPY --from=build /app/node_modules/swagger-ui-dist ./node_modules/swagger-ui-dist
COPY --from=build /app/dist/main.js ./dist/main.js
COPY --from=build /app/dist/bundle ./dist/bundle
# The default folder of STORE_URL's SQLite file, and the only folder that is written to.
RUN mkdir data && chown 1000:1000 data
VOLUME ["/app/data"]
# The user "node", by number, so that an orchestrator can verify that it is not root.
USER 1000:1000
EXPOSE 3000
# A rejected fetch ends Node.js with 1. The probe does not check Alfresco, for which a restart would not help.
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/health/live').then(({ ok }) => process.exit(ok ? 0 : 1))"]
# No shell in between, so that SIGTERM reaches Node.js.
ENTRYPOINT ["node"]
CMD ["dist/main.js"]
