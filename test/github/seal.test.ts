import sodium from 'libsodium-wrappers';
import { open as openWithTweetnacl } from 'tweetnacl-sealedbox-js';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeKey, seal } from '../../src/github/seal.ts';
import { secretOf, TOKEN } from '../support/stand-ins.ts';

let pair: { publicKey: Uint8Array; privateKey: Uint8Array };

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** Cr.yp.to, "Curve25519: contributory behaviour", and what two of them are when not reduced. */
const LOW_ORDER = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
];

describe('seal', () => {
  beforeAll(async () => {
    await sodium.ready;
    pair = sodium.crypto_box_keypair();
  });

  describe('when the key is a good one', () => {
    it('returns a box that an independent implementation opens to just the pasted bytes', async () => {
      const sealed = Buffer.from(await seal(secretOf(TOKEN), base64(pair.publicKey)), 'base64');
      const opened = openWithTweetnacl(sealed, pair.publicKey, pair.privateKey);
      expect(Buffer.from(opened ?? []).toString()).toBe(TOKEN);
    });

    it('returns padded standard base64 of the token and 48 bytes', async () => {
      const sealed = await seal(secretOf(TOKEN), base64(pair.publicKey));
      expect(sealed).toMatch(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
      expect(Buffer.from(sealed, 'base64')).toHaveLength(TOKEN.length + 48);
    });

    it('returns another box each time', async () => {
      const key = base64(pair.publicKey);
      expect(await seal(secretOf(TOKEN), key)).not.toBe(await seal(secretOf(TOKEN), key));
    });

    it('leaves the token for a second box', async () => {
      const token = secretOf(TOKEN);
      await seal(token, base64(pair.publicKey));
      expect(Buffer.from(token.reveal()).toString()).toBe(TOKEN);
    });

    it('takes any bytes, up to the largest that GitHub stores', async () => {
      const token = secretOf('\u{1F511}'.repeat(12_288));
      const sealed = Buffer.from(await seal(token, base64(pair.publicKey)), 'base64');
      expect(openWithTweetnacl(sealed, pair.publicKey, pair.privateKey)).toEqual(token.reveal());
      expect(sealed).toHaveLength(49_200);
    });
  });

  describe('when the key is no usable one', () => {
    it.each([31, 33, 0])('refuses %i bytes', async (length) => {
      const key = base64(new Uint8Array(length).fill(7));
      await expect(seal(secretOf(TOKEN), key)).rejects.toThrow('not 32 usable bytes');
    });

    it('refuses one of zeros', async () => {
      await expect(seal(secretOf(TOKEN), base64(new Uint8Array(32)))).rejects.toThrow('not 32 usable bytes');
    });

    // With each of these, libsodium itself would fail: it must not come to that after a paste.
    it.each(LOW_ORDER)('refuses the point of small order %s, with its top bit set too', async (hex) => {
      const key = Buffer.from(hex, 'hex');
      expect(decodeKey(base64(key))).toBeUndefined();
      expect(() => sodium.crypto_box_seal('x', key)).toThrow();
      key[31] = (key[31] ?? 0) | 0x80;
      expect(decodeKey(base64(key))).toBeUndefined();
    });
  });
});

describe('decodeKey', () => {
  it.each([
    ['text that is no base64', 'not base64 at all!'],
    ['nothing', ''],
    ['base64url', `${'-_'.repeat(21)}A=`],
    ['a key without its padding', base64(new Uint8Array(32).fill(9)).replace('=', '')],
    ['bits that belong to no byte', base64(new Uint8Array(32).fill(9)).replace(/.=$/, 'l=')],
    ['a key with a line break', `${base64(new Uint8Array(32).fill(9))}\n`],
  ])('returns nothing for %s', (_, text) => {
    expect(decodeKey(text)).toBeUndefined();
  });

  it('returns the 32 bytes of a key', () => {
    expect(decodeKey(base64(new Uint8Array(32).fill(9)))).toEqual(Buffer.alloc(32, 9));
  });
});
