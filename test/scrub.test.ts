import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { asAscii } from '../src/kinds/ascii.ts';
import { KINDS } from '../src/kinds/catalogue.ts';
import { recognise } from '../src/kinds/recognise.ts';
import { inOneLine, scrub } from '../src/scrub.ts';
import { CanarySearch } from './support/canary.ts';
import { chanceOf } from './support/tokens.ts';
import { ed25519PrivateKey, pgpPrivateKey, validValue } from './support/values.ts';

/** Some values of each kind whose issuer marks it. */
const TOKENS = KINDS.filter(({ id }) => id !== 'certificate').flatMap(({ id }) => {
  const values = [1, 2, 3, 4, 5].map((seed) => asAscii(validValue(id, chanceOf(seed))));
  const recognised = recognise(values[0] ?? '');
  return recognised && !recognised.open && !recognised.lines ? [[id, values] as const] : [];
});

const escaped =
  (before: string, after = '') =>
  (value: string) =>
    Buffer.from(value, 'latin1').toString('hex').replace(/../g, `${before}$&${after}`);

const FORMS: readonly (readonly [string, (value: string) => string])[] = [
  ['raw', (value) => value],
  ['reversed', (value) => [...value].reverse().join('')],
  ['base64', (value) => Buffer.from(value).toString('base64')],
  ['base64 behind a name', (value) => Buffer.from(`ada:${value}`).toString('base64')],
  ['base64url behind a name', (value) => Buffer.from(`grace:${value}`).toString('base64url')],
  ['hex', (value) => Buffer.from(value).toString('hex')],
  ['HEX', (value) => Buffer.from(value).toString('hex').toUpperCase()],
  ['percent', escaped('%')],
  ['JSON escapes', escaped('\\u00')],
  ['JavaScript escapes', escaped('\\x')],
  ['quoted-printable', escaped('=')],
  ['HTML entities', escaped('&#x', ';')],
  ['decimal entities', (value) => value.replace(/./g, (one) => `&#${one.charCodeAt(0)};`)],
  ['UTF-16LE', (value) => Buffer.from(value, 'utf16le').toString('latin1')],
  ['UTF-16BE', (value) => Buffer.from(value, 'utf16le').swap16().toString('latin1')],
];

const PLACES: readonly ((form: string) => string)[] = [
  (form) => form,
  (form) => `the answer was "${form}".`,
  (form) => `{"a":[1,"${form}"]}`,
  (form) => `https://example.org/a/${form}/b?c=d`,
  (form) => `GET /x?key=${form}&y=1 failed (${form})`,
  (form) => `widgets:${form}, and more`,
];

describe('scrub', () => {
  it('knows the marks of many issuers', () => {
    expect(TOKENS.map(([id]) => id)).toEqual(
      expect.arrayContaining(['crates-io-token', 'github-token', 'npm-token', 'pypi-token', 'nuget-key']),
    );
  });

  it.each(TOKENS)('leaves no part of a %s, however it is written and wherever it stands', (_id, values) => {
    for (const value of values) {
      const search = new CanarySearch();
      search.add('token', value);
      for (const [form, write] of FORMS) {
        for (const place of PLACES) {
          const said = scrub(place(write(value)));
          expect(search.find(Buffer.from(said)), `${form}: ${place('…')}`).toEqual([]);
          expect(said).toContain('[removed]');
        }
      }
    }
  });

  it('leaves nothing of a PEM block, nor of one that was cut off, nor of one in base64', () => {
    for (const block of [ed25519PrivateKey(), pgpPrivateKey()]) {
      const [line = ''] = block.split('\n').filter((one) => /^[A-Za-z0-9+/]{16,}/.test(one));
      for (const said of [
        scrub(`before ${block} after`),
        scrub(block.slice(0, -20)),
        scrub(block.replaceAll('\n', '\\n')),
        scrub(Buffer.from(block).toString('base64')),
      ]) {
        expect(said).toContain('[removed]');
        expect(said).not.toContain(line.slice(0, 12));
      }
    }
  });

  it.each([
    (password: string) => `smtps://ada:${password}@mail.example.org:465 refused it`,
    (password: string) => `https://${password}@example.org/x`,
    (password: string) => `Authorization: Basic ${Buffer.from(`ada:${password}`).toString('base64')}`,
    (password: string) => `"authorization":"token ${password}"`,
    (password: string) => `sent AUTH PLAIN ${Buffer.from(`\0ada\0${password}`).toString('base64')}`,
    (password: string) => `password=${password}&user=ada`,
    (password: string) => `Bearer ${password}`,
    (password: string) => `https://hooks.slack.com/services/T0/B0/${password}`,
  ])('removes what stands where a password stands (%#)', (write) => {
    const password = randomBytes(12).toString('hex');
    const search = new CanarySearch();
    search.add('password', password);
    expect(search.find(Buffer.from(scrub(write(password))))).toEqual([]);
  });

  it('removes what only chance makes: letters of both cases and digits without a break', () => {
    const key = `${randomBytes(40).toString('base64').replace(/[+/=]/g, 'x')}aB3`;
    expect(scrub(`the answer was ${key} and no more`)).toBe('the answer was [removed] and no more');
  });

  it.each([
    randomUUID(),
    randomBytes(20).toString('hex'),
    randomBytes(32).toString('hex'),
    `<${randomBytes(16).toString('hex')}@example.org>`,
    `actions/checkout@${randomBytes(20).toString('hex')} in .github/workflows/release.yml`,
    'https://github.com/joaoh82/rust_sqlite/settings/environments/5024411842/edit',
    'C0DE:3F2A:1B2C3D4:5E6F7A8:6507A1B2',
    '2027-06-01T12:00:00.000Z to 2027-08-01 in "/var/lib/reseal/reseal.db"',
    'pypi-publishing-2026 and npm_automation_for_the_website_2 cannot be read',
    'mail.example.org:465 said 535 5.7.8 authentication failed for ada@example.org',
    'basic authentication is not offered; token: expected 32 letters and digits; password: missing',
    'github.seal.token-file is not set, so nobody looks whether somebody else changes a secret',
    'ReleaseWindows2022, linux-x86_64-unknown-linux-gnu-2.39 and macOS-15-arm64-self-hosted-runner-7',
  ])('keeps %s', (text) => {
    expect(scrub(text)).toBe(text);
  });

  it('takes no time over the worst texts', () => {
    const worst = [
      '-',
      'a',
      '%',
      'npm_',
      '://',
      'password=',
      '-----BEGIN A-----',
      'A1b',
      '&#1',
      '=',
      '😀',
      ' x',
    ];
    const began = process.cpuUsage();
    for (const part of worst) expect(scrub(part.repeat(200_000)).length).toBeLessThan(70_000);
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(2_000);
  });
});

describe('inOneLine', () => {
  it('shows what a terminal would obey or hide', () => {
    expect(inOneLine('a\r\n\tb\x1b[31m\x7f\x9b\u202e\u2028\u200b\ud800z\0', 200)).toBe(
      'a\\r\\n\\tb\\u{1b}[31m\\u{7f}\\u{9b}\\u{202e}\\u{2028}\\u{200b}\\u{d800}z\\u{0}',
    );
  });

  it('keeps what people write', () => {
    expect(inOneLine('Zoë’s 証明書 🦀 – 25 %', 200)).toBe('Zoë’s 証明書 🦀 – 25 %');
  });

  it('cuts what is too long, and no character in two', () => {
    expect(inOneLine('🦀'.repeat(10), 10)).toBe('🦀🦀🦀🦀…');
    expect(inOneLine('x'.repeat(10), 10)).toBe('xxxxxxxxxx');
  });
});
