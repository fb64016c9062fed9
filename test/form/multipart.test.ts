import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMultipart } from '../../src/form/multipart.ts';
import type { Fields, SecretName } from '../../src/form/sent.ts';
import { SEED } from '../support/builders.ts';
import type { ChosenFile } from '../support/form.ts';
import { BOUNDARY, NO_FILE, partsText } from '../support/form.ts';

const FILE: ChosenFile = { name: 'release.p12', content: Buffer.from('cio-CANARY\0\r\n\xff', 'latin1') };

type Part = readonly [string, string | ChosenFile];

/** As the page of a certificate is sent. */
const HONEST: readonly Part[] = [
  ['file', FILE],
  ['password', 'pass word '],
  ['expiration', 'date'],
  ['expires-on', '2027-06-01'],
  ['nonce', 'N1'],
];

function parse(text: string, asked: readonly SecretName[] = ['file', 'password']): Fields | undefined {
  return parseMultipart(Buffer.from(text, 'latin1'), BOUNDARY, asked);
}

function bytesOf(secret: Fields['file']): Buffer | undefined {
  return secret && Buffer.from(secret.reveal());
}

/** The honest body with one piece replaced. */
function changed(from: string, to: string): string {
  const text = partsText(HONEST);
  expect(text).toContain(from);
  return text.replace(from, () => to);
}

