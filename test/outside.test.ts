import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { World } from '../src/app.ts';
import type { Config } from '../src/config/config.ts';
import { parseConfig } from '../src/config/load.ts';
import { generic } from '../src/kinds/generic.ts';
import type { Kind, LiveCheck } from '../src/kinds/kind.ts';
import { checkHost, openIssuer, openReader, unusualHosts } from '../src/outside.ts';
import type { Sandbox } from '../src/sandbox/sandbox.ts';
import { startSandbox } from '../src/sandbox/sandbox.ts';
import { DESTINATION, daysFromNow, later, NOW } from './support/builders.ts';
import { secretOf, TOKEN, testClock } from './support/stand-ins.ts';

const REGISTRIES = ['crates-io', 'npm', 'github'] as const;
const TOKENS: Readonly<Record<LiveCheck['registry'], string>> = {
  'crates-io': TOKEN,
  npm: `npm_${'aB3dE6gH9'.repeat(4)}`,
  github: `github_pat_${'aB3dE6gH9'.repeat(8)}`,
};
/** What npm's own library asks where nothing is configured. */
const NPM = new URL(createRequire(import.meta.url)('npm-registry-fetch').pickRegistry('npm'));

/** A kind of which nothing matters but how it is checked and read. */
function kindOf(registry: LiveCheck['registry'] | undefined, more: Partial<Kind> = {}): Kind {
  const { read: _read, reader: _reader, ...kind } = generic;
  return { ...kind, check: registry && { registry, proves: 'that it lives' }, ...more };
}

function configOf(text = ''): Config {
  const result = parseConfig(`version: 1\n${text}`);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join());
  return result.config;
}

function worldOf(clock = testClock()): World {
  return {
    ...clock,
    randomBytes: (size) => Buffer.alloc(size, 7),
    fetch: globalThis.fetch,
    env: {},
    actor: 'ada@example',
    host: 'example',
    version: '0.1.0',
  };
}

describe('openIssuer', () => {
  let sandbox: Sandbox;

  const config = () =>
    configOf(`
github: { api-url: "${sandbox.github.apiUrl}" }
registries: { crates-io: { url: "${sandbox.cratesIo.url}" }, npm: { url: "${sandbox.npm.url}" } }
`);

  beforeEach(async () => {
    sandbox = await startSandbox(DESTINATION, later(-1), () => NOW);
  });
  afterEach(() => sandbox.close());

  it('returns nobody for a kind without a live check', async () => {
    expect(await openIssuer(kindOf(undefined), config(), worldOf())).toBeUndefined();
  });

  it.each(REGISTRIES)('asks the configured %s alone, which knows what it accepted', async (registry) => {
    const token = TOKENS[registry];
    sandbox.accept(registry, token, daysFromNow(90));
    const issuer = await openIssuer(kindOf(registry), config(), worldOf());
    expect((await issuer?.check(secretOf(token)))?.verdict).toBe('live');
    const asked = { 'crates-io': sandbox.cratesIo, npm: sandbox.npm, github: sandbox.github };
    const others = REGISTRIES.filter((one) => one !== registry).flatMap((one) => asked[one].requests);
    expect(others).toEqual([]);
    expect(asked[registry].requests.length).toBeGreaterThan(0);
  });

  it('returns the end that GitHub names', async () => {
    sandbox.accept('github', TOKENS.github, daysFromNow(90));
    const issuer = await openIssuer(kindOf('github'), config(), worldOf());
    const expiry = { kind: 'known', at: daysFromNow(90), source: 'observed' };
    expect(await issuer?.check(secretOf(TOKENS.github))).toMatchObject({ expiry });
  });

  it('asks for the scopes of a crates.io token where that is wanted, a second apart', async () => {
    sandbox.accept('crates-io', TOKEN);
    const clock = testClock();
    const scopes = { declared: ['publish-update'], crates: ['sqlrite'] };
    const issuer = await openIssuer(kindOf('crates-io'), config(), worldOf(clock), scopes);
    expect(await issuer?.check(secretOf(TOKEN))).toMatchObject({
      verdict: 'live',
      says: [{ label: 'Scopes', text: expect.stringContaining('has publish-update') }],
    });
    expect(clock.slept.length).toBe(sandbox.cratesIo.requests.length - 1);
  });
});

describe('openReader', () => {
  const reading = { expiry: undefined, says: [], problems: ['none'], warnings: [] };

  it('returns nobody for a kind whose values say nothing of themselves', async () => {
    expect(await openReader(kindOf(undefined), worldOf())).toBeUndefined();
  });

  it('reads with the kind itself where it can', async () => {
    const seen: string[] = [];
    const read = (token: Uint8Array) => {
      seen.push(Buffer.from(token).toString());
      return reading;
    };
    const reader = await openReader(kindOf(undefined, { read }), worldOf());
    expect(await reader?.read(secretOf(TOKEN), undefined)).toBe(reading);
    expect(seen).toEqual([TOKEN]);
  });

  it('reads a certificate with what reads certificates', async () => {
    const reader = await openReader(kindOf(undefined, { reader: 'certificate' }), worldOf());
    const { problems } = (await reader?.read(secretOf('no certificate'), undefined)) ?? reading;
    expect(problems).not.toEqual([]);
    expect(problems).not.toEqual(['none']);
  });
});

describe('checkHost', () => {
  it.each([
    ['crates-io', 'crates.io'],
    ['npm', NPM.host],
    ['github', 'api.github.com'],
  ] as const)("returns %s's public host where nothing is configured", (registry, host) => {
    expect(checkHost({ registry, proves: '' }, configOf())).toBe(host);
  });

  it.each([
    ['crates-io', 'registries: { crates-io: { url: "https://crates.example.org" } }', 'crates.example.org'],
    ['npm', 'registries: { npm: { url: "https://npm.example.org:8443/path" } }', 'npm.example.org:8443'],
    ['github', 'github: { api-url: "https://ghe.example.org/api/v3" }', 'ghe.example.org'],
  ] as const)("returns %s's configured host", (registry, text, host) => {
    expect(checkHost({ registry, proves: '' }, configOf(text))).toBe(host);
  });
});

describe('unusualHosts', () => {
  it.each([...REGISTRIES, undefined])('returns nothing for the public hosts: %s', (registry) => {
    expect(unusualHosts(kindOf(registry), configOf())).toEqual([]);
  });

  it("returns nothing where npm's own registry was written down", () => {
    expect(unusualHosts(kindOf('npm'), configOf(`registries: { npm: { url: "${NPM.origin}" } }`))).toEqual(
      [],
    );
  });

  it('names a host that a token is checked at', () => {
    const config = configOf('registries: { npm: { url: "https://npm.example.org" } }');
    expect(unusualHosts(kindOf('npm'), config)).toEqual([
      `the token is checked at npm.example.org, not at ${NPM.host}`,
    ]);
    expect(unusualHosts(kindOf('github'), config)).toEqual([]);
  });

  it('names an Enterprise Server, also where tokens are only stored there', () => {
    const config = configOf('github: { api-url: "https://ghe.example.org/api/v3" }');
    const stored = "GitHub's API is ghe.example.org, not api.github.com";
    expect(unusualHosts(kindOf('npm'), config)).toEqual([stored]);
    expect(unusualHosts(kindOf('github'), config)).toEqual([
      stored,
      'the token is checked at ghe.example.org, not at api.github.com',
    ]);
  });
});
