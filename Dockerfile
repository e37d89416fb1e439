# syntax=docker/dockerfile:1
# Two stages: the first builds with all tools, the second holds Node, the service and what it needs at run time.
# Tags here, digests at release: the release workflow resolves both, verifies who signed the base, and builds with what it
# found.
ARG BUILD_IMAGE=node:26-trixie-slim
ARG BASE_IMAGE=gcr.io/distroless/nodejs26-debian13:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# No install script of a dependency is needed, so none may run.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/build.ts
# The image has its own Node; ASN data are packed into dist; maps and types are for readers of the source.
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
    && rm -rf node_modules/node-linux-* node_modules/node-darwin-* node_modules/node-bin-* node_modules/@ip-location-db/asn node_modules/.bin \
    && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' \) -delete \
    && mkdir -p /out/app/envoy /out/usr/lib \
    && cp -R package.json LICENSE NOTICE dist node_modules /out/app/ \
    && cp -R envoy/protos /out/app/envoy/ \
    && chmod -R a+rX,go-w /out \
    && cp -L "/usr/lib/$(uname -m)-linux-gnu/libatomic.so.1" /out/usr/lib/

FROM ${BASE_IMAGE}
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Vigil" \
      org.opencontainers.image.description="Runtime identity for Envoy: an ext_authz service" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Node 26 links against libatomic.so.1. Where the base brings its own, that one is found first.
COPY --from=build --chown=0:0 /out/usr/lib/ /usr/lib/
# Root's, and read-only for the user that runs it.
COPY --from=build --chown=0:0 /out/app/ /app/
WORKDIR /app
# Flags of `vigil serve` (bin/runtime.js). NODE_OPTIONS takes the one that a pod may want otherwise; the other it does not take.
ENV NODE_ENV=production NODE_OPTIONS=--max-semi-space-size=8
USER 65532:65532
# There is no shell. This proves at build time that Node starts on this base and finds all of the service.
RUN ["/nodejs/bin/node", "/app/dist/main.js", "--version"]
EXPOSE 9000 9090
# Drains; a second signal ends it at once.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/nodejs/bin/node", "--heap-growing-percent=80", "/app/dist/main.js"]
CMD ["serve", "--static", "/etc/vigil/static/static.yaml", "--config", "/etc/vigil/dynamic/vigil.yaml"]
