import { createECDH, randomBytes } from 'node:crypto';
import type { Chance } from './tokens.ts';
import {
  cratesIoTokenValue,
  githubClassicValue,
  githubFineGrainedValue,
  macaroonOf,
  npmTokenValue,
  nugetV4Value,
  nugetV5Value,
} from './tokens.ts';

const SMALL_HEX = '0123456789abcdef';
const SMALL = 'abcdefghijklmnopqrstuvwxyz';
const ALPHANUMERIC = `ABCDEFGHIJKLMNOPQRSTUVWXYZ${SMALL}0123456789`;
const BASE64 = `${ALPHANUMERIC}+/`;
const BASE64_URL = `${ALPHANUMERIC}-_`;

/**
 * A fresh value that its kind takes, byte for byte as it would be given. None was ever issued. That of a certificate is made in
 * test/support/certificates.ts.
 *
 * @param chance where a run has to be repeatable
 */
export function validValue(kindId: string, chance: Chance = randomBytes): Buffer {
  const make = MAKERS[kindId];
  if (!make) throw new Error(`no value can be made of the kind ${kindId}`);
  return Buffer.from(make(chance));
}

/** Other forms that a kind takes as well, each with what it is. */
export function otherValues(
  kindId: string,
  chance: Chance = randomBytes,
): readonly (readonly [string, Buffer])[] {
  return (OTHERS[kindId]?.(chance) ?? []).map(([what, text]) => [what, Buffer.from(text)] as const);
}

const NUGET_V5 = { allocatedAt: new Date('2026-11-01T00:00:00Z'), lifetimeMinutes: 30 * 24 * 60 };

const MAKERS: Readonly<Record<string, (chance: Chance) => string>> = {
  'crates-io-token': cratesIoTokenValue,
  'npm-token': npmTokenValue,
  'pypi-token': (chance) => pypiToken(chance),
  'github-token': githubFineGrainedValue,
  'nuget-key': nugetV4Value,
  'gpg-key': pgpPrivateKey,
  'ssh-deploy-key': opensshPrivateKey,
  'docker-hub-token': (chance) => `dckr_pat_${letters(BASE64_URL, 27, chance)}`,
  'vscode-marketplace-token': (chance) =>
    `${letters(ALPHANUMERIC, 76, chance)}AZDO${letters(ALPHANUMERIC, 4, chance)}`,
  'open-vsx-token': (chance) => `ovsxat_${uuid(chance)}`,
  'maven-central-token': (chance) => letters(BASE64_URL, 34, chance),
  'rubygems-key': (chance) => `rubygems_${letters(SMALL_HEX, 48, chance)}`,
  'hex-key': (chance) => `hex_${letters(SMALL_HEX, 40, chance)}`,
  'cloudflare-token': (chance) => `cfut_${letters(ALPHANUMERIC, 40, chance)}${letters(SMALL_HEX, 8, chance)}`,
  'app-store-connect-key': ecPrivateKey,
  // With what neither base64url nor hexadecimal digits have, so that it is this and nothing else.
  'aws-access-key': (chance) => `${letters(BASE64, 38, chance)}/+`,
  generic: (chance) => `correct-horse-${letters(ALPHANUMERIC, 24, chance)}`,
};

const OTHERS: Readonly<Record<string, (chance: Chance) => readonly (readonly [string, string])[]>> = {
  'pypi-token': (chance) => [
    [
      'of one project, with an end',
      pypiToken(chance, [
        [1, ['widgets']],
        [0, 1_900_000_000, 0],
      ]),
    ],
  ],
  'github-token': (chance) => [['a classic one', githubClassicValue('ghp_', chance)]],
  'nuget-key': (chance) => [['of the new form', nugetV5Value(NUGET_V5, chance)]],
  'gpg-key': (chance) => [
    ['with line ends of Windows', pgpPrivateKey(chance).replaceAll('\n', '\r\n')],
    ['without its last line break', pgpPrivateKey(chance).trimEnd()],
  ],
  'ssh-deploy-key': (chance) => [
    ['PKCS#8', ed25519PrivateKey(chance)],
    ['of elliptic curves', pem('EC PRIVATE KEY', chance(121))],
    ['RSA in its own form', pem('RSA PRIVATE KEY', chance(320))],
  ],
  'docker-hub-token': (chance) => [
    ['of an organization', `dckr_oat_${letters(BASE64_URL, 32, chance)}`],
    ['of an organization, shorter', `dckr_oat_${letters(BASE64_URL, 27, chance)}`],
  ],
  'vscode-marketplace-token': (chance) => [['of the older form', letters(`${SMALL}234567`, 52, chance)]],
  'open-vsx-token': (chance) => [
    ['without a prefix', uuid(chance)],
    ['of the first prefix', `ovsxp_${uuid(chance)}`],
  ],
  'maven-central-token': (chance) => [
    [
      'the pair in base64',
      Buffer.from(`${letters(ALPHANUMERIC, 8, chance)}:${letters(BASE64, 44, chance)}`).toString('base64'),
    ],
    ['a longer password', letters(BASE64, 44, chance)],
  ],
  'hex-key': (chance) => [['of the older form', letters(SMALL_HEX, 32, chance)]],
  'cloudflare-token': (chance) => [
    ['of an account', `cfat_${letters(ALPHANUMERIC, 40, chance)}${letters(SMALL_HEX, 8, chance)}`],
    ['of the older form', letters(BASE64_URL, 40, chance)],
  ],
};