describe('parseMultipart', () => {
  describe('when a browser sends the form', () => {
    it('returns every field, and the file byte for byte', () => {
      const fields = parse(partsText(HONEST));
      expect(fields).toMatchObject({
        nonce: 'N1',
        token: undefined,
        expiration: 'date',
        expiresOn: '2027-06-01',
        unchecked: false,
      });
      expect(bytesOf(fields?.file)).toEqual(FILE.content);
      expect(bytesOf(fields?.password)?.toString()).toBe('pass word ');
    });

    it('returns no file where none was chosen, and an empty one where that was', () => {
      expect(parse(partsText([['file', NO_FILE], ...HONEST.slice(1)]))?.file).toBeUndefined();
      const empty = { name: 'empty', content: new Uint8Array() };
      expect(parse(partsText([['file', empty], ...HONEST.slice(1)]))?.file?.length).toBe(0);
    });

    it('trims a line, and nothing else', () => {
      const fields = parse(
        partsText([
          ['token', ' \tcio x\r\n'],
          ['file', NO_FILE],
          ['nonce', 'N'],
        ]),
        ['token', 'file'],
      );
      expect(bytesOf(fields?.token)?.toString()).toBe('cio x');
    });

    it.each([
      ['quotes and line breaks, as browsers escape them', 'a%22b%0D%0A.p12'],
      ['other alphabets', Buffer.from('Пример-証明書.p12').toString('latin1')],
      ['1024 bytes', 'n'.repeat(1_024)],
      ['what looks like a path', '../../etc/passwd'],
    ])('takes a file whose name has %s, and keeps nothing of it', (_what, name) => {
      const fields = parse(changed('release.p12', name));
      expect(bytesOf(fields?.file)).toEqual(FILE.content);
      expect(JSON.stringify(fields)).not.toContain(name.slice(0, 3));
    });

    it.each(['application/x-pkcs12', 'text/plain', 'application/vnd.a+b', 'message/rfc822'])(
      'takes a file of the type %s',
      (type) => {
        expect(parse(changed('application/octet-stream', type))).toBeDefined();
      },
    );

    it.each([
      'the boundary without its line break: --',
      '\r\n--',
      `\r\n-${BOUNDARY}`,
      `x--${BOUNDARY}--`,
      `\n--${BOUNDARY}\r\n`,
      '\r\n\r\n',
      'Content-Disposition: form-data; name="nonce"\r\n\r\nN2',
    ])('takes %j for a part of the file', (content) => {
      const file = { name: 'a', content: Buffer.from(content) };
      const fields = parse(partsText([['file', file], ...HONEST.slice(1)]));
      expect(bytesOf(fields?.file)?.toString()).toBe(content);
      expect(fields?.nonce).toBe('N1');
    });
  });

  describe('when it is not what the page sends', () => {
    const [file, password, expiration, expiresOn, nonce] = HONEST as readonly [Part, Part, Part, Part, Part];
    it.each<[string, readonly Part[]]>([
      ['no nonce', [file, password, expiration]],
      ['no file', [password, nonce]],
      ['no password', [file, nonce]],
      ['two files', [file, file, password, nonce]],
      ['two passwords', [file, password, password, nonce]],
      ['two expirations', [file, password, expiration, expiration, nonce]],
      ['two nonces', [file, password, nonce, nonce]],
      ['a part behind the nonce', [file, password, nonce, expiresOn]],
      ['the nonce first', [nonce, file, password]],
      ['an unknown field', [file, password, ['x', '1'], nonce]],
      ['a field without a name', [file, password, ['', '1'], nonce]],
      ['a field of a long name', [file, password, ['expiration-of', '1'], nonce]],
      ['a line, which the page does not ask for', [file, password, ['token', 'a'], nonce]],
      ['a file sent as text', [['file', 'cio'], password, nonce]],
      ['a password sent as a file', [file, ['password', FILE], nonce]],
      ['a nonce sent as a file', [file, password, ['nonce', FILE]]],
      ['a file without a name that holds something', [['file', { ...FILE, name: '' }], password, nonce]],
      ['a charset to read it by', [['_charset_', 'utf-7'], file, password, nonce]],
      ['another word for unchecked', [file, password, ['unchecked', 'on'], nonce]],
      ['a text field of two lines', [file, password, ['expiration', '7d\r\n'], nonce]],
      ['a text field beyond ASCII', [file, password, ['expiration', '\xe9'], nonce]],
      ['a text field of 65 bytes', [file, password, ['expiration', 'e'.repeat(65)], nonce]],
      ['nothing', []],
    ])('returns undefined for %s', (_what, parts) => {
      expect(parse(partsText(parts))).toBeUndefined();
    });

    const first = `--${BOUNDARY}\r\n`;
    it.each<[string, string, string]>([
      ['a preamble', first, `preamble\r\n${first}`],
      ['a line break before it', first, `\r\n${first}`],
      ['another first boundary', first, `--other\r\n`],
      ['blanks behind a boundary', first, `--${BOUNDARY} \r\n`],
      ['bare line feeds', first, `--${BOUNDARY}\n`],
      ['a boundary within the file', 'cio-CANARY', `cio\r\n--${BOUNDARY}CANARY`],
      ['an end within the file', 'cio-CANARY', `cio\r\n--${BOUNDARY}--\r\nCANARY`],
      ['no final boundary', `--${BOUNDARY}--\r\n`, ''],
      ['a boundary that ends nothing', `--${BOUNDARY}--\r\n`, `--${BOUNDARY}\r\n`],
      ['an end without a line break', `--${BOUNDARY}--\r\n`, `--${BOUNDARY}--`],
      ['an epilogue', `--${BOUNDARY}--\r\n`, `--${BOUNDARY}--\r\n\r\n`],
      ['a second end', `--${BOUNDARY}--\r\n`, `--${BOUNDARY}--\r\n--${BOUNDARY}--\r\n`],
      [
        'a header in small letters',
        'Content-Disposition: form-data; name="file"',
        'content-disposition: form-data; name="file"',
      ],
      ['another disposition', 'form-data; name="file"', 'attachment; name="file"'],
      ['a name without quotes', 'name="password"', 'name=password'],
      ['an escaped name', 'name="password"', 'name="pass\\word"'],
      ['a name of its own for the encoding', 'filename="release.p12"', "filename*=utf-8''release.p12"],
      ['both names', '; filename="release.p12"', `; filename="release.p12"; filename*=utf-8''b`],
      ['the name behind', 'name="file"; filename="release.p12"', 'filename="release.p12"; name="file"'],
      ['a file name that breaks its line', 'release.p12', 'a\r\nb'],
      ['a file name with a NUL', 'release.p12', 'a\0b'],
      ['a file name with a quote', 'release.p12', 'a"b'],
      ['a file name of 1025 bytes', 'release.p12', 'n'.repeat(1_025)],
      ['a file without a type', 'Content-Type: application/octet-stream\r\n', ''],
      ['an empty type', 'application/octet-stream', ''],
      ['a type that is none', 'application/octet-stream', 'octets'],
      ['a type with a charset', 'application/octet-stream', 'text/plain; charset=utf-7'],
      ['nested parts', 'application/octet-stream', 'multipart/mixed'],
      ['nested parts in capitals', 'application/octet-stream', 'MULTIPART/form-data'],
      ['a third header', 'octet-stream\r\n', 'octet-stream\r\nContent-Transfer-Encoding: base64\r\n'],
      ['a type of a text', 'name="password"\r\n', 'name="password"\r\nContent-Type: text/plain\r\n'],
      ['a header that is folded', 'form-data; name="file"', 'form-data;\r\n name="file"'],
      ['a header without an end', 'octet-stream\r\n\r\n', 'octet-stream\r\n'],
    ])('returns undefined for %s', (_what, from, to) => {
      expect(parse(changed(from, to))).toBeUndefined();
    });

    it('returns undefined for the body of another encoding', () => {
      expect(parse('file=a&password=&nonce=N1')).toBeUndefined();
    });

    it('D14, I17: returns undefined for a body that was cut short, wherever it was cut', () => {
      const text = partsText(HONEST);
      const taken = Array.from({ length: text.length }, (_unused, at) => at).filter((at) =>
        parse(text.slice(0, at)),
      );
      expect(taken).toEqual([]);
      expect(parse(text)).toBeDefined();
    });
  });

  describe('when it is done, either way', () => {
    it.each([
      ['taken', partsText(HONEST)],
      ['refused', changed('form-data; name="nonce"', 'x')],
    ])('leaves nothing of a body that was %s', (_what, text) => {
      const body = Buffer.from(text, 'latin1');
      parseMultipart(body, BOUNDARY, ['file', 'password']);
      expect(body.equals(Buffer.alloc(body.length))).toBe(true);
    });

    it('gives the file bytes of its own, in a store outside the heap', () => {
      const body = Buffer.from(partsText(HONEST), 'latin1');
      const file = parseMultipart(body, BOUNDARY, ['file', 'password'])?.file?.reveal();
      expect(file?.buffer).not.toBe(body.buffer);
      expect(file?.buffer.byteLength).toBeGreaterThan(64);
    });
  });

  describe('when any bytes are encoded as a browser does', () => {
    it('returns the same bytes', () => {
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 300 }),
          fc.string({ unit: 'binary-ascii', maxLength: 40 }),
          (content, password) => {
            const text = partsText([
              ['file', { name: 'f', content }],
              ['password', password],
              ['nonce', 'N'],
            ]);
            const fields = parse(text);
            expect(bytesOf(fields?.file)).toEqual(Buffer.from(content));
            expect(bytesOf(fields?.password)?.toString('latin1')).toBe(password);
          },
        ),
        { seed: SEED },
      );
    });

    it('never throws on anything else, and never takes it', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
          expect(parseMultipart(Buffer.from(bytes), BOUNDARY, ['file'])).toBeUndefined();
        }),
        { seed: SEED },
      );
    });
  });

  describe('when an honest body is changed', () => {
    const PIECES = [
      '\r\n',
      '--',
      `--${BOUNDARY}`,
      `\r\n--${BOUNDARY}\r\n`,
      '"',
      '; filename="x"',
      '\r\n\r\n',
      '\0',
      'a',
    ];

    it('I17: takes none for more than a line by line reading sees in it', () => {
      const change = fc.tuple(fc.nat(partsText(HONEST).length), fc.nat(3), fc.constantFrom(...PIECES, ''));
      let taken = 0;
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
          let text = partsText(HONEST);
          for (const [at, gone, piece] of changes) text = text.slice(0, at) + piece + text.slice(at + gone);
          const fields = parse(text);
          if (!fields) return;
          taken += 1;
          const other = read(text);
          expect([...other.keys()].at(-1)).toBe('nonce');
          expect(fields.nonce).toBe(other.get('nonce'));
          expect(bytesOf(fields.file)?.toString('latin1') ?? '').toBe(other.get('file'));
          expect(bytesOf(fields.password)?.toString('latin1')).toBe(other.get('password'));
        }),
        { seed: SEED, numRuns: 20_000 },
      );
      expect(taken).toBeGreaterThan(1_000);
    });
  });

  describe('when it is as long as GitHub stores', () => {
    it('is through in a moment, also where almost every byte begins a boundary', () => {
      const almost = `\r\n--${BOUNDARY.slice(0, -1)}`;
      const content = Buffer.from(almost.repeat(Math.ceil(49_152 / almost.length)).slice(0, 49_152));
      const text = partsText([
        ['file', { name: 'f', content }],
        ['password', ''],
        ['nonce', 'N'],
      ]);
      const start = performance.now();
      for (let count = 0; count < 20; count++) expect(parse(text)?.file?.length).toBe(49_152);
      expect((performance.now() - start) / 20).toBeLessThan(25);
    });
  });
});

/** Names and contents by another way: what stands between the boundaries that stand at the beginning of a line. */
function read(text: string): ReadonlyMap<string, string> {
  const [before, ...rest] = `\r\n${text}`.split(`\r\n--${BOUNDARY}`);
  expect([before, rest.pop()]).toEqual(['', '--\r\n']);
  const parts = rest.map((part): readonly [string, string] => {
    const [, name = '', content = ''] = /^[^"]*"([^"]*)"[\s\S]*?\r\n\r\n([\s\S]*)$/.exec(part) ?? [];
    return [name, content];
  });
  expect(new Set(parts.map(([name]) => name)).size).toBe(parts.length);
  return new Map(parts);
}
