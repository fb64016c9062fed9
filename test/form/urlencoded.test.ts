import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/form/sent.ts';
import { parseUrlencoded } from '../../src/form/urlencoded.ts';

function parse(text: string): Fields | undefined {
  return parseUrlencoded(Buffer.from(text), ['token']);
}

function tokenOf(fields: Fields | undefined): string | undefined {
  return fields?.token && Buffer.from(fields.token.reveal()).toString();
}

describe('parseUrlencoded', () => {
  describe('when a browser sends the form', () => {
    it('returns every field', () => {
      const fields = parse('nonce=N1&token=cioABC&expiration=365d&expires-on=&unchecked=yes');
      expect(fields).toMatchObject({ nonce: 'N1', expiration: '365d', expiresOn: '', unchecked: true });
      expect(tokenOf(fields)).toBe('cioABC');
    });

    it('returns undefined for what was not asked, and false for an unticked box', () => {
      expect(parse('token=a&nonce=N1')).toMatchObject({
        expiration: undefined,
        expiresOn: undefined,
        unchecked: false,
      });
    });

    it('decodes plus signs and percent escapes in either case', () => {
      expect(tokenOf(parse('nonce=N&token=a+b%2Bc%2f%C3%A9%00d'))).toBe('a b+c/é\0d');
    });

    it('trims what a clipboard adds at the ends, and nothing else', () => {
      expect(tokenOf(parse('nonce=N&token=%20%09cio%20x%0D%0A+'))).toBe('cio x');
      expect(tokenOf(parse('nonce=N&token=%C2%A0cio'))).toBe('\u00a0cio');
    });

    it('returns an empty token as it is: the page says so', () => {
      expect(parse('nonce=N&token=')?.token?.length).toBe(0);
    });

    it('keeps the token out of anything that prints', () => {
      expect(JSON.stringify(parse('nonce=N&token=cioCANARY'))).not.toContain('CANARY');
    });
  });

  describe('when it is not what the page sends', () => {
    it.each([
      ['no nonce', 'token=a'],
      ['no token', 'nonce=N'],
      ['two tokens', 'nonce=N&token=a&token=b'],
      ['two nonces', 'nonce=N&nonce=N&token=a'],
      ['two expirations', 'nonce=N&token=a&expiration=7d&expiration=7d'],
      ['an unknown field', 'nonce=N&token=a&x=1'],
      ['a file, which the page does not ask for', 'nonce=N&token=a&file='],
      ['a password, which the page does not ask for', 'nonce=N&token=a&password='],
      ['an escaped field name', 'nonce=N&%74oken=a'],
      ['an empty pair', 'nonce=N&&token=a'],
      ['a trailing ampersand', 'nonce=N&token=a&'],
      ['a value alone', 'cioABC'],
      ['a half escape', 'nonce=N&token=%4'],
      ['a bare percent', 'nonce=N&token=%'],
      ['an escape of letters', 'nonce=N&token=%zz'],
      ['another word for unchecked', 'nonce=N&token=a&unchecked=on'],
      ['a text field with a control character', 'nonce=N%0A&token=a'],
      ['a text field beyond ASCII', 'nonce=N&token=a&expiration=%C3%A9'],
      ['a text field of 65 bytes', `nonce=${'N'.repeat(65)}&token=a`],
      ['nothing', ''],
    ])('returns undefined for %s', (_what, text) => {
      expect(parse(text)).toBeUndefined();
    });
  });

  describe('when it is done, either way', () => {
    it.each(['nonce=N&token=cioCANARY', 'nonce=N&token=cioCANARY&x=1'])(
      'leaves nothing of %s in the source',
      (text) => {
        const body = Buffer.from(text);
        parseUrlencoded(body, ['token']);
        expect(body.equals(Buffer.alloc(text.length))).toBe(true);
      },
    );

    it('gives the token bytes of their own', () => {
      const body = Buffer.from('nonce=N&token=abc');
      expect(parseUrlencoded(body, ['token'])?.token?.reveal().buffer).not.toBe(body.buffer);
    });
  });

  describe('when any bytes are encoded as a browser does', () => {
    it('returns the same bytes', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (token) => {
          const text = `x${token}x`;
          const body = new URLSearchParams([
            ['nonce', 'N'],
            ['token', text],
          ]).toString();
          expect(tokenOf(parse(body))).toBe(text.toWellFormed());
        }),
      );
    });

    it('never throws on anything else', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
          expect(() => parseUrlencoded(bytes, ['token'])).not.toThrow();
        }),
      );
    });
  });
});
