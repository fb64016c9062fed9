import { describe, expect, it } from 'vitest';
import type { Declaration } from '../../src/domain/credential.ts';
import { planRegister } from '../../src/register/register.ts';
import { aDeclaration, aStored, DESTINATION, NOW } from '../support/builders.ts';

const known = (overrides: Partial<Declaration> = {}) => aStored({ declaration: aDeclaration(overrides) });

describe('planRegister', () => {
  describe('when a credential is new', () => {
    it('adds it', () => {
      const declaration = aDeclaration();
      expect(planRegister([declaration], [])).toEqual([{ kind: 'add', declaration }]);
    });
  });

  describe('when nothing differs', () => {
    it('changes nothing, also after a way through JSON that drops what is undefined', () => {
      const declaration = aDeclaration({ purpose: undefined, lifetime: undefined });
      const stored = aStored({ declaration: JSON.parse(JSON.stringify(declaration)) as Declaration });
      expect(planRegister([declaration], [stored])).toEqual([]);
    });
  });

  describe('when a declaration changed', () => {
    it.each<[keyof Declaration, Partial<Declaration>]>([
      ['kind', { kind: 'generic' }],
      ['owner', { owner: 'grace' }],
      ['purpose', { purpose: undefined }],
      ['lifetime', { lifetime: '90d' }],
      ['nameAtIssuer', { nameAtIssuer: 'other' }],
      ['scopes', { scopes: ['yank'] }],
      ['planned', { planned: true }],
      ['destinations', { destinations: [{ ...DESTINATION, environment: 'staging' }] }],
    ])('names %s', (field, overrides) => {
      const declaration = aDeclaration(overrides);
      expect(planRegister([declaration], [known()])).toEqual([
        { kind: 'change', declaration, changed: [field] },
      ]);
    });

    it('names all that differ, sorted', () => {
      const [change] = planRegister([aDeclaration({ owner: 'grace', kind: 'generic' })], [known()]);
      expect(change).toMatchObject({ kind: 'change', changed: ['kind', 'owner'] });
    });
  });

  describe('when a credential left the file', () => {
    it('lets it vanish once, and never removes it', () => {
      expect(planRegister([], [known()])).toEqual([{ kind: 'vanish', name: 'crates-io' }]);
      expect(planRegister([], [{ ...known(), declared: false }])).toEqual([]);
    });
  });

  describe('when it comes back', () => {
    it('lets it return, with what the file says now', () => {
      const declaration = aDeclaration({ owner: 'grace' });
      expect(planRegister([declaration], [{ ...known(), declared: false }])).toEqual([
        { kind: 'return', declaration },
      ]);
    });
  });

  describe('when several things happened', () => {
    it('tells each, in the order of the file', () => {
      const changes = planRegister(
        [aDeclaration({ name: 'new' }), aDeclaration({ name: 'kept', owner: 'grace' })],
        [known({ name: 'gone' }), known({ name: 'kept' }), aStored({ retiredAt: NOW })],
      );
      expect(changes.map((change) => change.kind)).toEqual(['add', 'change', 'vanish', 'vanish']);
    });
  });
});
