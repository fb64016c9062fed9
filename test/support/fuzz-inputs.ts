import { KINDS } from '../../src/kinds/catalogue.ts';
import type { Chance } from './tokens.ts';
import { otherValues, validValue } from './values.ts';

/** Marks that are no secret, wherever they stand: a reason may name them. */
export const MARKS: readonly string[] = [
  'cio_tp_',
  'cio',
  'ghp_',
  'ghs_',
  // In two parts: a token that is searched for begins like this.
  ['github_pat', '11'].join('_'),
  'npm_',
  'pypi-',
  'oy2',
  'JQQJ99',
  'NUGT',
  'AZDO',
  'dckr_pat_',
  'dckr_oat_',
  'rubygems_',
  'hex_',
  'cfut_',
  'cfat_',
  'cfk_',
  'ovsxat_',
  'ovsxp_',
  'AKIA',
  'ASIA',
  'glpat-',
  'sk_live_',
  'hvs.',
  'SG.',
  'eyJ',
  'MII',
  'ssh-ed25519 ',
  '-----BEGIN ',
  '-----END ',
  '-----BEGIN PRIVATE KEY-----\n',
  '-----BEGIN OPENSSH PRIVATE KEY-----\n',
  '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n',
  '-----BEGIN CERTIFICATE-----\n',
  '-----BEGIN EC PARAMETERS-----\n',
  'PuTTY-User-Key-File-3: ',
  '<password>',
  'TOKEN=',
];

/** The same numbers for the same seed, on every machine (xorshift, 32 bits). */
export function seeded(seed: number): { readonly chance: Chance; readonly below: (limit: number) => number } {
  let state = seed | 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return {
    chance: (length) => Uint8Array.from({ length }, () => next() >>> 9),
    below: (limit) => next() % limit,
  };
}

/** Inputs for the checks of formats: most are nearly right, since those reach furthest. Never more than a few thousand bytes. */
export function fuzzInputs(seed: number): () => Uint8Array {
  const { chance, below } = seeded(seed);
  const pool = KINDS.filter(({ id }) => id !== 'certificate').flatMap(({ id }) =>
    Array.from({ length: 12 }, () => validValue(id, chance)).concat(
      otherValues(id, chance).map(([, value]) => value),
    ),
  );
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  const junk = (longest: number) => {
    const alphabet = pick(ALPHABETS);
    return Buffer.from(
      Array.from({ length: below(longest) }, () => alphabet.charCodeAt(below(alphabet.length))),
    );
  };
  const mutated = () => mutate(Buffer.from(pick(pool)), below, chance);
  const makers: readonly (() => Uint8Array)[] = [
    mutated,
    mutated,
    mutated,
    () => pick(pool),
    () => Buffer.concat([Buffer.from(pick(MARKS)), junk(200)]),
    () => chance(below(120)),
    () => junk(400),
    () => pick(WRAPPINGS)(Buffer.from(pick(pool))),
    () => Buffer.from(pick(MARKS).repeat(1 + below(40))),
    () => Buffer.concat([pick(pool), junk(8), mutated()]),
  ];
  return () => pick(makers)();
}

const ALPHABETS = [
  'abcdefghijklmnopqrstuvwxyz234567',
  '0123456789abcdef',
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=',
  '- \n\r\tBEGINDPRVATKY:.=\'"`<>{}\\',
  '\u0000\u0001\u007f\u0080\u00ff aA0.',
];

const WRAPPINGS: readonly ((value: Buffer) => Buffer)[] = [
  (value) => Buffer.concat([Buffer.from('export TOKEN="'), value, Buffer.from('"\n')]),
  (value) => Buffer.concat([Buffer.from('\ufeff'), value]),
  (value) => Buffer.from(value.toString('latin1'), 'utf16le'),
  (value) => Buffer.from(value.toString('base64')),
  (value) => Buffer.from(value.toString('latin1').replaceAll('\n', '\r\n'), 'latin1'),
  (value) => Buffer.from(value.toString('latin1').replaceAll('\n', ' '), 'latin1'),
  (value) => Buffer.from(JSON.stringify({ token: value.toString('latin1') })),
  (value) => Buffer.concat([value, value]),
];

function mutate(value: Buffer, below: (limit: number) => number, chance: Chance): Buffer {
  let changed = value;
  for (let left = 1 + below(3); left > 0; left--) {
    const at = below(changed.length + 1);
    const [head, tail] = [changed.subarray(0, at), changed.subarray(at)];
    const ways: readonly (() => Buffer)[] = [
      () => Buffer.concat([head, chance(1 + below(4)), tail]),
      () => Buffer.concat([head, tail.subarray(1 + below(4))]),
      () => Buffer.concat([head, chance(1), tail.subarray(1)]),
      () => Buffer.concat([head, tail.subarray(0, below(20)), tail]),
      () => Buffer.from(head),
      () => Buffer.concat([head, Buffer.from('\n'), tail]),
    ];
    changed = ways[below(ways.length)]?.() ?? changed;
  }
  return changed;
}

/** What makes patterns and loops slow where anything does: long runs of what they look for, as many bytes as asked. */
export function worstInputs(length: number): readonly (readonly [string, Uint8Array])[] {
  const filled = (text: string, unit: string) =>
    Buffer.from((text + unit.repeat(Math.ceil(length / unit.length))).slice(0, length), 'latin1');
  const units = [
    'a',
    'A',
    '0',
    '-',
    '_',
    '=',
    '.',
    ' ',
    '\n',
    '\r\n',
    '\u0000',
    '\u00ff',
    'aA0-',
    'a=',
    'a.',
  ];
  return [
    ...units.map((unit) => [`${JSON.stringify(unit)} again and again`, filled('', unit)] as const),
    ...MARKS.map((mark) => [`${JSON.stringify(mark)} and letters`, filled(mark, 'a')] as const),
    ['JSON Web Tokens', filled('', 'eyJa.')],
    ['ids of AWS', filled('', 'AKIA')],
    ['marks of Azure DevOps', filled('', 'AZDO')],
    ['addresses of OpenSSH', filled('', 'ssh-ed25519 ')],
    ['names and quotes', filled('', 'TOKEN="a" ')],
    ['colons', filled('', 'a:')],
    ['tags', filled('', '<a>')],
    ['many beginnings of blocks', filled('', '-----BEGIN A-----\n')],
    ['many ends of blocks', filled('-----BEGIN A-----\n', '-----END \n')],
    ['many ends of nearly the same', filled('-----BEGIN AAAAAAAAAB-----\n', '-----END AAAAAAAAAA-----\n')],
    ['many blocks', filled('', '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n')],
    ['a block that is never over', filled('-----BEGIN PRIVATE KEY-----\n', 'MIIE\n')],
    ['a label that is never over', filled('-----BEGIN ', 'A ')],
    ['written line breaks', filled('-----BEGIN PRIVATE KEY-----', '\\n')],
    ['lists of a macaroon', filled('pypi-AgEIcHlwaS5vcmc', 'AAIA')],
    ['groups of a UUID', filled('', 'aaaaaaaa-aaaa-')],
  ];
}
