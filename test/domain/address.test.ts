import { describe, expect, it } from 'vitest';
import { isMailAddress, parseSender } from '../../src/domain/address.ts';

/** What would make a mail library write to somebody else, or write another header. */
const INJECTIONS = [
  'good@example.org\r\nRCPT TO:<evil@example.org>',
  'good@example.org\nBcc: evil@example.org',
  'good@example.org,evil@example.org',
  'good@example.org;evil@example.org',
  'good@example.org evil@example.org',
  'good@example.org>,<evil@example.org',
  '<good@example.org>',
  'Good <good@example.org>',
  '"a b"@example.org',
  'good@example.org\0',
  'good@example.org\u2028',
  'group: good@example.org;',
  'good@[127.0.0.1]',
  'good(evil@example.org)@example.org',
];

describe('isMailAddress', () => {
  describe('when it is a bare address', () => {
    it.each([
      'ada@example.org',
      'ada.lovelace+reseal@mail.example.org',
      "o'neil@example.org",
      'a@b',
      'ADA_1=x@EXAMPLE.org',
      `${'a'.repeat(64)}@example.org`,
      'ada@xn--bcher-kva.example',
    ])('returns true for %s', (text) => expect(isMailAddress(text)).toBe(true));
  });

  describe('when it is none, or more than one', () => {
    it.each([
      ...INJECTIONS,
      '',
      'ada',
      '@example.org',
      'ada@',
      'ada@@example.org',
      '.ada@example.org',
      'ada.@example.org',
      'a..b@example.org',
      'ada@example..org',
      'ada@.example.org',
      'ada@example.org.',
      'ada@-example.org',
      'ada@example-.org',
      ' ada@example.org',
      'ada@example.org ',
      'ada@exämple.org',
      `${'a'.repeat(65)}@example.org`,
      `ada@${'a'.repeat(64)}.org`,
    ])('returns false for %j', (text) => expect(isMailAddress(text)).toBe(false));
  });
});

describe('parseSender', () => {
  describe('when it is a bare address', () => {
    it('returns it without a name', () => {
      expect(parseSender('reseal@example.org')).toEqual({ name: undefined, address: 'reseal@example.org' });
    });
  });

  describe('when it is a name and an address', () => {
    it.each([
      ['reseal <reseal@example.org>', 'reseal'],
      ['The Release Team   <reseal@example.org>', 'The Release Team'],
      ['Zoë 🔑 <reseal@example.org>', 'Zoë 🔑'],
      ['reseal<reseal@example.org>', 'reseal'],
    ])('returns both of %s', (text, name) => {
      expect(parseSender(text)).toEqual({ name, address: 'reseal@example.org' });
    });
  });

  describe('when it could be read as more than one sender or header', () => {
    it.each([
      ...INJECTIONS.filter((text) => text !== 'Good <good@example.org>'),
      'a, b <reseal@example.org>',
      '"reseal" <reseal@example.org>',
      'reseal\r\nBcc: evil@example.org <reseal@example.org>',
      'reseal\t<reseal@example.org>\n',
      'reseal <reseal@example.org> <evil@example.org>',
      'reseal <a@example.org,b@example.org>',
      'reseal <>',
      'reseal',
      `${'x'.repeat(101)} <reseal@example.org>`,
    ])('returns undefined for %j', (text) => expect(parseSender(text)).toBeUndefined());
  });
});
