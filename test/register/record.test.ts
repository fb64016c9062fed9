import { describe, expect, it } from 'vitest';
import { parseInstant } from '../../src/domain/calendar.ts';
import type { NewVersion } from '../../src/domain/credential.ts';
import type { RecordRequest } from '../../src/register/record.ts';
import { describeAdopted } from '../../src/register/record.ts';
import { aDeclaration, NOW } from '../support/builders.ts';

const DECLARED = aDeclaration({ lifetime: '365d' });
const UNDECLARED = aDeclaration({ lifetime: undefined });

function known(at: string, source: 'entered' | 'computed'): NewVersion['expiry'] {
  return { kind: 'known', at: parseInstant(at), source };
}

describe('describeAdopted', () => {
  describe('when the expiry is stated', () => {
    it('takes it as entered, and the lead times from the declared lifetime', () => {
      expect(describeAdopted({ expires: '2027-06-01' }, DECLARED, NOW)).toEqual({
        expiry: known('2027-06-01', 'entered'),
        lifetimeDays: 365,
        createdAt: undefined,
        checked: 'not-asked',
      });
    });

    it('knows no lifetime where none is declared', () => {
      expect(describeAdopted({ expires: '2027-06-01' }, UNDECLARED, NOW).lifetimeDays).toBeUndefined();
    });

    it('counts the lifetime from the creation where that is stated too', () => {
      const version = describeAdopted({ created: '2026-09-01', expires: '2026-11-30' }, DECLARED, NOW);
      expect(version).toMatchObject({ lifetimeDays: 90, createdAt: parseInstant('2026-09-01') });
    });

    it('takes one that has expired already: it is what the person must be told of', () => {
      expect(describeAdopted({ expires: '2026-11-01' }, DECLARED, NOW).expiry).toEqual(
        known('2026-11-01', 'entered'),
      );
    });
  });

  describe('when the creation and a lifetime are stated', () => {
    it.each([
      ['2026-06-01', '365d', '2027-06-01', 365],
      ['2026-06-01', '90d', '2026-08-30', 90],
      ['2024-02-29', '3y', '2027-02-28', 1095],
      ['2026-11-23', '1y', '2027-11-23', 365],
    ])('computes %s over %s to %s, and says that it is computed', (created, lifetime, at, days) => {
      expect(describeAdopted({ created, lifetime }, UNDECLARED, NOW)).toEqual({
        expiry: known(at, 'computed'),
        lifetimeDays: days,
        createdAt: parseInstant(created),
        checked: 'not-asked',
      });
    });
  });

  describe('when the creation alone is stated', () => {
    it('takes the declared lifetime', () => {
      expect(describeAdopted({ created: '2026-06-01' }, DECLARED, NOW).expiry).toEqual(
        known('2027-06-01', 'computed'),
      );
    });

    it('refuses where none is declared, and says what to add', () => {
      expect(() => describeAdopted({ created: '2026-06-01' }, UNDECLARED, NOW)).toThrow(
        expect.objectContaining({
          code: 'invalid_input',
          hints: [expect.stringContaining('--lifetime 365d')],
        }),
      );
    });
  });

  describe('when it never expires', () => {
    it.each([{ never: true }, { never: true, created: '2026-06-01' }])(
      'takes it as entered (%j)',
      (request) => {
        const version = describeAdopted(request, DECLARED, NOW);
        expect(version.expiry).toEqual({ kind: 'never', source: 'entered' });
        expect(version.lifetimeDays).toBeUndefined();
      },
    );
  });

  describe('when the statements contradict each other, or make no sense', () => {
    it.each<[RecordRequest, string]>([
      [{}, 'nothing says when it expires'],
      [{ never: false }, 'nothing says when it expires'],
      [{ lifetime: '365d' }, 'nothing says when it expires'],
      [{ expires: '2027-06-01', never: true }, 'contradict'],
      [{ lifetime: '365d', never: true }, 'contradict'],
      [{ expires: '2027-06-01', lifetime: '365d' }, 'the same thing twice'],
      [{ created: '2026-06-01', expires: '2027-06-01', lifetime: '365d' }, 'the same thing twice'],
      [{ created: '2026-11-24', lifetime: '365d' }, 'lies in the future'],
      [{ created: '2026-06-01', expires: '2026-06-01' }, '--expires lies before --created'],
      [{ created: '2026-06-01', expires: '2026-05-01' }, '--expires lies before --created'],
      [{ expires: '2027-02-30' }, 'is not a date'],
      [{ expires: '1 June 2027' }, 'is not a date'],
      [{ created: 'yesterday', lifetime: '365d' }, 'is not a date'],
      [{ created: '2026-06-01', lifetime: '1 year' }, 'is not a lifetime'],
      [{ expires: '2037-06-01' }, 'more than ten years away'],
      [{ expires: '9999-12-31' }, 'more than ten years away'],
      [{ expires: '2016-06-01' }, 'more than ten years away'],
      [{ created: '2026-06-01', lifetime: '11y' }, 'more than ten years away'],
    ])('refuses %j: %s', (request, words) => {
      expect(() => describeAdopted(request, DECLARED, NOW)).toThrow(
        expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining(words) }),
      );
    });
  });
});
