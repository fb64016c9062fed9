import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CratesOptions } from '../../src/registries/crates-io-crate.ts';
import { openCrates } from '../../src/registries/crates-io-crate.ts';
import { takeTurns } from '../../src/registries/turns.ts';
import type { CratesIoSandbox } from '../../src/sandbox/crates-io.ts';
import { startCratesIo } from '../../src/sandbox/crates-io.ts';
import type { CrateVersionSpec } from '../../src/sandbox/crates-io-crates.ts';
import { known } from '../../src/verify/fact.ts';
import { NOW, SEED } from '../support/builders.ts';
import { aCrate } from '../support/pipeline-facts.ts';
import { freePort, testClock } from '../support/stand-ins.ts';
import { mutatedJson } from './mutated-json.ts';

let cratesIo: CratesIoSandbox;

function crate(name = 'sqlrite', options: Partial<CratesOptions> = {}) {
  return openCrates({
    url: cratesIo.url,
    contact: 'release@example.org',
    version: '0.1.0',
    fetch: globalThis.fetch,
    turn: async () => undefined,
    ...options,
  }).crate(name);
}

function unreachable(...words: string[]) {
  return {
    known: false,
    obstacle: 'unreachable',
    reason: expect.stringMatching(new RegExp(['crates\\.io', ...words].join('.*'))),
  };
}

/** crates.io answers for the crate alone, once. */
function leaveVersionsOut(): void {
  const body = { crate: { name: 'sqlrite', trustpub_only: false }, versions: null };
  cratesIo.fault({ kind: 'status', status: 200, path: /sqlrite$/, body });
}

beforeEach(async () => {
  cratesIo = await startCratesIo({ now: () => NOW });
});
afterEach(() => cratesIo.close());

