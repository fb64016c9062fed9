import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findKind, KINDS } from '../../src/kinds/catalogue.ts';
import { beyondRules } from '../../src/kinds/lifetime-rules.ts';
import { aDeclaration, knownUntil, NOW } from '../support/builders.ts';
import { cratesIoTokenValue, githubClassicValue, npmTokenValue } from '../support/tokens.ts';
import {
  ecPrivateKey,
  ed25519PrivateKey,
  letters,
  opensshPrivateKey,
  otherValues,
  pem,
  pgpPrivateKey,
  uuid,
  validValue,
} from '../support/values.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const HEX = '0123456789abcdef';
const CAPITALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const MIXED = `${CAPITALS}${CAPITALS.toLowerCase()}0123456789`;

const DATA_KINDS = [
  'gpg-key',
  'ssh-deploy-key',
  'docker-hub-token',
  'vscode-marketplace-token',
  'open-vsx-token',
  'maven-central-token',
  'rubygems-key',
  'hex-key',
  'cloudflare-token',
  'app-store-connect-key',
  'aws-access-key',
];

function check(kind: string, value: Uint8Array): readonly string[] {
  return findKind(kind)?.checkFormat(value) ?? ['there is no such kind'];
}

describe.each(DATA_KINDS)('the kind %s', (id) => {
  it('takes what its issuer makes', () => {
    expect(check(id, validValue(id))).toEqual([]);
  });

  it('takes the other forms of it', () => {
    for (const [what, value] of otherValues(id)) expect([what, check(id, value)]).toEqual([what, []]);
  });

  it('is never asked about on the network', () => {
    expect(findKind(id)?.check).toBeUndefined();
  });
});

const OPENSSH_PUBLIC = `ssh-ed25519 ${randomBytes(51).toString('base64')} deploy`;
const PGP_PUBLIC = pgpPrivateKey().replaceAll('PRIVATE', 'PUBLIC');
const P12 = Buffer.concat([Buffer.from('308203e702010330820300', 'hex'), randomBytes(992)]);
const LEAKED = 'treat it as exposed and revoke it at its issuer';

interface Refusal {
  readonly kind: string;
  readonly what: string;
  readonly value: string | Uint8Array;
  readonly words: string;
}