function pypiToken(chance: Chance, caveats: readonly unknown[] = [[3, uuid(chance)]]): string {
  const made = macaroonOf('pypi.org', caveats, { identifier: uuid(chance), key: chance(32) });
  return `pypi-${Buffer.from(made).toString('base64url')}`;
}

/** As `ssh-keygen -t ed25519 -N ""` writes one (openssh-portable, PROTOCOL.key), with numbers that are none. */
export function opensshPrivateKey(chance: Chance = randomBytes, cipher = 'none'): string {
  const count = (value: number) => Buffer.of(0, 0, 0, value);
  const field = (text: string) => Buffer.concat([count(text.length), Buffer.from(text)]);
  const head = [Buffer.from('openssh-key-v1\0'), field(cipher), field(cipher === 'none' ? 'none' : 'bcrypt')];
  return pem('OPENSSH PRIVATE KEY', Buffer.concat([...head, field(''), count(1), chance(180)]), 70);
}

/** PKCS#8 of Ed25519 (RFC 8410): any 32 bytes are one. */
export function ed25519PrivateKey(chance: Chance = randomBytes): string {
  return pem(
    'PRIVATE KEY',
    Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), chance(32)]),
  );
}

/** PKCS#8 of P-256 (RFC 5958, RFC 5915), as a .p8 of Apple is, and without a last line break as there. */
export function ecPrivateKey(chance: Chance = randomBytes): string {
  const pair = createECDH('prime256v1');
  const secret = chance(32);
  // Below the order of the curve for certain.
  pair.setPrivateKey(Buffer.concat([Buffer.of(1), secret.subarray(1)]));
  const der = Buffer.concat([
    Buffer.from('308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420', 'hex'),
    pair.getPrivateKey(),
    Buffer.from('a144034200', 'hex'),
    pair.getPublicKey(),
  ]);
  return pem('PRIVATE KEY', der).trimEnd();
}

/** ASCII armor (RFC 9580 §6.2) around a secret-key packet of bytes by chance. */
export function pgpPrivateKey(chance: Chance = randomBytes): string {
  const packet = Buffer.concat([Buffer.of(0x95, 0x00, 0xd8), chance(216)]);
  const sum = Buffer.alloc(3);
  sum.writeUIntBE(crc24(packet), 0, 3);
  return [
    '-----BEGIN PGP PRIVATE KEY BLOCK-----',
    '',
    ...linesOf(packet.toString('base64'), 64),
    `=${sum.toString('base64')}`,
    '-----END PGP PRIVATE KEY BLOCK-----',
    '',
  ].join('\n');
}

/** RFC 7468. */
export function pem(label: string, der: Uint8Array, width = 64): string {
  const lines = linesOf(Buffer.from(der).toString('base64'), width);
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

export function uuid(chance: Chance = randomBytes): string {
  const digits = Buffer.from(chance(16)).toString('hex');
  return [0, 8, 12, 16, 20].map((start, at, starts) => digits.slice(start, starts[at + 1] ?? 32)).join('-');
}

/** Not quite even where the alphabet does not divide 256, which is no matter here. */
export function letters(alphabet: string, length: number, chance: Chance = randomBytes): string {
  return Array.from(chance(length), (byte) => alphabet[byte % alphabet.length]).join('');
}

function linesOf(text: string, width: number): readonly string[] {
  return text.match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
}

/** RFC 9580 §6.1.1. */
function crc24(bytes: Uint8Array): number {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x800000 ? 0x1864cfb : 0);
  }
  return crc & 0xffffff;
}
