import { describe, expect, it } from 'vitest';
import { notices } from '../../src/form/notices.ts';
import { formPage } from '../../src/form/page.ts';
import type { RotationCard } from '../../src/rotate/rotation.ts';
import { buildCard } from '../support/form.ts';
import { completing, LEAKED } from '../support/form-states.ts';

function page(card: RotationCard): string {
  return formPage({
    card,
    nonce: 'NONCE',
    minutesLeft: 10,
    maxTokenBytes: 1024,
    problems: [],
    chosen: { expiration: undefined, expiresOn: undefined, unchecked: false },
    offerUnchecked: false,
    anyway: 'no',
  }).text;
}

describe('notices', () => {
  describe('when nothing is unusual', () => {
    it('says nothing', () => {
      expect(notices(buildCard()).text).toBe('');
    });
  });

  describe('when the credential has leaked', () => {
    const text = page(buildCard({ alarm: LEAKED }));

    it('says so before anything else, with its steps in their order', () => {
      const parts = [
        'This credential has leaked',
        'Revoke the old one',
        'Make the new one',
        'Then look through',
      ];
      const places = [...parts, 'Jobs that wait', 'K7QX4M', 'id="token"'].map((part) => text.indexOf(part));
      expect(places).not.toContain(-1);
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(text).toContain('<title>Leaked: cargo-publish · reseal</title>');
    });

    it('links to pages that do not learn the address', () => {
      expect(text).toContain('<a href="https://crates.io/settings/tokens" rel="noreferrer" target="_blank">');
    });

    it('links to no address but http and https', () => {
      const steps = [{ text: 'a', link: 'javascript:alert(1)' }, { text: 'b' }];
      expect(notices(buildCard({ alarm: { standing: 'leaked', steps } })).text).not.toMatch(/javascript|<a /);
    });
  });

  describe('when the credential is revoked', () => {
    it('says so, and a single step without a number', () => {
      const { text } = notices(
        buildCard({ alarm: { standing: 'revoked', steps: [{ text: 'Make a new one.' }] } }),
      );
      expect(text).toContain('This credential is revoked');
      expect(text).toContain('<p>Make a new one.</p>');
      expect(text).not.toContain('<ol>');
    });
  });

  describe('when the same token is stored where it is missing', () => {
    const text = page(completing(2, 3));

    it('asks for the same token, and names what has it and what is written', () => {
      expect(text).toContain('Paste the same token again: the one of version 3');
      expect(text).toContain('only the 3 destinations below are written');
      expect(text.indexOf('widgets-2')).toBeLessThan(text.indexOf('Where it goes'));
      expect(text.indexOf('widgets-3')).toBeGreaterThan(text.indexOf('Where it goes'));
      expect(text).toContain('The token of version 3');
    });

    it('says nothing of how to make a new one, and does not ask for the expiry', () => {
      expect(text).not.toMatch(/press Regenerate|New crates.io|name="expiration"|command line/);
      expect(text).toContain('<strong>2027-06-01, as recorded with version 3</strong>.');
    });

    it('speaks of one in the singular, and folds many away', () => {
      expect(notices(completing(1, 1)).text).toMatch(
        /only the destination below is written[\s\S]*This destination has/,
      );
      expect(notices(completing(30, 1)).text).toContain('<summary>30 destinations</summary>');
    });
  });
});
