import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/load.ts';

const EXAMPLE = readFileSync(new URL('../../examples/reseal.sqlrite.yaml', import.meta.url), 'utf8');

function configOf(text: string): Config {
  const result = parseConfig(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

const planned = { scopes: [], planned: true, destinations: [], nameAtIssuer: undefined };

const SQLRITE: Config = {
  timezone: 'Europe/Lisbon',
  github: {
    apiUrl: 'https://api.github.com',
    sealTokenFile: '/run/secrets/github_seal_token',
    sealOwner: undefined,
    verifyTokenFile: '/run/secrets/github_verify_token',
    verifyOwner: undefined,
  },
  registries: {
    cratesIo: { url: 'https://crates.io', contact: 'maintainer@example.org' },
    npm: { url: undefined, contact: undefined },
    pypi: { url: 'https://pypi.org', contact: undefined },
  },
  mail: { urlFile: '/run/secrets/smtp_url', from: { name: 'reseal', address: 'reseal@example.org' } },
  form: { bind: '127.0.0.1', port: 8765, publicPort: 8765 },
  web: { bind: '127.0.0.1', port: 8766 },
  owners: [
    { name: 'joao', email: 'joao@example.org' },
    { name: 'backup', email: 'backup@example.org' },
  ],
  webhooks: [],
  reminders: {
    hour: 9,
    escalate: { daysBefore: 7, to: ['backup'] },
    command: 'ssh -t -L 8765:127.0.0.1:8765 release@host.example.org docker compose exec reseal reseal',
    onLostAnswer: 'resend',
    heartbeatUrlFile: '/run/secrets/heartbeat_url',
  },
  credentials: [
    {
      name: 'crates-io',
      kind: 'crates-io-token',
      owner: 'joao',
      purpose: 'publishes the sqlrite crates from release.yml',
      lifetime: '365d',
      nameAtIssuer: 'github-actions-release',
      scopes: ['publish-new', 'publish-update'],
      planned: false,
      destinations: [{ repo: 'joaoh82/rust_sqlite', environment: 'release', secret: 'CRATES_IO_TOKEN' }],
    },
    {
      ...planned,
      name: 'apple-developer-id',
      kind: 'certificate',
      owner: 'joao',
      purpose: 'signs the macOS desktop build',
      lifetime: '5y',
    },
    {
      ...planned,
      name: 'apple-developer-membership',
      kind: 'generic',
      owner: 'joao',
      purpose: 'the yearly membership without which the certificate cannot be renewed',
      lifetime: '1y',
    },
    {
      ...planned,
      name: 'windows-code-signing',
      kind: 'certificate',
      owner: 'joao',
      purpose: 'signs the Windows desktop build',
      lifetime: '460d',
    },
  ],
  pipelines: [
    {
      name: 'rust_sqlite',
      repo: 'joaoh82/rust_sqlite',
      workflow: 'release.yml',
      environment: {
        name: 'release',
        requiredReviewers: ['joaoh82'],
        adminsMayBypass: true,
        waitTimer: 0,
        deploymentBranches: ['main'],
        secrets: ['CRATES_IO_TOKEN'],
      },
      branches: [
        {
          name: 'main',
          pullRequest: true,
          approvals: 1,
          conversationResolution: true,
          adminsMayBypass: true,
          checks: [
            'rust (ubuntu-latest)',
            'rust (macos-latest)',
            'rust (windows-latest)',
            'rust lint',
            'python-sdk (ubuntu-latest)',
            'python-sdk (macos-latest)',
            'python-sdk (windows-latest)',
            'nodejs-sdk (ubuntu-latest)',
            'nodejs-sdk (macos-latest)',
            'nodejs-sdk (windows-latest)',
            'go-sdk (ubuntu-latest)',
            'go-sdk (macos-latest)',
            'wasm-build',
            'desktop-build',
          ],
        },
      ],
      publishers: {
        pypi: ['sqlrite'],
        npm: ['@joaoh82/sqlrite', '@joaoh82/sqlrite-wasm', 'sqlrite-notes'],
        cratesIo: { crates: ['sqlrite'], trustedPublishing: false },
      },
      hygiene: { dependencyUpdates: true, codeowners: false },
    },
  ],
};

describe('parseConfig', () => {
  describe('when given the example', () => {
    it('returns exactly what it declares', () => {
      expect(configOf(EXAMPLE)).toStrictEqual(SQLRITE);
    });

    it('returns the same from a file with Windows line ends and a byte order mark', () => {
      expect(configOf(`\ufeff${EXAMPLE.replaceAll('\n', '\r\n')}`)).toStrictEqual(SQLRITE);
    });

    it('returns what survives JSON', () => {
      expect(JSON.parse(JSON.stringify(configOf(EXAMPLE)))).toEqual(SQLRITE);
    });
  });

  describe("when reseal's own tokens have an owner", () => {
    it('returns it', () => {
      const written =
        'github: { seal: { token-file: /run/seal, owner: ada } }\nowners: { ada: { email: ada@example.org } }';
      expect(configOf(`version: 1\n${written}`).github).toMatchObject({
        sealOwner: 'ada',
        verifyOwner: undefined,
      });
    });
  });

  describe('when only the version is written', () => {
    it('returns every default', () => {
      expect(configOf('version: 1')).toStrictEqual({
        timezone: 'UTC',
        github: {
          apiUrl: 'https://api.github.com',
          sealTokenFile: undefined,
          sealOwner: undefined,
          verifyTokenFile: undefined,
          verifyOwner: undefined,
        },
        registries: {
          cratesIo: { url: 'https://crates.io', contact: undefined },
          npm: { url: undefined, contact: undefined },
          pypi: { url: 'https://pypi.org', contact: undefined },
        },
        mail: undefined,
        form: { bind: '127.0.0.1', port: 8765, publicPort: undefined },
        web: { bind: '127.0.0.1', port: 8766 },
        owners: [],
        webhooks: [],
        reminders: {
          hour: 9,
          escalate: undefined,
          command: 'reseal',
          onLostAnswer: 'resend',
          heartbeatUrlFile: undefined,
        },
        credentials: [],
        pipelines: [],
      });
    });
  });

  describe('when a credential and a pipeline say only what they must', () => {
    const config = configOf(`version: 1
owners: { a: { email: a@example.org }, unused: { email: b@example.org } }
credentials: { constructor: { kind: generic, owner: a } }
pipelines: { p: { repo: a/b, workflow: release.yaml, environment: { name: release }, branches: { release/1.x: {} } } }
`);

    it('returns the credential with nothing assumed', () => {
      expect(config.credentials).toStrictEqual([
        {
          name: 'constructor',
          kind: 'generic',
          owner: 'a',
          purpose: undefined,
          lifetime: undefined,
          nameAtIssuer: undefined,
          scopes: [],
          planned: false,
          destinations: [],
        },
      ]);
    });

    it('returns how it is stored where that is said', () => {
      const encoded = configOf(`version: 1
owners: { a: { email: a@example.org } }
credentials: { certificate: { kind: certificate, owner: a, encoding: base64 } }
`);
      expect(encoded.credentials).toMatchObject([{ name: 'certificate', encoding: 'base64' }]);
    });

    it('returns the pipeline with nothing demanded', () => {
      expect(config.pipelines).toStrictEqual([
        {
          name: 'p',
          repo: 'a/b',
          workflow: 'release.yaml',
          environment: {
            name: 'release',
            requiredReviewers: [],
            adminsMayBypass: undefined,
            waitTimer: 0,
            deploymentBranches: undefined,
            secrets: [],
          },
          branches: [
            {
              name: 'release/1.x',
              pullRequest: false,
              approvals: 0,
              conversationResolution: false,
              adminsMayBypass: undefined,
              checks: [],
            },
          ],
          publishers: { pypi: [], npm: [], cratesIo: undefined },
          hygiene: { dependencyUpdates: undefined, codeowners: undefined },
        },
      ]);
    });
  });

  describe('when webhooks are declared', () => {
    const config = configOf(`version: 1
owners: { a: { email: a@example.org }, b: { email: b@example.org } }
webhooks:
  ops: { url-file: /run/secrets/ops_url }
  chat: { url-file: /run/secrets/chat_url, format: slack, owners: [b] }
`);

    it('returns them in order, as JSON for everybody unless they say otherwise', () => {
      expect(config.webhooks).toStrictEqual([
        { name: 'ops', urlFile: '/run/secrets/ops_url', format: 'json', owners: undefined },
        { name: 'chat', urlFile: '/run/secrets/chat_url', format: 'slack', owners: ['b'] },
      ]);
    });
  });

  describe('when mail is to be held after a lost answer', () => {
    it('returns that', () => {
      const config = configOf('version: 1\nreminders: { on-lost-answer: hold }');
      expect(config.reminders.onLostAnswer).toBe('hold');
    });
  });

  describe('when secret names are in lower case', () => {
    it('returns them as GitHub stores them', () => {
      const config = configOf(`version: 1
owners: { a: { email: a@example.org } }
credentials: { c: { kind: generic, owner: a, destinations: [{ repo: a/b, environment: e, secret: my_token }] } }
pipelines: { p: { repo: a/b, workflow: r.yml, environment: { name: e, secrets: [my_token] } } }
`);
      expect(config.credentials[0]?.destinations[0]?.secret).toBe('MY_TOKEN');
      expect(config.pipelines[0]?.environment.secrets).toEqual(['MY_TOKEN']);
    });
  });

  describe.each([
    ['https://api.github.com/', 'https://api.github.com'],
    ['https://GHE.example.org:443/api/v3//', 'https://ghe.example.org/api/v3'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://127.8.9.1', 'http://127.8.9.1'],
    ['http://[::1]:8080/', 'http://[::1]:8080'],
    ['http://localhost:1', 'http://localhost:1'],
  ])('when the address is %s', (written, expected) => {
    it(`returns ${expected}`, () => {
      expect(configOf(`version: 1\ngithub: { api-url: "${written}" }`).github.apiUrl).toBe(expected);
    });
  });

  describe('when ports are 0 or negative 0', () => {
    it('returns a 0 that survives JSON', () => {
      const { form, web } = configOf(
        'version: 1\nform: { port: -0, bind: "::1" }\nweb: { port: 0, bind: 0.0.0.0 }',
      );
      expect([form.port, web.port]).toStrictEqual([0, 0]);
    });
  });
});
