import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { provenanceOf } from '../../src/registries/npm-provenance.ts';
import { readShape } from '../../src/registries/shape.ts';
import type { AttestationsSpec, AttestedVersion } from '../../src/sandbox/npm-attestations.ts';
import { attestationsOf } from '../../src/sandbox/npm-attestations.ts';
import { known } from '../../src/verify/fact.ts';
import { NOW, SEED } from '../support/builders.ts';
import { mutatedJson } from './mutated-json.ts';

const SHA512 = 'ab'.repeat(64);
const INTEGRITY = `sha512-${Buffer.from(SHA512, 'hex').toString('base64')}`;
const VERSION: AttestedVersion = { name: '@acme/widgets', version: '1.2.3', sha512: SHA512 };
const IDENTITY = { repository: 'acme/widgets', workflow: 'release.yml', environment: 'release' };
const PROVENANCE = known(IDENTITY);
const FULCIO = '1.3.6.1.4.1.57264.1';

interface Attested {
  readonly predicateType: string;
  readonly bundle: {
    readonly verificationMaterial: { certificate: { rawBytes: unknown } };
    readonly dsseEnvelope: { payload: unknown };
  };
}

interface Attestations {
  readonly attestations: Attested[];
}

function answer(spec: Partial<AttestationsSpec> = {}, version = VERSION): Attestations {
  return attestationsOf(version, NOW, { identity: IDENTITY, ...spec }) as Attestations;
}

function read(document: unknown, integrity = INTEGRITY) {
  const { name, version } = VERSION;
  return readShape('npm', () => provenanceOf(document, { name, version, integrity }));
}

function withExtension(number: number, text: string | undefined) {
  const extensions = (map: Map<string, string>): void => {
    if (text === undefined) map.delete(`${FULCIO}.${number}`);
    else map.set(`${FULCIO}.${number}`, text);
  };
  return read(answer({ extensions }));
}

function unreachable(words: string) {
  return { known: false, obstacle: 'unreachable', reason: expect.stringContaining(words) };
}

/** The answer with its provenance changed: npm's own record stands before it. */
function changed(change: (provenance: Attested) => void) {
  const document = answer();
  const [, provenance] = document.attestations;
  if (provenance) change(provenance);
  return read(document);
}

