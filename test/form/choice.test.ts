import { describe, expect, it } from 'vitest';
import { offeredOptions, readChoice } from '../../src/form/choice.ts';
import { buildCard, NOW } from '../support/form.ts';
import { CERTIFICATE_CARD, OBSERVED_CARD, SOMETIMES_READ_CARD } from '../support/form-states.ts';

const CARD = buildCard();
const FOUND = { kind: 'chosen', expiration: { kind: 'found' } };

function choose(expiration?: string, expiresOn?: string, card = CARD) {
  return readChoice({ expiration, expiresOn, unchecked: false }, card, NOW);
}

describe('offeredOptions', () => {
  describe('when the issuer offers everything', () => {
    it('returns presets, a date, and no expiration, in this order', () => {
      const labels = offeredOptions(CARD).map((option) => option.label);
      expect(labels).toEqual([
        '7 days',
        '30 days',
        '60 days',
        '90 days',
        '365 days',
        'Another date',
        'No expiration',
      ]);
    });
  });

  describe('when nothing is known of the issuer', () => {
    it('returns a date, since there must be an answer', () => {
      const card = buildCard({ presets: [], customDate: false, never: false });
      expect(offeredOptions(card)).toEqual([{ value: 'date', label: 'Another date' }]);
    });
  });

  describe('when the issuer offers presets only', () => {
    it('returns no more than these', () => {
      const card = buildCard({ presets: [1], customDate: false, never: false });
      expect(offeredOptions(card)).toEqual([{ value: '1d', label: '1 day' }]);
    });
  });
});

