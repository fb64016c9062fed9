import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { feedAddressPath, readFeedAddress, renewFeedAddress } from '../../src/calendar-feed.ts';
import {
  ADDRESS_BYTES,
  addressIn,
  feedPath,
  isAddress,
  isSameAddress,
  makeAddress,
} from '../../src/web/feed.ts';
import { makeFolder } from '../support/database.ts';

function bytes(fill: number): Buffer {
  return Buffer.alloc(ADDRESS_BYTES, fill);
}

describe('the address of the calendar', () => {
  it('holds 256 bits of chance, in a path of its own', () => {
    expect(ADDRESS_BYTES * 8).toBe(256);
    const address = makeAddress(bytes(0xfb));
    expect(Buffer.from(address, 'base64url')).toEqual(bytes(0xfb));
    expect(isAddress(address)).toBe(true);
    expect(addressIn(feedPath(address))).toBe(address);
  });

  it('is in no other path', () => {
    const path = feedPath(makeAddress(bytes(1)));
    const others = [`${path}/`, path.slice(0, -1), path.slice(1), `/x${path}`, `${path}?x`, `${path}\n`];
    for (const other of [...others, '/calendar/.ics', '/', '/calendar/../metrics'])
      expect(addressIn(other), other).toBeUndefined();
  });

  it('is the same as itself alone', () => {
    const address = makeAddress(bytes(1));
    expect(isSameAddress(address, makeAddress(bytes(1)))).toBe(true);
    for (const other of [makeAddress(bytes(2)), '', address.slice(1), `${address}A`, address.toLowerCase()])
      expect(isSameAddress(address, other)).toBe(false);
  });
});

describe('the file that holds it', () => {
  const world = (fill: number) => ({ randomBytes: (size: number) => Buffer.alloc(size, fill) });

  it('is there once an address was made, for its owner alone, and holds another after another', () => {
    const places = { dataDir: makeFolder() };
    expect(readFeedAddress(places)).toBeUndefined();
    const first = renewFeedAddress(places, world(1));
    expect(readFeedAddress(places)).toBe(first);
    expect(statSync(feedAddressPath(places)).mode & 0o777).toBe(0o600);
    const second = renewFeedAddress(places, world(2));
    expect(second).not.toBe(first);
    expect(readFeedAddress(places)).toBe(second);
  });

  it('is refused where others can read it, or where it holds something else, and not shown', () => {
    const places = { dataDir: makeFolder() };
    const address = renewFeedAddress(places, world(1));
    const path = feedAddressPath(places);
    chmodSync(path, 0o644);
    const open = () => readFeedAddress(places);
    expect(open).toThrow('can be read by others');
    expect(open).not.toThrow(address);
    chmodSync(path, 0o600);
    writeFileSync(path, `${address}${address}\n`);
    expect(open).toThrow('holds no address');
  });

  it('says why it cannot be written', () => {
    const places = { dataDir: `${makeFolder()}/absent` };
    expect(() => renewFeedAddress(places, world(1))).toThrow('cannot be written (ENOENT)');
  });
});
