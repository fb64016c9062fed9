import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PypiOptions } from '../../src/registries/pypi.ts';
import { openPypi } from '../../src/registries/pypi.ts';
import type { PypiFileSpec, PypiSandbox } from '../../src/sandbox/pypi.ts';
import { RELEASE_PUBLISHER, startPypi } from '../../src/sandbox/pypi.ts';
import { known } from '../../src/verify/fact.ts';
import type { PypiFile } from '../../src/verify/facts.ts';
import { later, MINUTE_MS, NOW, SEED } from '../support/builders.ts';
import { aPypiProject } from '../support/pipeline-facts.ts';
import { freePort } from '../support/stand-ins.ts';
import { mutatedJson } from './mutated-json.ts';

const SDIST = 'sqlrite-0.2.0.tar.gz';
const PROVENANCE = /^\/integrity\//;

let pypi: PypiSandbox;

function ask(name = 'sqlrite', options: Partial<PypiOptions> = {}) {
  return openPypi({
    url: pypi.url,
    contact: 'release@example.org',
    version: '0.1.0',
    fetch: globalThis.fetch,
    now: () => NOW,
    ...options,
  }).project(name);
}

async function publishers(): Promise<readonly PypiFile['publisher'][]> {
  const fact = await ask();
  return fact.known ? (fact.value?.files.map(({ publisher }) => publisher) ?? []) : [];
}

function unreachable(...words: string[]) {
  const reason = expect.stringMatching(new RegExp(['PyPI', ...words].join('.*')));
  return { known: false, obstacle: 'unreachable', reason };
}

/** A release of one file. */
function release(file: Partial<PypiFileSpec>): void {
  pypi.setProject('sqlrite', { files: [{ file: SDIST, publishers: [RELEASE_PUBLISHER], ...file }] });
}

beforeEach(async () => {
  pypi = await startPypi({ now: () => NOW });
});
afterEach(() => pypi.close());