describe('readChoice', () => {
  describe('when the answer is one of those offered', () => {
    it('returns the days, with the empty date field that comes along', () => {
      expect(choose('365d', '')).toEqual({ kind: 'chosen', expiration: { kind: 'days', days: 365 } });
    });

    it('returns never', () => {
      expect(choose('never', '')).toEqual({ kind: 'chosen', expiration: { kind: 'never' } });
    });

    it.each(['2026-11-24', '2028-02-29', '2036-11-23'])('returns the date %s', (date) => {
      expect(choose('date', date)).toEqual({ kind: 'chosen', expiration: { kind: 'date', date } });
    });
  });

  describe('when a date is filled in beside another answer', () => {
    it.each(['365d', 'never'])('returns a problem beside %s: nobody knows which one holds', (expiration) => {
      expect(choose(expiration, '2027-06-01')).toMatchObject({ kind: 'problem', field: 'expires-on' });
    });
  });

  describe('when the answer is missing', () => {
    it('returns a problem: nothing is assumed', () => {
      expect(choose(undefined, '')).toMatchObject({ kind: 'problem', field: 'expiration' });
    });
  });

  describe('when the date cannot be right', () => {
    it.each([
      ['', 'Enter the date'],
      ['2026-02-30', 'not a date'],
      ['2027-1-1', 'not a date'],
      ['01/06/2027', 'not a date'],
      ['2027-06-01T00:00:00Z', 'not a date'],
      ['2026-11-23', 'in the past'],
      ['2020-01-01', 'in the past'],
      ['2036-11-24', 'ten years'],
      ['9999-12-31', 'ten years'],
    ])('returns a problem for %j', (date, words) => {
      const choice = choose('date', date);
      expect(choice).toMatchObject({ kind: 'problem', field: 'expires-on' });
      expect(choice).toHaveProperty('reason', expect.stringContaining(words));
    });
  });

  describe('when the page could not have sent it', () => {
    it.each(['8d', '365', 'Never', '', 'stated'])('returns foreign for %j', (expiration) => {
      expect(choose(expiration)).toEqual({ kind: 'foreign' });
    });

    it('returns foreign for never where the issuer does not offer it', () => {
      expect(choose('never', '', buildCard({ never: false }))).toEqual({ kind: 'foreign' });
    });
  });

  describe('when the command line has said it already', () => {
    const stated = buildCard({ statedExpiry: '2027-06-01' });

    it('returns stated, and offers nothing', () => {
      expect(choose(undefined, undefined, stated)).toEqual({
        kind: 'chosen',
        expiration: { kind: 'stated' },
      });
      expect(offeredOptions(stated)).toEqual([]);
    });

    it('returns foreign for any answer', () => {
      expect(choose('365d', undefined, stated)).toEqual({ kind: 'foreign' });
    });
  });

  describe('when the credential says it itself', () => {
    it('returns found, and offers nothing', () => {
      expect(choose(undefined, undefined, CERTIFICATE_CARD)).toEqual(FOUND);
      expect(offeredOptions(CERTIFICATE_CARD, 'unchecked')).toEqual([]);
    });

    it.each([
      ['365d', undefined],
      ['found', undefined],
      [undefined, ''],
    ])('returns foreign for the answer %j beside the date %j', (expiration, expiresOn) => {
      expect(choose(expiration, expiresOn, CERTIFICATE_CARD)).toEqual({ kind: 'foreign' });
    });

    it('returns stated all the same where the command line has said it', () => {
      const card = { ...CERTIFICATE_CARD, statedExpiry: '2027-06-01' };
      expect(choose(undefined, undefined, card)).toEqual({ kind: 'chosen', expiration: { kind: 'stated' } });
    });
  });

  describe('when some of its kind say it themselves', () => {
    it('offers that first, beside everything else', () => {
      const [first, ...others] = offeredOptions(SOMETIMES_READ_CARD);
      expect(first).toEqual({ value: 'found', label: 'As the key itself says' });
      expect(others).toEqual(offeredOptions(CARD));
    });

    it('offers a date beside it where nothing else is known', () => {
      const card = { ...SOMETIMES_READ_CARD, presets: [], customDate: false, never: false };
      expect(offeredOptions(card).map(({ value }) => value)).toEqual(['found', 'date']);
    });

    it('returns found for that answer, the days for another, and a problem for none', () => {
      expect(choose('found', '', SOMETIMES_READ_CARD)).toEqual(FOUND);
      expect(choose('365d', '', SOMETIMES_READ_CARD)).toMatchObject({
        expiration: { kind: 'days', days: 365 },
      });
      expect(choose(undefined, '', SOMETIMES_READ_CARD)).toMatchObject({
        kind: 'problem',
        field: 'expiration',
      });
    });

    it('returns a problem for a date beside it', () => {
      expect(choose('found', '2027-06-01', SOMETIMES_READ_CARD)).toMatchObject({ field: 'expires-on' });
    });

    it('is offered of no other kind', () => {
      expect(choose('found')).toEqual({ kind: 'foreign' });
    });
  });

  describe('when its issuer says it in the live check', () => {
    const without = (expiration?: string, expiresOn = '', unchecked = true) =>
      readChoice({ expiration, expiresOn, unchecked }, OBSERVED_CARD, NOW, 'unchecked');

    it('returns found, and takes no answer', () => {
      expect(choose(undefined, undefined, OBSERVED_CARD)).toEqual(FOUND);
      expect(choose('365d', '', OBSERVED_CARD)).toEqual({ kind: 'foreign' });
    });

    it('asks where it may be stored without the check, and wants an answer for that', () => {
      expect(offeredOptions(OBSERVED_CARD, 'unchecked')).toEqual(offeredOptions(CARD));
      expect(without('90d')).toMatchObject({ expiration: { kind: 'days', days: 90 } });
      expect(without('date', '2027-06-01')).toMatchObject({ expiration: { kind: 'date' } });
      expect(without()).toMatchObject({ kind: 'problem', field: 'expiration' });
      expect(without('8d')).toEqual({ kind: 'foreign' });
    });

    it('needs none where the check is made again', () => {
      expect(without(undefined, '', false)).toEqual(FOUND);
      expect(without('90d', '', false)).toMatchObject({ expiration: { kind: 'days' } });
      expect(without('8d', '', false)).toEqual({ kind: 'foreign' });
    });
  });

  describe('when nothing has said it that should have', () => {
    it.each([
      ['its issuer', OBSERVED_CARD],
      ['the credential itself', { ...CERTIFICATE_CARD, presets: [7] }],
    ])('asks a person in the place of %s, and wants an answer', (_who, card) => {
      const ask = (expiration?: string) =>
        readChoice({ expiration, expiresOn: '', unchecked: false }, card, NOW, 'undated');
      expect(ask('7d')).toMatchObject({ expiration: { kind: 'days', days: 7 } });
      expect(ask()).toMatchObject({ kind: 'problem', field: 'expiration' });
    });
  });
});
