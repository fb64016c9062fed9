import { asAscii, trimAscii } from './ascii.ts';

/** What a value looks like. */
export interface Recognised {
  /**
   * Id of a kind, or one of these, which are none:
   * - `crates-io-trusted`: a token of trusted publishing, which cannot be stored
   * - `pem`: a private key that several kinds take
   * - `public-key`: the half that is no secret
   * - `other`: of an issuer whose tokens have no kind here
   */
  readonly kind: string;
  /** With its article. */
  readonly what: string;
  /** It has lines of its own, or is no text at all: line breaks are not what is wrong with it. */
  readonly lines?: true;
  /** Nothing about it is secret. */
  readonly open?: true;
}

type Look = Recognised & {
  /** Any of these comes first. */
  readonly begins: readonly string[];
  /** How many characters it has, where that is always the same. */
  readonly length?: number;
  /** What the whole of it is like besides, or its beginning. Tied to where it begins, and looks at every byte once. */
  readonly like?: RegExp;
};

/** What comes after it proves nothing more. */
const HEAD_BYTES = 4096;

/**
 * By the prefixes and marks that issuers give their tokens. Nothing is sent anywhere, and nothing is guessed: 32 hexadecimal digits
 * or a UUID can be anybody's.
 *
 * @param text as `asAscii` makes it
 */
export function recognise(text: string): Recognised | undefined {
  return LOOKS.find(
    ({ begins, length, like }) =>
      (length === undefined || text.length === length) &&
      begins.some((start) => text.startsWith(start)) &&
      (like?.test(text) ?? true),
  );
}

/** The same of bytes that may be no text, such as a PKCS#12 file. Blanks around them do not matter. */
export function recogniseBytes(value: Uint8Array): Recognised | undefined {
  const inner = trimAscii(value);
  // A string could not be wiped: only what begins like one of them becomes one.
  const mayBe = LOOKS.some(
    ({ begins, length }) =>
      (length === undefined || inner.length === length) && begins.some((start) => isAhead(inner, start)),
  );
  return recogniseDer(value) ?? (mayBe ? recognise(asAscii(inner.subarray(0, HEAD_BYTES))) : undefined);
}

function isAhead(bytes: Uint8Array, start: string): boolean {
  for (let at = 0; at < start.length; at++) if (bytes[at] !== start.charCodeAt(at)) return false;
  return true;
}

const TOKENS: readonly Look[] = [
  {
    begins: ['cio_tp_'],
    kind: 'crates-io-trusted',
    what: 'a short-lived crates.io trusted-publishing token',
  },
  { begins: ['cio'], like: /^cio[A-Za-z0-9]{32}$/, kind: 'crates-io-token', what: 'a crates.io token' },
  {
    begins: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'],
    kind: 'github-token',
    what: 'a GitHub token',
  },
  { begins: ['npm_'], kind: 'npm-token', what: 'an npm token' },
  { begins: ['pypi-'], kind: 'pypi-token', what: 'a PyPI token' },
  // NuGetGallery: ApiKeyV5.cs; of the older form, base32 of the two bytes "v4" comes first (ApiKeyV4.cs).
  {
    begins: [''],
    length: 84,
    like: /^[A-Za-z0-9+/]{52}JQQJ99[A-Za-z0-9+/]{18}NUGT[A-Za-z0-9+/]{4}$/,
    kind: 'nuget-key',
    what: 'a NuGet API key',
  },
  { begins: ['oy2'], like: /^oy2[a-p][a-z2-7]{42}$/, kind: 'nuget-key', what: 'a NuGet API key' },
  // learn.microsoft.com, "Azure DevOps personal access token entity definition": the mark stands at 76 of 84.
  {
    begins: [''],
    length: 84,
    like: /^[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}$/,
    kind: 'vscode-marketplace-token',
    what: 'an Azure DevOps token',
  },
  { begins: ['dckr_pat_', 'dckr_oat_'], kind: 'docker-hub-token', what: 'a Docker Hub token' },
  { begins: ['rubygems_'], kind: 'rubygems-key', what: 'a RubyGems API key' },
  { begins: ['hex_'], like: /^hex_[0-9a-f]{40}$/, kind: 'hex-key', what: 'a Hex API key' },
  { begins: ['cfut_', 'cfat_', 'cfk_'], kind: 'cloudflare-token', what: 'a Cloudflare token' },
  { begins: ['ovsxat_', 'ovsxp_'], kind: 'open-vsx-token', what: 'an Open VSX token' },
  {
    begins: ['AKIA', 'ASIA'],
    like: /^[A-Z0-9]{20}$/,
    kind: 'aws-access-key',
    what: 'the id of an AWS access key',
    open: true,
  },
];

