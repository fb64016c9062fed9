import { describe, expect, it } from 'vitest';
import { childrenOf, identifierOf, integerOf, octetsOf, readElement } from '../../src/x509/der.ts';

const element = (hex: string) => readElement(Buffer.from(hex, 'hex'));
const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');

describe('readElement', () => {
  it.each([
    ['a short length', '0401ff', 3],
    ['a long length', `04820100${'ab'.repeat(256)}`, 260],
    ['a length that is left open', '30800401000000', 7],
    ['one within another, both left open', '3080308004010000000000', 11],
    ['something behind it', '0401ff0401ff', 3],
  ])('reads %s', (_, text, size) => {
    expect(element(text)?.size).toBe(size);
  });

  it.each([
    ['nothing', ''],
    ['a tag alone', '30'],
    ['less than its length says', '0405ff'],
    ['a length of five bytes', '04850000000001ff'],
    ['half a length', '048201'],
    ['a long tag', '1f8101ff'],
    ['a plain value without a length', '0480ff0000'],
    ['no end of what is left open', '3080040100'],
    ['what is nested a hundred deep', '3080'.repeat(100) + '0000'.repeat(100)],
  ])('reads no element of %s', (_, text) => {
    expect(element(text)).toBeUndefined();
  });
});

describe('what is in an element', () => {
  it('is its children, or nothing where something else stands among them', () => {
    expect(childrenOf(element('3006020101020102')).map(integerOf)).toEqual([1, 2]);
    expect(childrenOf(element('30060201010201'))).toEqual([]);
    expect(childrenOf(element('300402010104'))).toEqual([]);
    expect(childrenOf(undefined)).toEqual([]);
  });

  it('is the bytes of an octet string, also of one in pieces', () => {
    expect(hex(octetsOf(element('0402abcd')))).toBe('abcd');
    expect(hex(octetsOf(element('24080402abcd0402ef01')))).toBe('abcdef01');
    expect(octetsOf(element('24030201ab'))).toBeUndefined();
    expect(octetsOf(element('3000'))).toBeUndefined();
  });

  it('is an object identifier', () => {
    expect(identifierOf(element('06092a864886f70d010701'))).toBe('1.2.840.113549.1.7.1');
    expect(identifierOf(element('0603550403'))).toBe('2.5.4.3');
    expect(identifierOf(element('0603883703'))).toBe('2.999.3');
    expect(identifierOf(element('020101'))).toBe('');
  });

  it('is a number that is not negative', () => {
    expect(integerOf(element('02030186a0'))).toBe(100_000);
    expect(integerOf(element('0201ff'))).toBeUndefined();
    expect(integerOf(element('0200'))).toBeUndefined();
    expect(integerOf(element('020701000000000000'))).toBeUndefined();
  });
});
