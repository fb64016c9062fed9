import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openNpm } from '../../src/registries/npm.ts';
import type { NpmOptions } from '../../src/registries/npm-registry.ts';
import type { Answer, Listener } from '../../src/sandbox/http.ts';
import { listen } from '../../src/sandbox/http.ts';
import type { NpmSandbox } from '../../src/sandbox/npm.ts';
import { startNpm } from '../../src/sandbox/npm.ts';
import { known } from '../../src/verify/fact.ts';
import { later, MINUTE_MS, NOW, SEED } from '../support/builders.ts';
import { anNpmPackage, NPM_PACKAGES } from '../support/pipeline-facts.ts';
import { freePort } from '../support/stand-ins.ts';
import { mutatedJson } from './mutated-json.ts';

const SCOPED = '@joaoh82/sqlrite';

let npm: NpmSandbox;

function ask(name: string = SCOPED, options: Partial<NpmOptions> = {}) {
  return openNpm({
    url: npm.url,
    contact: 'release@example.org',
    version: '0.1.0',
    now: () => NOW,
    ...options,
  }).package(name);
}

function unreachable(...words: string[]) {
  const reason = expect.stringMatching(new RegExp(['npm', ...words].join('.*')));
  return { known: false, obstacle: 'unreachable', reason };
}

beforeEach(async () => {
  npm = await startNpm({ now: () => NOW });
});
afterEach(() => npm.close());

