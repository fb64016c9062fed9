import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMacaroon } from '../../src/kinds/macaroon.ts';
import { readRestrictions } from '../../src/kinds/pypi-caveats.ts';
import { SEED } from '../support/builders.ts';
import { macaroonOf } from '../support/tokens.ts';

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const GOOD = macaroonOf('pypi.org', [[1, ['widgets']], 'free text'], { identifier: 'an id' });
const changed = (at: number, byte: number) => {
  const bytes = Uint8Array.from(GOOD);
  bytes[at] = byte;
  return bytes;
};
/** Version 2 as libmacaroons packs it: type, length, content; 0 ends a section. */
const packed = (...packets: readonly (readonly [number, Uint8Array | string] | 0)[]) =>
  Buffer.concat([
    Buffer.of(2),
    ...packets.map((one) => {
      if (one === 0) return Buffer.of(0);
      const content = Buffer.from(one[1]);
      return Buffer.concat([Buffer.of(one[0], content.length), content]);
    }),
  ]);
const SIGNATURE = [6, new Uint8Array(32).fill(7)] as const;

describe('readMacaroon', () => {
  it('reads its location and its caveats, in their order', () => {
    const macaroon = readMacaroon(GOOD);
    if (typeof macaroon === 'string') throw new Error(macaroon);
    expect(text(macaroon.location)).toBe('pypi.org');
    expect(macaroon.caveats.map(({ condition }) => text(condition))).toEqual([
      '[1,["widgets"]]',
      'free text',
    ]);
    expect(macaroon.caveats.every(({ thirdParty }) => !thirdParty)).toBe(true);
  });

  it('reads one without location and caveats, and one whose caveat is long', () => {
    expect(readMacaroon(packed([2, 'id'], 0, 0, SIGNATURE))).toEqual({ location: undefined, caveats: [] });
    const long = readMacaroon(macaroonOf('pypi.org', ['x'.repeat(20_000)]));
    expect(typeof long === 'string' ? long : long.caveats[0]?.condition.length).toBe(20_000);
  });

  it('tells the caveat of a third party', () => {
    const bytes = packed([2, 'id'], 0, [1, 'elsewhere'], [2, 'who'], [4, 'key'], 0, 0, SIGNATURE);
    expect(readMacaroon(bytes)).toMatchObject({ caveats: [{ thirdParty: true }] });
  });

  it.each([
    ['empty', new Uint8Array(), 'is empty'],
    ['of another version', changed(0, 1), 'not a macaroon of version 2'],
    ['JSON', new TextEncoder().encode('{"v":2}'), 'not a macaroon of version 2'],
    ['only a version', GOOD.subarray(0, 1), 'is cut off'],
    ['without its last byte', GOOD.subarray(0, -1), 'is cut off'],
    ['without its signature', GOOD.subarray(0, -34), 'is cut off'],
    ['of a length that is too large', changed(2, 0xff), 'is cut off'],
    ['of a length without end', packed([2, new Uint8Array(0)]).fill(0xff, 2), 'is cut off'],
    ['without an identifier', packed([1, 'a'], 0, 0, SIGNATURE), 'parts that do not belong'],
    ['of fields in another order', packed([2, 'id'], [1, 'a'], 0, 0, SIGNATURE), 'parts that do not belong'],
    ['of a field twice', packed([2, 'id'], [2, 'id'], 0, 0, SIGNATURE), 'parts that do not belong'],
    [
      'of a field that is not known',
      packed([2, 'id'], [3, 'x'], 0, 0, SIGNATURE),
      'parts that do not belong',
    ],
    ['followed by something', Buffer.concat([GOOD, Buffer.of(0)]), 'parts that do not belong'],
    ['signed twice', packed([2, 'id'], 0, 0, SIGNATURE, SIGNATURE), 'parts that do not belong'],
    ['without a header', packed(0, 0, SIGNATURE), 'parts that do not belong'],
    ['ended too early', packed([2, 'id'], 0, 0, [2, 'more'], 0, 0, SIGNATURE), 'no right signature'],
    ['signed in short', packed([2, 'id'], 0, 0, [6, 'short']), 'no right signature'],
  ])('says of what is %s why it is none', (_, bytes, reason) => {
    expect(readMacaroon(bytes)).toContain(reason);
  });

  it('never throws for what was damaged, and its reason is one of few', () => {
    const damage = fc.array(fc.tuple(fc.nat(GOOD.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const cut = fc.nat(GOOD.length);
    fc.assert(
      fc.property(damage, cut, (changes, end) => {
        const bytes = Uint8Array.from(GOOD);
        for (const [at, byte] of changes) bytes[at] = byte;
        for (const one of [bytes, bytes.subarray(0, end)]) {
          const found = readMacaroon(one);
          if (typeof found === 'string') expect(found).toMatch(/^(is|has) [a-z0-9 ]+$/);
          else expect(readRestrictions(found.caveats).unknown).toBeGreaterThanOrEqual(0);
        }
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });
});