const BLOCKS: readonly Look[] = [
  {
    begins: ['-----BEGIN PGP PRIVATE KEY BLOCK-----'],
    kind: 'gpg-key',
    what: 'a PGP private key',
    lines: true,
  },
  {
    begins: ['-----BEGIN PGP PUBLIC KEY BLOCK-----'],
    kind: 'public-key',
    what: 'a PGP public key',
    lines: true,
    open: true,
  },
  {
    begins: ['-----BEGIN OPENSSH PRIVATE KEY-----'],
    kind: 'ssh-deploy-key',
    what: 'an SSH private key',
    lines: true,
  },
  {
    begins: [
      '-----BEGIN CERTIFICATE-----',
      '-----BEGIN X509 CERTIFICATE-----',
      '-----BEGIN TRUSTED CERTIFICATE-----',
    ],
    kind: 'certificate',
    what: 'a certificate',
    lines: true,
    open: true,
  },
  {
    begins: ['-----BEGIN '],
    like: /^-----BEGIN (?:[A-Z0-9]{1,20} )?PUBLIC KEY-----/,
    kind: 'public-key',
    what: 'a public key',
    lines: true,
    open: true,
  },
  // RFC 4716, and the line of OpenSSH (sshd(8), "AUTHORIZED_KEYS FILE FORMAT").
  {
    begins: [
      'ssh-ed25519 ',
      'ssh-rsa ',
      'ssh-dss ',
      'ecdsa-sha2-nistp256 ',
      'ecdsa-sha2-nistp384 ',
      'ecdsa-sha2-nistp521 ',
      'sk-ssh-ed25519@openssh.com ',
      'sk-ecdsa-sha2-nistp256@openssh.com ',
      '---- BEGIN SSH2 PUBLIC KEY ----',
    ],
    kind: 'public-key',
    what: 'an SSH public key',
    lines: true,
    open: true,
  },
  {
    begins: ['-----BEGIN '],
    like: /^-----BEGIN (?:[A-Z0-9]{1,20} ){0,2}PRIVATE KEY-----/,
    kind: 'pem',
    what: 'a private key (PEM)',
    lines: true,
  },
  { begins: ['-----BEGIN '], kind: 'pem', what: 'a PEM block (a key or a certificate)', lines: true },
  // A PKCS#12 file in base64: SEQUENCE, then the version 3, then a SEQUENCE (RFC 7292 §4).
  {
    begins: ['MII'],
    like: /^MII[A-Za-z0-9+/]{3}IBAz[A-Za-z0-9+/]/,
    kind: 'certificate',
    what: 'a PKCS#12 file in base64',
    lines: true,
  },
];

/** Well-known ones of issuers that have no kind here. */
const OTHERS: readonly Look[] = [
  {
    begins: ['glpat-', 'gldt-', 'glrt-', 'glcbt-', 'glptt-', 'glsoat-'],
    kind: 'other',
    what: 'a GitLab token',
  },
  { begins: ['xox'], like: /^xox[abeoprs]-/, kind: 'other', what: 'a Slack token' },
  { begins: ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'], kind: 'other', what: 'a Stripe key' },
  { begins: ['sk-ant-'], kind: 'other', what: 'an Anthropic API key' },
  { begins: ['sk-proj-', 'sk-svcacct-', 'sk-admin-'], kind: 'other', what: 'an OpenAI API key' },
  { begins: ['AIza'], like: /^AIza[A-Za-z0-9_-]{35}$/, kind: 'other', what: 'a Google API key' },
  { begins: ['dop_v1_', 'doo_v1_', 'dor_v1_'], kind: 'other', what: 'a DigitalOcean token' },
  { begins: ['hf_'], like: /^hf_[A-Za-z0-9]{30,}$/, kind: 'other', what: 'a Hugging Face token' },
  { begins: ['hvs.', 'hvb.', 'hvr.'], kind: 'other', what: 'a HashiCorp Vault token' },
  { begins: ['SG.'], like: /^SG\.[A-Za-z0-9_-]{22}\./, kind: 'other', what: 'a SendGrid key' },
  {
    begins: ['eyJ'],
    like: /^eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\./,
    kind: 'other',
    what: 'a JSON Web Token',
  },
];

const LOOKS: readonly Look[] = [...TOKENS, ...BLOCKS, ...OTHERS];

/** DER by how it begins (ITU-T X.690 §8.1): a SEQUENCE that is as long as the file, and what stands first in it. */
const DER_LOOKS: readonly (Recognised & { readonly inside: readonly number[] })[] = [
  // RFC 7292 §4: version 3.
  {
    inside: [0x02, 0x01, 0x03, 0x30],
    kind: 'certificate',
    what: 'a PKCS#12 file (a certificate and its key)',
    lines: true,
  },
  // RFC 5208 §5, RFC 8017 §A.1.2 and RFC 5915 §3: version 0 or 1, and what follows it.
  { inside: [0x02, 0x01, 0x00, 0x30], kind: 'pem', what: 'a private key (DER)', lines: true },
  { inside: [0x02, 0x01, 0x00, 0x02], kind: 'pem', what: 'a private key (DER)', lines: true },
  { inside: [0x02, 0x01, 0x01, 0x04], kind: 'pem', what: 'a private key (DER)', lines: true },
];

/** RFC 5280 §4.1: a certificate of version 3, within the SEQUENCE that is signed. */
const CERTIFICATE_V3 = [0xa0, 0x03, 0x02, 0x01, 0x02];

/** What is no text at all, by its first bytes. */
export function recogniseDer(value: Uint8Array): Recognised | undefined {
  const outer = sequenceIn(value);
  if (!outer || (outer.length !== undefined && outer.start + outer.length !== value.length)) return undefined;
  const inside = value.subarray(outer.start);
  const inner = sequenceIn(inside);
  if (inner && startsWith(inside.subarray(inner.start), CERTIFICATE_V3))
    return { kind: 'certificate', what: 'a certificate (DER)', lines: true, open: true };
  return DER_LOOKS.find((look) => startsWith(inside, look.inside));
}

/** Where the content of a SEQUENCE begins, and how long it is; `length` undefined: it is not said (BER, as some write PKCS#12). */
function sequenceIn(
  bytes: Uint8Array,
): { readonly start: number; readonly length: number | undefined } | undefined {
  const [tag, first = 0] = bytes;
  if (tag !== 0x30) return undefined;
  if (first < 0x80) return { start: 2, length: first };
  const count = first & 0x7f;
  if (count === 0) return { start: 2, length: undefined };
  if (count > 3) return undefined;
  const length = bytes.subarray(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
  return { start: 2 + count, length };
}

function startsWith(bytes: Uint8Array, expected: readonly number[]): boolean {
  return expected.every((byte, index) => bytes[index] === byte);
}
