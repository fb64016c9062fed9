import { describe, expect, it } from 'vitest';
import { findKind, KINDS } from '../../src/kinds/catalogue.ts';
import { MAX_SECRET_BYTES } from '../../src/kinds/format.ts';
import { aDeclaration } from '../support/builders.ts';

describe('findKind', () => {
  it('finds each by its id, and nothing else', () => {
    for (const kind of KINDS) expect(findKind(kind.id)).toBe(kind);
    expect(findKind('Crates-IO-Token')).toBeUndefined();
    expect(findKind('constructor')).toBeUndefined();
  });
});

describe('KINDS', () => {
  it('has one entry an id', () => {
    expect(new Set(KINDS.map(({ id }) => id)).size).toBe(KINDS.length);
  });

  describe.each(KINDS.map((kind) => [kind.id, kind] as const))('%s', (_id, kind) => {
    it('refuses what is empty, and what is larger than GitHub stores', () => {
      expect(kind.checkFormat(new Uint8Array())).toEqual(['nothing was pasted']);
      expect(kind.checkFormat(new Uint8Array(MAX_SECRET_BYTES + 1).fill(0x61))).toHaveLength(1);
    });

    it('says in words what breaks and what to do', () => {
      expect(kind.breaks).not.toBe('');
      const steps = kind.steps(aDeclaration());
      expect(steps.length).toBeGreaterThan(0);
      for (const step of steps) expect(step).toMatch(/^[A-Z].*\.$/);
    });

    it('links over https alone', () => {
      for (const page of Object.values(kind.pages ?? {})) expect(page).toMatch(/^https:\/\//);
    });
  });

  it.each([
    ['crates-io-token', { presets: [7, 30, 60, 90, 365], custom: true, never: true }],
    ['certificate', { presets: [], custom: true, never: false }],
    ['generic', { presets: [], custom: true, never: true }],
    ['github-token', { presets: [7, 30, 60, 90, 365], custom: true, never: true }],
  ])('offers for %s the lifetimes that its issuer offers', (id, lifetimes) => {
    expect(findKind(id)?.lifetimes).toEqual(lifetimes);
  });

  it('says of a crates.io token that the old one lives on until it is revoked', () => {
    expect(findKind('crates-io-token')?.afterwards).toContain('stays alive until it is revoked');
  });

  it('leaves the form of a certificate and of an unknown credential to its owner, up to the very limit', () => {
    const pem = new TextEncoder().encode('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n');
    const largest = new Uint8Array(MAX_SECRET_BYTES).fill(0x61);
    for (const id of ['certificate', 'generic']) {
      expect(findKind(id)?.checkFormat(pem)).toEqual([]);
      expect(findKind(id)?.checkFormat(largest)).toEqual([]);
    }
  });
});
