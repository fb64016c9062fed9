import { describe, expect, it } from 'vitest';
import { similarNames } from '../../src/register/similar.ts';
import { daysFromNow } from '../support/builders.ts';

const SINCE = daysFromNow(-1);
const old = (name: string) => ({ name, updatedAt: daysFromNow(-90) });
const fresh = (name: string) => ({ name, updatedAt: daysFromNow(-0.5) });

describe('similarNames', () => {
  it.each([
    ['CRATES_IO_TOKEN', 'CRATES_TOKEN'],
    ['CRATES_IO_TOKEN', 'CRATESIO'],
    ['CRATES_IO_TOKEN', 'crates_io_token_2'],
    ['CARGO_REGISTRY_TOKEN', 'CARGO_TOKEN'],
    ['CARGO_REGISTRY_TOKEN', 'REGISTRY_PASSWORD'],
  ])('B24: returns, for %s that is gone, %s', (secret, name) => {
    expect(similarNames(secret, [old(name)], SINCE)).toEqual([name]);
  });

  it.each([
    ['NPM_TOKEN', 'a word that half of all secrets have'],
    ['PASSWORD', 'nothing in common'],
    ['IO_KEY', 'two letters'],
    ['crates_io_token', 'itself'],
  ])('leaves out %s, which shares %s', (name) => {
    expect(similarNames('CRATES_IO_TOKEN', [old(name)], SINCE)).toEqual([]);
  });

  it('B24: takes a common word for enough where it was written since the lost one was last seen', () => {
    const names = [old('A_TOKEN'), fresh('PUBLISH_TOKEN'), fresh('PASSWORD')];
    expect(similarNames('CRATES_IO_TOKEN', names, SINCE)).toEqual(['PUBLISH_TOKEN']);
    expect(similarNames('CRATES_IO_TOKEN', names, undefined)).toEqual([]);
  });

  it('returns five at most, the likeliest first', () => {
    const names = [...'FEDCBA'].map((letter) => old(`CRATES_${letter}`));
    const found = similarNames('CRATES_IO_TOKEN', [...names, fresh('CRATES_Z')], SINCE);
    expect(found).toEqual(['CRATES_Z', 'CRATES_A', 'CRATES_B', 'CRATES_C', 'CRATES_D']);
  });
});