describe('package', () => {
  it.each(NPM_PACKAGES)('returns of %s what the compliant facts have', async (name) => {
    expect(await ask(name)).toEqual(known(anNpmPackage({ name })));
  });

  it('returns that a person published with a token', async () => {
    npm.setPackage(SCOPED, { trustedPublisher: false });
    expect(await ask()).toEqual(known(anNpmPackage({ trustedPublisher: false })));
  });

  it('reads the version that latest points to', async () => {
    npm.setPackage(SCOPED, { version: '0.3.0-rc.1', publishedAt: later(-3 * MINUTE_MS) });
    const fact = await ask();
    expect(fact).toEqual(known(anNpmPackage({ version: '0.3.0-rc.1', publishedAt: later(-3 * MINUTE_MS) })));
  });

  it.each([
    [
      'an object',
      { type: 'git', url: 'https://github.com/joaoh82/rust_sqlite' },
      'https://github.com/joaoh82/rust_sqlite',
    ],
    ['a text', 'github:joaoh82/rust_sqlite', 'github:joaoh82/rust_sqlite'],
    ['absent', undefined, undefined],
    ['empty', '', undefined],
    ['an object without an address', { url: '' }, undefined],
  ])('returns the repository field where it is %s', async (_, repository, repositoryField) => {
    npm.setPackage(SCOPED, { repository });
    expect(await ask()).toEqual(known(anNpmPackage({ repositoryField })));
  });

  describe('when there is nothing', () => {
    it('returns undefined for a package that does not exist', async () => {
      expect(await ask('@joaoh82/nobody-made-this')).toEqual(known(undefined));
    });

    it('returns undefined for one whose versions were all taken back', async () => {
      npm.setPackage(SCOPED, { unpublished: true });
      expect(await ask()).toEqual(known(undefined));
    });

    it('returns no provenance where the version was published without, and does not ask for it', async () => {
      npm.setPackage(SCOPED, { attestations: undefined });
      expect(await ask()).toEqual(known(anNpmPackage({ provenance: known(undefined) })));
      expect(npm.requests).toHaveLength(1);
    });
  });

  describe('when the attestations are named and not served', () => {
    it.each([0, 9 * MINUTE_MS, 10 * MINUTE_MS - 1])(
      'says that they settle, %i ms after the publishing',
      async (age) => {
        npm.setPackage(SCOPED, { attestationsLag: true, publishedAt: later(-age) });
        const fact = await ask();
        expect(fact.known && fact.value?.provenance).toEqual({
          known: false,
          obstacle: 'settling',
          reason: 'npm does not serve the attestations of @joaoh82/sqlrite@0.2.0 yet, published moments ago',
        });
      },
    );

    it('answers unreachable ten minutes after the publishing', async () => {
      npm.setPackage(SCOPED, { attestationsLag: true, publishedAt: later(-10 * MINUTE_MS) });
      const fact = await ask();
      expect(fact.known && fact.value?.provenance).toEqual(unreachable('does not serve them'));
    });
  });

  describe('when npm cannot say', () => {
    it.each([401, 403, 429, 500, 502, 503])('answers unreachable at %i, and asks once', async (status) => {
      npm.fault({ kind: 'status', status, times: 9 });
      expect(await ask()).toEqual(unreachable(`answered ${status}`));
      expect(npm.requests).toHaveLength(1);
    });

    it('keeps what the packument says where only the attestations fail', async () => {
      npm.fault({ kind: 'status', status: 500, path: /attestations/ });
      const provenance = unreachable('answered 500') as never;
      expect(await ask()).toEqual(known(anNpmPackage({ provenance })));
    });

    it.each([
      ['a log-in page', { kind: 'html' }, 'a page of HTML'],
      ['half an answer', { kind: 'truncate' }, 'instead of JSON'],
      ['a cut answer', { kind: 'cut' }, 'broke off'],
      ['an empty one', { kind: 'empty' }, 'instead of JSON'],
      ['a very large one', { kind: 'huge', bytes: 34_000_000 }, 'more than 32 MB'],
      ['a reset', { kind: 'reset' }, 'could not be reached'],
    ] as const)('answers unreachable to %s', async (_, fault, words) => {
      npm.fault(fault);
      expect(await ask()).toEqual(unreachable(words));
    });

    it.each([
      ['nothing comes', { kind: 'hang' }],
      ['the body drips', { kind: 'drip', everyMs: 20 }],
    ] as const)('answers unreachable at the deadline when %s', async (_, fault) => {
      npm.fault(fault);
      expect(await ask(SCOPED, { deadlineMs: 150 })).toEqual(unreachable('did not answer in time'));
    });

    it('answers unreachable to a refused connection', async () => {
      const url = `http://127.0.0.1:${await freePort()}`;
      expect(await ask(SCOPED, { url })).toEqual(unreachable('could not be reached'));
    });

    it('takes no page of HTML for a package that does not exist', async () => {
      const headers = { 'content-type': 'text/html' };
      npm.fault({ kind: 'status', status: 404, headers, body: '<!doctype html><title>Not here</title>' });
      expect(await ask()).toEqual(unreachable('answered 404'));
    });
  });

  describe('when the answer points elsewhere', () => {
    it('follows once within the registry', async () => {
      npm.fault({ kind: 'redirect', to: '/@joaoh82%2fsqlrite', status: 301 });
      expect(await ask()).toEqual(known(anNpmPackage()));
    });

    it('follows no second time', async () => {
      npm.fault({ kind: 'redirect', to: '/@joaoh82%2fsqlrite', times: 9 });
      expect(await ask()).toEqual(unreachable('pointed elsewhere'));
      expect(npm.requests).toHaveLength(2);
    });

    it.each([301, 302, 303, 307, 308] as const)('asks no other host after a %i', async (status) => {
      const elsewhere = await startNpm();
      npm.fault({ kind: 'redirect', to: `${elsewhere.url}/@joaoh82%2fsqlrite`, status });
      expect(await ask()).toEqual(unreachable('pointed elsewhere'));
      expect(elsewhere.requests).toEqual([]);
      await elsewhere.close();
    });
  });

  describe('when the shape is another', () => {
    const whole = (changes: object) => ({
      name: SCOPED,
      'dist-tags': { latest: '1.0.0' },
      time: { '1.0.0': '2026-07-01T08:05:00.000Z' },
      versions: { '1.0.0': { _npmUser: { name: 'ada' }, dist: {} } },
      ...changes,
    });

    it('reads the smallest document that says everything', async () => {
      npm.fault({ kind: 'status', status: 200, body: whole({}) });
      expect(await ask()).toMatchObject({
        known: true,
        value: { version: '1.0.0', trustedPublisher: false },
      });
    });

    it.each([
      ['null', null],
      ['a list', []],
      ['another package', whole({ name: 'sqlrite' })],
      ['no newest version', whole({ 'dist-tags': {} })],
      ['a newest version that is missing', whole({ 'dist-tags': { latest: '2.0.0' } })],
      ['a newest version that only objects inherit', whole({ 'dist-tags': { latest: 'constructor' } })],
      ['no time', whole({ time: {} })],
      ['a day that does not exist', whole({ time: { '1.0.0': '2026-02-30T08:05:00.000Z' } })],
      ['nobody who published', whole({ versions: { '1.0.0': { dist: {} } } })],
      [
        'a repository that is a number',
        whole({ versions: { '1.0.0': { _npmUser: {}, dist: {}, repository: 7 } } }),
      ],
      ['no dist', whole({ versions: { '1.0.0': { _npmUser: {} } } })],
      [
        'attestations without a digest',
        whole({ versions: { '1.0.0': { _npmUser: {}, dist: { attestations: {} } } } }),
      ],
    ])('answers unreachable to %s', async (_, body) => {
      npm.fault({ kind: 'status', status: 200, body });
      expect(await ask()).toEqual(unreachable('in a form that is not known here'));
    });
  });

  describe('when it asks', () => {
    it("escapes the scope's slash alone, in both addresses", async () => {
      await ask();
      expect(npm.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
        'GET /@joaoh82%2fsqlrite',
        'GET /-/npm/v1/attestations/@joaoh82%2fsqlrite@0.2.0',
      ]);
    });

    it('asks for the full document, says who asks, and sends no credentials', async () => {
      await ask();
      for (const { headers } of npm.requests) {
        expect(headers.accept).toBe('application/json');
        expect(headers['user-agent']).toBe('reseal/0.1.0 (release@example.org)');
        expect(headers).not.toHaveProperty('authorization');
        expect(headers).not.toHaveProperty('npm-otp');
      }
    });

    it('takes a registry below a path', async () => {
      const below = await listen({
        now: () => NOW,
        respond: ({ path }) => ({ status: path === '/npm/sqlrite-notes' ? 404 : 500, body: {} }),
        errorBody: () => ({}),
      });
      expect(await ask('sqlrite-notes', { url: `${below.url}/npm` })).toEqual(known(undefined));
      await below.close();
    });
  });
});