const LINES: readonly Refusal[] = [
  {
    kind: 'docker-hub-token',
    what: 'one that is cut off',
    value: `dckr_pat_${letters(MIXED, 20)}`,
    words: 'may be cut off',
  },
  {
    kind: 'docker-hub-token',
    what: 'one that was pasted twice',
    value: `dckr_pat_${letters(MIXED, 27)}`.repeat(2),
    words: '27 letters',
  },
  {
    kind: 'docker-hub-token',
    what: 'another issuer’s',
    value: githubClassicValue(),
    words: `this is a GitHub token, not a Docker Hub token: ${LEAKED}`,
  },
  { kind: 'docker-hub-token', what: 'a password', value: 'hunter2hunter2', words: 'or be a password' },
  {
    kind: 'docker-hub-token',
    what: 'a line of a file',
    value: `DOCKERHUB_TOKEN=${letters(MIXED, 30)}`,
    words: 'paste only the token',
  },
  {
    kind: 'vscode-marketplace-token',
    what: 'one that is too short',
    value: letters(MIXED, 51),
    words: '84 letters or digits',
  },
  {
    kind: 'vscode-marketplace-token',
    what: 'one whose mark is in another place',
    value: `${letters(MIXED, 75)}AZDO${letters(MIXED, 5)}`.replace(/AZDO(?=.{4}$)/, 'BZDO'),
    words: 'with "AZDO" before the last four',
  },
  {
    kind: 'vscode-marketplace-token',
    what: 'the one of Open VSX',
    value: `ovsxat_${uuid()}`,
    words: 'this is an Open VSX token, not an Azure DevOps token',
  },
  {
    kind: 'open-vsx-token',
    what: 'a UUID that is cut off',
    value: uuid().slice(0, 35),
    words: '36 characters',
  },
  {
    kind: 'open-vsx-token',
    what: 'the one of the Marketplace',
    value: validValue('vscode-marketplace-token'),
    words: 'this is an Azure DevOps token, not an Open VSX token',
  },
  {
    kind: 'maven-central-token',
    what: 'the username',
    value: letters(MIXED, 8),
    words: 'may be the username',
  },
  {
    kind: 'maven-central-token',
    what: 'the pair as it is',
    value: `${letters(MIXED, 8)}:${letters(MIXED, 44)}`,
    words: 'a colon between them',
  },
  {
    kind: 'maven-central-token',
    what: 'the XML of Maven',
    value: `<server>\n<username>${letters(MIXED, 8)}</username>\n</server>`,
    words: 'between <password> and </password>',
  },
  {
    kind: 'rubygems-key',
    what: 'capitals',
    value: `rubygems_${letters(HEX, 48).toUpperCase()}`,
    words: 'in small letters',
  },
  {
    kind: 'rubygems-key',
    what: 'one digit too few',
    value: `rubygems_${letters(HEX, 47)}`,
    words: '57 characters in all',
  },
  {
    kind: 'rubygems-key',
    what: 'an npm token',
    value: npmTokenValue(),
    words: `this is an npm token, not a RubyGems API key: ${LEAKED}`,
  },
  { kind: 'hex-key', what: 'one digit too many', value: letters(HEX, 33), words: '32 of them alone' },
  {
    kind: 'hex-key',
    what: 'a crates.io token',
    value: cratesIoTokenValue(),
    words: 'this is a crates.io token, not a Hex API key',
  },
  {
    kind: 'cloudflare-token',
    what: 'the key to everything',
    value: `cfk_${letters(MIXED, 40)}${letters(HEX, 8)}`,
    words: 'Global API Key',
  },
  {
    kind: 'cloudflare-token',
    what: 'one without its checksum',
    value: `cfut_${letters(MIXED, 40)}`,
    words: '8 hexadecimal digits',
  },
  {
    kind: 'aws-access-key',
    what: 'the id',
    value: `AKIA${letters(CAPITALS, 16)}`,
    words: 'the id of an access key, which is no secret',
  },
  {
    kind: 'aws-access-key',
    what: 'a temporary one',
    value: `ASIA${letters(CAPITALS, 16)}`,
    words: 'lives for hours and cannot be stored',
  },
  { kind: 'aws-access-key', what: 'a hash', value: letters(HEX, 40), words: '40 hexadecimal digits' },
  {
    kind: 'aws-access-key',
    what: 'one that is cut off',
    value: `${letters(MIXED, 38)}/`,
    words: '40 letters, digits',
  },
  {
    kind: 'aws-access-key',
    what: 'a key in PEM',
    value: ecPrivateKey(),
    words: 'this is a private key (PEM), not an AWS secret access key',
  },
  {
    kind: 'hex-key',
    what: 'a certificate store',
    value: P12,
    words: 'this is a PKCS#12 file (a certificate and its key), not a Hex API key',
  },
];

const KEYS: readonly Refusal[] = [
  {
    kind: 'gpg-key',
    what: 'the public half',
    value: PGP_PUBLIC,
    words: 'this is a public key, and the private one is needed',
  },
  {
    kind: 'gpg-key',
    what: 'bytes',
    value: Buffer.concat([Buffer.of(0x95, 0x02, 0x58), randomBytes(600)]),
    words: 'it is binary, and text is needed: export it with `gpg --armor',
  },
  {
    kind: 'gpg-key',
    what: 'one that a field made a line of',
    value: pgpPrivateKey().replaceAll('\n', ' '),
    words: 'lost its line breaks',
  },
  {
    kind: 'gpg-key',
    what: 'one without its end',
    value: pgpPrivateKey().slice(0, 200),
    words: 'has no END line',
  },
  {
    kind: 'gpg-key',
    what: 'an SSH key',
    value: opensshPrivateKey(),
    words: `this is an SSH private key, not a PGP private key: ${LEAKED}`,
  },
  {
    kind: 'gpg-key',
    what: 'its fingerprint',
    value: letters(HEX, 40).toUpperCase(),
    words: 'there is no private key in it',
  },
  {
    kind: 'gpg-key',
    what: 'a token',
    value: githubClassicValue(),
    words: `this is a GitHub token, not a PGP private key: ${LEAKED}`,
  },
  {
    kind: 'ssh-deploy-key',
    what: 'the public line',
    value: OPENSSH_PUBLIC,
    words: 'this is a public key, and the private one is needed',
  },
  {
    kind: 'ssh-deploy-key',
    what: 'one with a passphrase',
    value: opensshPrivateKey(randomBytes, 'aes256-ctr'),
    words: 'locked by a passphrase, which a workflow cannot type',
  },
  {
    kind: 'ssh-deploy-key',
    what: 'PKCS#8 with a passphrase',
    value: pem('ENCRYPTED PRIVATE KEY', randomBytes(160)),
    words: 'locked by a passphrase',
  },
  {
    kind: 'ssh-deploy-key',
    what: 'a key of PuTTY',
    value: 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n',
    words: 'puttygen',
  },
  {
    kind: 'ssh-deploy-key',
    what: 'text of Windows',
    value: Buffer.from(`\ufeff${opensshPrivateKey()}`, 'utf16le'),
    words: 'UTF-16',
  },
  {
    kind: 'ssh-deploy-key',
    what: 'a certificate store',
    value: P12,
    words: 'it is binary (a PKCS#12 file (a certificate and its key))',
  },
  {
    kind: 'app-store-connect-key',
    what: 'a key of another curve',
    value: ed25519PrivateKey(),
    words: 'EC, P-256',
  },
  {
    kind: 'app-store-connect-key',
    what: 'the older form of such a key',
    value: pem('EC PRIVATE KEY', randomBytes(121)),
    words: 'in another format',
  },
  {
    kind: 'app-store-connect-key',
    what: 'a certificate',
    value: pem('CERTIFICATE', randomBytes(900)),
    words: 'a certificate, which is public',
  },
  {
    kind: 'app-store-connect-key',
    what: 'its id',
    value: letters(CAPITALS, 10),
    words: 'there is no private key in it',
  },
];