describe('provenanceOf', () => {
  it.each(['publish', 'provenance'] as const)(
    "reads the certificate's fields where the %s comes first",
    (first) => {
      expect(read(answer({ first }))).toEqual(PROVENANCE);
    },
  );

  it.each(['v0.2', 'v0.3'] as const)('reads bundles of %s', (bundle) => {
    expect(read(answer({ bundle }))).toEqual(PROVENANCE);
  });

  it('takes one matching digest of several', () => {
    expect(read(answer(), `sha1-AAAA ${INTEGRITY}`)).toEqual(PROVENANCE);
  });

  describe('when there is no provenance', () => {
    it('returns undefined for an empty list', () => {
      expect(read({ attestations: [] })).toEqual(known(undefined));
    });

    it("returns undefined where only npm's own record of the publishing is there", () => {
      expect(read({ attestations: answer().attestations.slice(0, 1) })).toEqual(known(undefined));
    });
  });

  describe('when the certificate names', () => {
    it.each([
      ['no environment, as older ones', undefined],
      ['an empty one', ''],
    ])('%s: returns undefined for it', (_, text) => {
      expect(withExtension(23, text)).toEqual(known({ ...IDENTITY, environment: undefined }));
    });

    it('an environment in other letters: returns them as they are', () => {
      expect(withExtension(23, 'Release Ümlaut')).toEqual(
        known({ ...IDENTITY, environment: 'Release Ümlaut' }),
      );
    });

    it('another workflow: returns its file name', () => {
      const other = 'https://github.com/acme/widgets/.github/workflows/publish all.yaml@refs/tags/v1@2';
      expect(withExtension(18, other)).toEqual(known({ ...IDENTITY, workflow: 'publish all.yaml' }));
    });

    it('a reusable workflow as its signer: returns the one that was started', () => {
      expect(
        withExtension(9, 'https://github.com/other/shared/.github/workflows/lib.yml@refs/heads/main'),
      ).toEqual(PROVENANCE);
    });

    it('a repository of another service: keeps its host', () => {
      const extensions = (map: Map<string, string>): void => {
        map.set(`${FULCIO}.12`, 'https://gitlab.com/acme/widgets');
        map.set(`${FULCIO}.18`, 'https://gitlab.com/acme/widgets//.gitlab-ci.yml@refs/heads/main');
      };
      expect(read(answer({ extensions }))).toEqual(
        known({ repository: 'gitlab.com/acme/widgets', workflow: '.gitlab-ci.yml', environment: 'release' }),
      );
    });

    it.each([
      [12, 'no repository', undefined, 'without its repository'],
      [12, 'an empty repository', '', 'without its repository'],
      [12, 'a repository that is no address', 'acme/widgets', 'without its repository'],
      [18, 'no workflow', undefined, 'without its workflow'],
      [
        18,
        'a workflow of another repository',
        'https://github.com/acme/widgets-2/.github/workflows/release.yml@refs/heads/main',
        'without its workflow',
      ],
      [
        18,
        'a folder as workflow',
        'https://github.com/acme/widgets/.github/workflows/@refs/heads/main',
        'without its workflow',
      ],
      [
        23,
        'an environment that would rewrite a terminal',
        'a\u001b[2J',
        `odd "certificate extension ${FULCIO}.23"`,
      ],
    ])('.1.%i: %s: answers unreachable', (number, _, text, words) => {
      expect(withExtension(number, text)).toEqual(unreachable(words));
    });
  });

  describe('when it is about something else', () => {
    it.each([
      ['another package', { ...VERSION, name: '@acme/gadgets' }],
      ['another version', { ...VERSION, version: '1.2.4' }],
      ['other bytes', { ...VERSION, sha512: 'cd'.repeat(64) }],
      ['no bytes', { ...VERSION, sha512: '' }],
    ])('answers unreachable to %s', (_, subject) => {
      expect(read(answer({ subject }))).toEqual(
        unreachable('the provenance that npm shows for @acme/widgets@1.2.3 is about something else'),
      );
    });

    it.each(['', 'sha1-AAAA', 'sha512-'])(
      'answers unreachable where npm serves the digest "%s"',
      (integrity) => {
        expect(read(answer(), integrity)).toEqual(unreachable('about something else'));
      },
    );

    it('takes no digest of nothing for a match', () => {
      expect(read(answer({ subject: { ...VERSION, sha512: '' } }), 'sha512-')).toEqual(
        unreachable('about something else'),
      );
    });

    it('answers unreachable to two subjects', () => {
      const fact = changed(({ bundle }) => {
        const statement = JSON.parse(Buffer.from(String(bundle.dsseEnvelope.payload), 'base64').toString());
        statement.subject.push(statement.subject[0]);
        bundle.dsseEnvelope.payload = Buffer.from(JSON.stringify(statement)).toString('base64');
      });
      expect(fact).toEqual(unreachable('about something else'));
    });

    it('answers unreachable to two provenances', () => {
      const { attestations } = answer();
      expect(read({ attestations: [...attestations, ...attestations] })).toEqual(
        unreachable('several provenances'),
      );
    });
  });

  describe('when it is broken', () => {
    it.each([
      ['nothing', ''],
      ['a number', 7],
      ['no certificate', Buffer.from('not a certificate').toString('base64')],
      ['an empty sequence', 'MAA='],
      ['a very large one', Buffer.alloc(70_000, 0x30).toString('base64')],
    ])('answers unreachable to a certificate of %s', (_, rawBytes) => {
      const fact = changed(({ bundle }) => {
        bundle.verificationMaterial.certificate.rawBytes = rawBytes;
      });
      expect(fact).toEqual(unreachable('certificate'));
    });

    it.each([
      ['nothing', ''],
      ['no JSON', 'AAAA'],
      ['a list', 'W10='],
      ['a number', 7],
    ])('answers unreachable to a payload of %s', (_, payload) => {
      const fact = changed(({ bundle }) => {
        bundle.dsseEnvelope.payload = payload;
      });
      expect(fact).toEqual(unreachable('no "dsseEnvelope.payload"'));
    });

    it('answers unreachable to an extension that is no UTF8String', () => {
      const fact = changed(({ bundle }) => {
        const { certificate } = bundle.verificationMaterial;
        const der = Buffer.from(String(certificate.rawBytes), 'base64');
        // The tag before the text of .1.23, whose last bytes are its length and itself.
        const at = der.indexOf(Buffer.from('\u000c\u0007release'));
        der[at] = 0x13;
        certificate.rawBytes = der.toString('base64');
      });
      expect(fact).toEqual(unreachable(`a certificate extension ${FULCIO}.23 that is no text`));
    });

    it.each([
      [null],
      [[]],
      [{}],
      [{ attestations: {} }],
      [{ attestations: [null] }],
      [{ attestations: [{}] }],
    ])('answers unreachable to %j', (document) => {
      expect(read(document)).toEqual(unreachable('in a form that is not known here'));
    });
  });
});

describe('5,000 mutated attestations', () => {
  const document = answer();

  it('end in a fact', () => {
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(mutatedJson(document).filter(isJson), (text) => {
        const fact = read(JSON.parse(text));
        seen.add(fact.known);
        if (!fact.known) expect(fact.reason).toMatch(/npm .{10,200}/);
      }),
      { seed: SEED, numRuns: 5_000 },
    );
    expect([...seen].sort()).toEqual([false, true]);
  });

  it('end in a fact where the statement is mutated', () => {
    const statement: unknown = JSON.parse(
      Buffer.from(String(document.attestations[1]?.bundle.dsseEnvelope.payload), 'base64').toString(),
    );
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(mutatedJson(statement), (text) => {
        const fact = changed(({ bundle }) => {
          bundle.dsseEnvelope.payload = Buffer.from(text).toString('base64');
        });
        seen.add(fact.known);
      }),
      { seed: SEED, numRuns: 1_000 },
    );
    expect([...seen].sort()).toEqual([false, true]);
  });

  it('end in a fact where bytes of the certificate are others, cut off or added', () => {
    const der = Buffer.from(
      String(document.attestations[1]?.bundle.verificationMaterial.certificate.rawBytes),
      'base64',
    );
    const copy = answer();
    const flips = fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(flips, fc.nat(40), (bytes, kept) => {
        const mutated = Buffer.from(der);
        for (const [at, to] of bytes) mutated[at] = to;
        const sent = kept < 35 ? mutated : mutated.subarray(0, der.length - kept);
        const provenance = copy.attestations[1];
        if (provenance) provenance.bundle.verificationMaterial.certificate.rawBytes = sent.toString('base64');
        const fact = read(copy);
        seen.add(fact.known);
        if (fact.known && fact.value) expect(fact.value.workflow).not.toMatch(/\/|^$/);
      }),
      { seed: SEED, numRuns: 5_000 },
    );
    expect([...seen].sort()).toEqual([false, true]);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