describe('project', () => {
  it('returns the newest release with the publisher of each file, as the compliant facts have it', async () => {
    expect(await ask()).toEqual(known(aPypiProject()));
  });

  it.each(['SQLrite', 'SqlRite'])('finds it under another spelling: %s', async (name) => {
    expect(await ask(name)).toEqual(known(aPypiProject()));
  });

  it('asks under the normalized name, and returns the name as PyPI writes it', async () => {
    pypi.setProject('Rust_SQL.ite');
    expect(await ask('rust.sql_ITE')).toMatchObject({ known: true, value: { name: 'Rust_SQL.ite' } });
    expect(pypi.requests[0]?.path).toBe('/pypi/rust-sql-ite/json');
  });

  it('returns when the first file came', async () => {
    const files = [
      { file: 'a.whl', uploadedAt: later(-2 * MINUTE_MS), publishers: [RELEASE_PUBLISHER] },
      { file: 'b.whl', uploadedAt: later(-5 * MINUTE_MS), publishers: [RELEASE_PUBLISHER] },
    ];
    pypi.setProject('sqlrite', { files });
    expect(await ask()).toMatchObject({ value: { publishedAt: later(-5 * MINUTE_MS) } });
  });

  describe('when there is nothing', () => {
    it('returns undefined for a project that does not exist', async () => {
      expect(await ask('nobody-made-this')).toEqual(known(undefined));
    });

    it('returns undefined for one whose newest release has no file', async () => {
      pypi.setProject('sqlrite', { files: [] });
      expect(await ask()).toEqual(known(undefined));
    });

    it('returns no publisher of a file without attestations', async () => {
      release({ publishers: undefined });
      expect(await publishers()).toEqual([known(undefined)]);
    });

    it('returns none of a file whose attestations are an empty list', async () => {
      release({ publishers: [] });
      expect(await publishers()).toEqual([known(undefined)]);
    });
  });

  describe('when the publisher is another', () => {
    const base = { kind: 'GitHub', repository: 'joaoh82/rust_sqlite', workflow: 'release.yml' };

    it.each([
      ['no environment, as null', { ...base, environment: null }, { ...base, environment: undefined }],
      ['no environment, as an empty text', { ...base, environment: '' }, { ...base, environment: undefined }],
      ['no environment at all', base, { ...base, environment: undefined }],
      [
        'GitLab',
        {
          kind: 'GitLab',
          repository: 'acme/widgets',
          workflow_filepath: '.gitlab-ci.yml',
          environment: 'release',
        },
        { kind: 'GitLab', repository: 'acme/widgets', workflow: '.gitlab-ci.yml', environment: 'release' },
      ],
      [
        'Google',
        { kind: 'Google', email: 'robot@example.org' },
        { kind: 'Google', repository: '', workflow: '', environment: undefined },
      ],
    ])('returns %s', async (_, written, publisher) => {
      release({ publishers: [written] });
      expect(await publishers()).toEqual([known(publisher)]);
    });

    it('returns one that is named twice', async () => {
      release({ publishers: [RELEASE_PUBLISHER, RELEASE_PUBLISHER] });
      expect(await publishers()).toEqual([known({ ...base, environment: 'release' })]);
    });

    it('answers unreachable to two that differ', async () => {
      release({ publishers: [RELEASE_PUBLISHER, { ...RELEASE_PUBLISHER, environment: null }] });
      expect(await publishers()).toEqual([unreachable('several publishers of sqlrite-0.2.0.tar.gz')]);
    });

    it.each([
      ['nobody', {}],
      ['GitHub without a repository', { kind: 'GitHub', workflow: 'release.yml' }],
      ['GitHub without a workflow', { kind: 'GitHub', repository: 'acme/widgets' }],
      ['a workflow that would rewrite a terminal', { ...base, workflow: 'a\u001b[2J' }],
    ])('answers unreachable to %s', async (_, written) => {
      release({ publishers: [written] });
      expect(await publishers()).toEqual([unreachable('in a form that is not known here')]);
    });
  });

  describe('when a file is young', () => {
    it.each([0, 10 * MINUTE_MS - 1])('says that its provenance settles, after %i ms', async (age) => {
      release({ publishers: undefined, uploadedAt: later(-age) });
      const reason = 'PyPI shows no provenance of sqlrite-0.2.0.tar.gz yet, uploaded moments ago';
      expect(await publishers()).toEqual([{ known: false, obstacle: 'settling', reason }]);
    });

    it('returns that it has none ten minutes later', async () => {
      release({ publishers: undefined, uploadedAt: later(-10 * MINUTE_MS) });
      expect(await publishers()).toEqual([known(undefined)]);
    });
  });

  describe('when a release has many files', () => {
    const many = Array.from({ length: 63 }, (_, index) => ({
      file: `sqlrite-0.2.0-${index}.whl`,
      publishers: [RELEASE_PUBLISHER],
    }));

    it('asks for 60 of them, four at once, and says that the others were not looked at', async () => {
      pypi.setProject('sqlrite', { files: many });
      let [under, most] = [0, 0];
      const counting: typeof fetch = async (...call) => {
        under += 1;
        most = Math.max(most, under);
        const response = await fetch(...call);
        under -= 1;
        return response;
      };
      const fact = await ask('sqlrite', { fetch: counting });
      const files = fact.known ? (fact.value?.files ?? []) : [];
      expect(files.map(({ file }) => file)).toEqual(many.map(({ file }) => file));
      expect(files.slice(0, 60).every(({ publisher }) => publisher.known)).toBe(true);
      const beyond = {
        known: false,
        obstacle: 'unreachable',
        reason: 'only the first 60 files of a release on PyPI are looked at',
      };
      expect(files.slice(60).map(({ publisher }) => publisher)).toEqual([beyond, beyond, beyond]);
      expect(most).toBe(4);
      expect(pypi.requests).toHaveLength(61);
    });
  });

  describe('when PyPI cannot say', () => {
    it.each([403, 406, 429, 500, 503])('answers unreachable at %i of the project', async (status) => {
      pypi.fault({ kind: 'status', status });
      expect(await ask()).toEqual(unreachable(`answered ${status}`));
    });

    it('says that attestations are switched off', async () => {
      pypi.disableAttestations(true);
      const off = unreachable('answered 403: it has switched its provenance off for the time being');
      expect(await publishers()).toEqual([off, off]);
    });

    it('says that the form of the provenance is no longer served', async () => {
      pypi.fault({ kind: 'status', status: 406, path: PROVENANCE, times: 2 });
      const gone = unreachable('answered 406: it does not serve version 1 of its integrity API any more');
      expect(await publishers()).toEqual([gone, gone]);
    });

    it.each([
      ['a log-in page', { kind: 'html' }, 'a page of HTML'],
      ['half an answer', { kind: 'truncate' }, 'instead of JSON'],
      ['a cut answer', { kind: 'cut' }, 'broke off'],
      ['an empty one', { kind: 'empty' }, 'instead of JSON'],
      ['a very large one', { kind: 'huge', bytes: 34_000_000 }, 'more than 32 MB'],
      ['a reset', { kind: 'reset' }, 'could not be reached'],
    ] as const)('answers unreachable to %s', async (_, fault, words) => {
      pypi.fault(fault);
      expect(await ask()).toEqual(unreachable(words));
    });

    it.each([
      ['a log-in page', { kind: 'html' }, 'a page of HTML'],
      ['a reset', { kind: 'reset' }, 'could not be reached'],
    ] as const)('leaves the other files standing when one answer is %s', async (_, fault, words) => {
      pypi.fault({ ...fault, path: /tar\.gz/ });
      expect(await publishers()).toEqual([expect.objectContaining({ known: true }), unreachable(words)]);
    });

    it.each([
      ['nothing comes', { kind: 'hang' }],
      ['the body drips', { kind: 'drip', everyMs: 20 }],
    ] as const)('answers unreachable at the deadline when %s', async (_, fault) => {
      pypi.fault(fault);
      expect(await ask('sqlrite', { deadlineMs: 100 })).toEqual(unreachable('did not answer in time'));
    });

    it('answers unreachable to a refused connection', async () => {
      const url = `http://127.0.0.1:${await freePort()}`;
      expect(await ask('sqlrite', { url })).toEqual(unreachable('could not be reached'));
    });

    it('takes no page of HTML for a file without provenance', async () => {
      const headers = { 'content-type': 'text/html; charset=utf-8' };
      pypi.fault({
        kind: 'status',
        status: 404,
        headers,
        body: '<!doctype html>',
        path: PROVENANCE,
        times: 2,
      });
      expect(await publishers()).toEqual([unreachable('answered 404'), unreachable('answered 404')]);
    });

    it('asks no other host', async () => {
      const elsewhere = await startPypi();
      pypi.fault({ kind: 'redirect', to: `${elsewhere.url}/pypi/sqlrite/json` });
      expect(await ask()).toEqual(unreachable('pointed elsewhere'));
      expect(elsewhere.requests).toEqual([]);
      await elsewhere.close();
    });
  });

  describe('when the shape is another', () => {
    const whole = (changes: object) => ({ info: { name: 'sqlrite', version: '1.0' }, urls: [], ...changes });

    it.each([
      ['null', null],
      ['another project', whole({ info: { name: 'other', version: '1.0' } })],
      ['no version', whole({ info: { name: 'sqlrite' } })],
      ['a version that leads elsewhere', whole({ info: { name: 'sqlrite', version: '..' } })],
      ['no files', whole({ urls: undefined })],
      ['a file without a name', whole({ urls: [{ upload_time_iso_8601: '2026-07-01T00:00:00Z' }] })],
      [
        'a file that leads elsewhere',
        whole({ urls: [{ filename: '../x', upload_time_iso_8601: '2026-07-01T00:00:00Z' }] }),
      ],
      ['a file without a time', whole({ urls: [{ filename: 'a.whl' }] })],
    ])('answers unreachable to %s', async (_, body) => {
      pypi.fault({ kind: 'status', status: 200, body });
      expect(await ask()).toEqual(unreachable('in a form that is not known here'));
    });

    it.each([
      ['another version', { version: 2, attestation_bundles: [] }],
      ['no bundles', { version: 1 }],
      ['a bundle without a publisher', { version: 1, attestation_bundles: [{}] }],
    ])('answers unreachable to a provenance with %s', async (_, body) => {
      release({});
      pypi.fault({ kind: 'status', status: 200, path: PROVENANCE, body });
      expect(await publishers()).toEqual([unreachable('in a form that is not known here')]);
    });
  });

  it('asks as documented, says who asks, and sends no credentials', async () => {
    release({});
    await ask();
    expect(pypi.requests.map(({ path, headers }) => [path, headers.accept])).toEqual([
      ['/pypi/sqlrite/json', 'application/json'],
      [`/integrity/sqlrite/0.2.0/${SDIST}/provenance`, 'application/vnd.pypi.integrity.v1+json'],
    ]);
    for (const { headers } of pypi.requests) {
      expect(headers['user-agent']).toBe('reseal/0.1.0 (release@example.org)');
      expect(headers).not.toHaveProperty('authorization');
    }
  });
});

describe('5,000 mutated documents of PyPI', () => {
  it('end in a fact', async () => {
    const paths = ['/pypi/sqlrite/json', `/integrity/sqlrite/0.2.0/${SDIST}/provenance`];
    const documents: unknown[] = [];
    for (const path of paths) documents.push(await (await fetch(pypi.url + path)).json());
    const mutated = fc
      .constantFrom(0, 1)
      .chain((at) => mutatedJson(documents[at]).map((text) => ({ at, text })));
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(mutated, async ({ at, text }) => {
        const answer = async (url: unknown) => {
          const which = String(url).includes('/integrity/') ? 1 : 0;
          return new Response(which === at ? text : JSON.stringify(documents[which]));
        };
        const fact = await ask('sqlrite', { fetch: answer as typeof fetch });
        const files = fact.known ? (fact.value?.files ?? []) : [];
        for (const one of [fact, ...files.map(({ publisher }) => publisher)]) {
          seen.add(one.known ? 'known' : one.obstacle);
          if (!one.known) expect(one.reason).toMatch(/^PyPI .{10,200}$/);
        }
      }),
      { seed: SEED, numRuns: 5_000 },
    );
    expect([...seen].sort()).toEqual(['known', 'unreachable']);
  });
});