describe.each([...LINES, ...KEYS])('the kind $kind', ({ kind, what, value, words }) => {
  it(`refuses ${what}, says why, and repeats nothing of it`, () => {
    const given = Buffer.from(value);
    const [reason, ...more] = check(kind, given);
    expect(reason).toContain(words);
    expect(more).toEqual([]);
    // Its marks are public, what follows them is not.
    const secret = given
      .toString('latin1')
      .replaceAll(/-----[A-Z0-9 ]+-----|<\/?[a-z]+>|PuTTY.*|Encryption.*/g, '');
    expect(reason).not.toContain(secret.slice(-8));
  });
});

describe('keys as other programs make them', () => {
  it('takes what Node writes', () => {
    const ed25519 = generateKeyPairSync('ed25519', {
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const ec = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    expect(check('ssh-deploy-key', bytes(ed25519.privateKey))).toEqual([]);
    expect(check('app-store-connect-key', bytes(ec.privateKey))).toEqual([]);
    expect(check('ssh-deploy-key', bytes(ed25519.publicKey))[0]).toContain('this is a public key');
    expect(check('app-store-connect-key', bytes(ec.publicKey))[0]).toContain('this is a public key');
  });

  it('makes in the tests what Node reads', () => {
    expect(createPrivateKey(ecPrivateKey()).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(createPrivateKey(ed25519PrivateKey()).asymmetricKeyType).toBe('ed25519');
  });
});

describe('what cannot be told apart', () => {
  // A private key in PKCS#8 says neither what it is for nor whose it is, and a secret of AWS is letters without a mark.
  const SHARED: readonly (readonly [string, string])[] = [
    ['app-store-connect-key', 'certificate'],
    ['app-store-connect-key', 'ssh-deploy-key'],
    ['aws-access-key', 'maven-central-token'],
  ];

  it('is nothing else: every other kind refuses a value of one', () => {
    const taken = KINDS.filter(({ id }) => id !== 'certificate' && id !== 'generic').flatMap(({ id }) =>
      KINDS.filter((kind) => kind.id !== id && kind.id !== 'generic')
        .filter((kind) => kind.checkFormat(validValue(id)).length === 0)
        .map((kind) => [id, kind.id] as const),
    );
    expect(taken).toEqual(SHARED);
  });
});

describe('the steps', () => {
  it.each(DATA_KINDS)('of %s name what is declared, and nothing that is not', (id) => {
    const kind = findKind(id);
    const named = kind?.steps(aDeclaration({ nameAtIssuer: 'widgets release' })).join('\n');
    const unnamed = kind?.steps(aDeclaration({ nameAtIssuer: undefined, scopes: [] })).join('\n');
    if (id !== 'maven-central-token') expect(named).toContain('widgets release');
    expect(unnamed).not.toMatch(/undefined|"widgets/);
  });
});

describe('the retirement of tokens for all organizations', () => {
  it('is asked about for a Marketplace token that lives beyond it, whenever that was made', () => {
    const kind = findKind('vscode-marketplace-token');
    if (!kind) throw new Error('there is no such kind');
    const expiry = knownUntil('2027-06-01T00:00:00Z');
    const [beyond] = beyondRules(kind, { expiry, createdAt: new Date('2026-06-02T00:00:00Z') }, NOW);
    expect(beyond?.partial).toBe(true);
    expect(beyond?.text).toContain('tokens for "All accessible organizations"');
    expect(beyond?.endsAt).toEqual(new Date('2026-12-01T00:00:00Z'));
  });
});