describe('crate', () => {
  it('returns the switch and every version, newest first, as the compliant facts have them', async () => {
    expect(await crate()).toEqual(known(aCrate()));
  });

  it('returns the repository whose workflow published a version', async () => {
    const versions = [
      published('1.0.0', { provider: 'github', repository: 'acme/widgets', run_id: '1', sha: 'a' }),
    ];
    cratesIo.setCrate('sqlrite', { trustedPublishingOnly: true, versions });
    expect(await crate()).toEqual(
      known({
        name: 'sqlrite',
        trustedPublishingOnly: true,
        versions: [{ number: '1.0.0', publishedAt: NOW, trustedRepository: 'acme/widgets' }],
      }),
    );
  });

  it.each([
    [{ provider: 'gitlab', project_path: 'acme/widgets', job_id: '1', sha: 'a' }, 'gitlab: acme/widgets'],
    [{ provider: 'other' }, 'other: unnamed'],
  ])('names the service of a publisher that is not GitHub: %o', async (publisher, named) => {
    cratesIo.setCrate('sqlrite', { versions: [published('1.0.0', publisher)] });
    const fact = await crate();
    expect(fact.known && fact.value?.versions[0]?.trustedRepository).toBe(named);
  });

  it('finds a crate under the other spelling of its name', async () => {
    cratesIo.setCrate('sql-rite');
    expect(await crate('SQL_rite')).toMatchObject({ known: true, value: { name: 'sql-rite' } });
  });

  describe('when there is nothing', () => {
    it('returns undefined for a crate that does not exist', async () => {
      expect(await crate('nobody-made-this')).toEqual(known(undefined));
    });

    it('returns undefined for one without versions', async () => {
      cratesIo.setCrate('sqlrite', { versions: [] });
      expect(await crate()).toEqual(known(undefined));
    });
  });

  it('returns every version of a crate with very many', async () => {
    const versions = Array.from({ length: 1_500 }, (_, index) => published(`0.${index}.0`, null, index));
    cratesIo.setCrate('sqlrite', { versions });
    const fact = await crate();
    expect(fact.known && fact.value?.versions).toHaveLength(1_500);
    expect(fact.known && fact.value?.versions[0]?.number).toBe('0.1499.0');
    expect(cratesIo.requests).toHaveLength(1);
  });

  describe('when the versions have to be read in pages', () => {
    beforeEach(leaveVersionsOut);

    it('returns them as if they had come along', async () => {
      expect(await crate()).toEqual(known(aCrate()));
    });

    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => published(`0.${index}.0`, null, -index));

    it.each([99, 100, 101, 250])('follows the pages of %i', async (count) => {
      cratesIo.setCrate('sqlrite', { versions: many(count) });
      const fact = await crate();
      expect(fact.known && fact.value?.versions).toHaveLength(count);
    });

    it('stops after the newest 500', async () => {
      cratesIo.setCrate('sqlrite', { versions: many(700) });
      const fact = await crate();
      expect(fact.known && fact.value?.versions).toHaveLength(500);
      expect(fact.known && fact.value?.versions[0]?.number).toBe('0.0.0');
      expect(cratesIo.requests).toHaveLength(6);
    });

    it.each(['https://example.org/?per_page=1', '//example.org/', '/api/v1/me', '@example.org/'])(
      'goes nowhere else when the next page is said to be %s',
      async (next) => {
        cratesIo.fault({
          kind: 'status',
          status: 200,
          path: /versions/,
          body: { versions: [], meta: { next_page: next } },
        });
        expect(await crate()).toEqual(unreachable('an odd "meta.next_page"'));
        expect(cratesIo.requests).toHaveLength(2);
      },
    );
  });

  describe('when crates.io cannot say', () => {
    describe.each([
      ['the crate', /sqlrite$/],
      ['its versions', /versions$/],
    ])('about %s', (about, path) => {
      beforeEach(() => {
        if (about !== 'the crate') leaveVersionsOut();
      });

      it.each([403, 429, 500, 502, 503])('answers unreachable at %i', async (status) => {
        cratesIo.fault({ kind: 'status', status, path });
        expect(await crate()).toEqual(unreachable(`answered ${status}`));
      });

      it.each([
        ['a log-in page', { kind: 'html' }, 'a page of HTML'],
        ['half an answer', { kind: 'truncate' }, 'instead of JSON'],
        ['a cut answer', { kind: 'cut' }, 'broke off'],
        ['an empty one', { kind: 'empty' }, 'instead of JSON'],
        ['a very large one', { kind: 'huge', bytes: 34_000_000 }, 'more than 32 MB'],
        ['a reset', { kind: 'reset' }, 'could not be reached'],
      ] as const)('answers unreachable to %s', async (_, fault, words) => {
        cratesIo.fault({ ...fault, path });
        expect(await crate()).toEqual(unreachable(words));
      });
    });

    it.each([
      ['nothing comes', { kind: 'hang' }],
      ['the body drips', { kind: 'drip', everyMs: 20 }],
    ] as const)('answers unreachable at the deadline when %s', async (_, fault) => {
      cratesIo.fault(fault);
      expect(await crate('sqlrite', { deadlineMs: 100 })).toEqual(unreachable('did not answer in time'));
    });

    it('answers unreachable to a refused connection', async () => {
      const url = `http://127.0.0.1:${await freePort()}`;
      expect(await crate('sqlrite', { url })).toEqual(unreachable('could not be reached'));
    });

    it('takes no page of HTML for a crate that does not exist', async () => {
      const headers = { 'content-type': 'text/html; charset=utf-8' };
      cratesIo.fault({
        kind: 'status',
        status: 404,
        headers,
        body: '<!doctype html><title>Not here</title>',
      });
      expect(await crate()).toEqual(unreachable('answered 404'));
    });
  });

  describe('when the answer points elsewhere', () => {
    it('follows once within crates.io', async () => {
      cratesIo.fault({ kind: 'redirect', to: '/api/v1/crates/sqlrite', status: 301 });
      expect(await crate()).toEqual(known(aCrate()));
    });

    it('follows no second time', async () => {
      cratesIo.fault({ kind: 'redirect', to: '/api/v1/crates/sqlrite', times: 2 });
      expect(await crate()).toEqual(unreachable('pointed elsewhere'));
    });

    it('asks no other host', async () => {
      const elsewhere = await startCratesIo();
      cratesIo.fault({ kind: 'redirect', to: `${elsewhere.url}/api/v1/crates/sqlrite` });
      expect(await crate()).toEqual(unreachable('pointed elsewhere'));
      expect(elsewhere.requests).toEqual([]);
      await elsewhere.close();
    });
  });

  describe('when the shape is another', () => {
    it.each([
      ['no crate', {}],
      ['a list', []],
      ['null', null],
      ['no name', { crate: { trustpub_only: false } }],
      ['another crate', { crate: { name: 'serde', trustpub_only: false } }],
      ['no switch', { crate: { name: 'sqlrite' } }],
      ['a switch that is a text', { crate: { name: 'sqlrite', trustpub_only: 'false' } }],
      ['a name that would rewrite a terminal', { crate: { name: 'sqlrite\u001b[2J', trustpub_only: false } }],
    ])('answers unreachable to %s', async (_, body) => {
      cratesIo.fault({ kind: 'status', status: 200, body });
      expect(await crate()).toEqual(unreachable('in a form that is not known here'));
    });

    it('does not take a version for one by a token where crates.io says nothing of it', async () => {
      cratesIo.setCrate('sqlrite', { versions: [{ number: '1.0.0', publishedAt: NOW }] });
      expect(await crate()).toEqual(unreachable('no "version.trustpub_data"'));
    });
  });

  describe('when it asks', () => {
    it('says who asks and how to reach them, and sends no credentials', async () => {
      leaveVersionsOut();
      await crate();
      expect(cratesIo.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
        'GET /api/v1/crates/sqlrite',
        'GET /api/v1/crates/sqlrite/versions',
      ]);
      for (const { headers } of cratesIo.requests) {
        expect(headers['user-agent']).toBe('reseal/0.1.0 (release@example.org)');
        expect(headers).not.toHaveProperty('authorization');
        expect(headers).not.toHaveProperty('cookie');
      }
    });

    it('sends at most one request a second, for all crates together', async () => {
      const clock = testClock();
      const turn = takeTurns(clock.now, clock.sleep);
      cratesIo.setCrate('widgets');
      leaveVersionsOut();
      await Promise.all([crate('sqlrite', { turn }), crate('widgets', { turn })]);
      expect(cratesIo.requests).toHaveLength(3);
      expect(clock.slept).toEqual([1_000, 1_000]);
    });
  });
});

