# The base: Node's Active LTS on Debian stable, without compilers. To pin it to the bytes:
#   docker build --build-arg NODE_IMAGE=docker.io/library/node@sha256:… .
ARG NODE_IMAGE=docker.io/library/node:26-bookworm-slim

# ---- the program: TypeScript and its libraries to a few files, with the development dependencies that never leave this stage
FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tools/build.mjs tools/
COPY src src
RUN node tools/build.mjs

# ---- everything that runs, in one folder: the program, and the one dependency with a native part, less what is never loaded
FROM ${NODE_IMAGE} AS app
WORKDIR /opt/reseal
COPY package.json package-lock.json .npmrc ./
# SQLite's sources and the binaries for other systems; what only compilers, debuggers and readers open.
RUN npm ci --omit=dev --ignore-scripts \
 && rm -rf node_modules/better-sqlite3/deps node_modules/better-sqlite3/src node_modules/node-addon-api package-lock.json .npmrc \
 && find node_modules/better-sqlite3/prebuilds -type f ! -name "linux-$(node -p process.arch).node" -delete \
 && find node_modules -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' \
      -o -iname '*.md' ! -iname 'licen[cs]e*' \) -delete
# The build fails here if something that is loaded was cut away.
RUN node --input-type=module -e "import fs from 'node:fs'; \
      const { dependencies } = JSON.parse(fs.readFileSync('package.json', 'utf8')); \
      for (const name of Object.keys(dependencies)) await import(name); \
      const { default: Database } = await import('better-sqlite3'); new Database(':memory:').close();"
COPY LICENSE ./
COPY migrations migrations
COPY examples examples
COPY schema schema
COPY --from=build /build/dist dist
RUN node dist/main.js --version
# Readable by the user below whatever the umask of the clone was; written by nobody.
RUN chmod -R a+rX,go-w .

# ---- the image
FROM ${NODE_IMAGE}
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="reseal" \
      org.opencontainers.image.description="Keeps release credentials from killing releases." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"

# Package managers have nothing to do here, nor have programs that run with another user's rights.
# The command keeps what it writes to its owner, leaves no core file, and has no debugger to open on a signal.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn* /opt/yarn* \
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
 && printf '%s\n' '#!/bin/sh' 'umask 077' 'ulimit -c 0' \
      'exec node --disable-sigusr1 --report-exclude-env /opt/reseal/dist/main.js "$@"' > /usr/local/bin/reseal \
 && chmod 755 /usr/local/bin/reseal \
 && install -d -o node -g node -m 0700 /var/lib/reseal \
 && install -d -m 0755 /etc/reseal
COPY --from=app /opt/reseal /opt/reseal

ENV NODE_ENV=production \
    RESEAL_CONFIG=/etc/reseal/config.yaml \
    RESEAL_DATA_DIR=/var/lib/reseal
USER node
WORKDIR /var/lib/reseal
VOLUME ["/var/lib/reseal"]
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s --retries=3 CMD ["reseal", "healthcheck"]
ENTRYPOINT ["reseal"]
CMD ["daemon"]