describe('the default of the registry', () => {
  it("comes from npm's own library alone", () => {
    const own = ['npm.ts', 'npm-registry.ts', 'npm-provenance.ts'].map((file) =>
      readFileSync(`${import.meta.dirname}/../../src/registries/${file}`, 'utf8'),
    );
    expect(own.join('\n')).not.toMatch(/registry\s*:\s*['"`]|https?:\/\/[a-z.]*npmjs/);
  });
});

describe('300 mutated documents of npm over its client library', () => {
  const PATHS = {
    packument: '/@joaoh82%2fsqlrite',
    attestations: '/-/npm/v1/attestations/@joaoh82%2fsqlrite@0.2.0',
  };
  let mutating: Listener;
  let bodies: Record<string, string>;

  beforeEach(async () => {
    const headers = { 'content-type': 'application/json' };
    const respond = ({ path }: { path: string }): Answer => ({
      status: 200,
      headers,
      body: bodies[path.startsWith('/-/') ? 'attestations' : 'packument'] ?? '',
    });
    mutating = await listen({ now: () => NOW, respond, errorBody: () => ({}) });
  });
  afterEach(() => mutating.close());

  it('end in a fact', async () => {
    const documents: Record<string, unknown> = {};
    for (const [key, path] of Object.entries(PATHS))
      documents[key] = await (await fetch(npm.url + path)).json();
    const whole = Object.fromEntries(Object.keys(PATHS).map((key) => [key, JSON.stringify(documents[key])]));
    const mutated = fc
      .constantFrom(...Object.keys(PATHS))
      .chain((key) => mutatedJson(documents[key]).map((text) => ({ ...whole, [key]: text })));
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(mutated, async (texts) => {
        bodies = texts;
        const fact = await ask(SCOPED, { url: mutating.url });
        for (const one of [fact, fact.known ? fact.value?.provenance : undefined]) {
          if (one === undefined) continue;
          seen.add(one.known ? 'known' : one.obstacle);
          if (!one.known) expect(one.reason).toMatch(/^(npm|the provenance that npm) .{10,250}$/);
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
    expect([...seen].sort()).toEqual(['known', 'unreachable']);
  });
});