describe('5,000 mutated documents of crates.io', () => {
  it('end in a fact', async () => {
    const answers = [
      '/api/v1/crates/sqlrite?include=versions',
      '/api/v1/crates/sqlrite/versions?per_page=100&sort=date',
      '/api/v1/crates/sqlrite?include=',
    ];
    const documents = await Promise.all(
      answers.map(async (path) => (await fetch(`${cratesIo.url}${path}`)).json() as Promise<unknown>),
    );
    const seen = new Set<boolean>();
    const mutated = fc
      .constantFrom(0, 1)
      .chain((at) => mutatedJson(documents[at]).map((text) => ({ at, text })));
    await fc.assert(
      fc.asyncProperty(mutated, async ({ at, text }) => {
        const answer = async (url: unknown) => {
          const page = String(url).includes('/versions?');
          // The versions are asked for only where they did not come along.
          const which = page ? 1 : at === 0 ? 0 : 2;
          return new Response(which === at ? text : JSON.stringify(documents[which]));
        };
        const fact = await crate('sqlrite', { fetch: answer as typeof fetch });
        seen.add(fact.known);
        if (!fact.known) expect(fact.reason).toMatch(/^crates\.io .{10,200}$/);
        else if (fact.value) expect(typeof fact.value.trustedPublishingOnly).toBe('boolean');
      }),
      { seed: SEED, numRuns: 5_000 },
    );
    expect([...seen].sort()).toEqual([false, true]);
  });
});

function published(
  number: string,
  trustedPublisher: CrateVersionSpec['trustedPublisher'],
  minutes = 0,
): CrateVersionSpec {
  return { number, publishedAt: new Date(NOW.getTime() + minutes * 60_000), trustedPublisher };
}
