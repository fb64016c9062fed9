import { describe, expect, it } from 'vitest';
import { settingsPage } from '../../src/github/settings-page.ts';
import { DESTINATION } from '../support/builders.ts';

describe('settingsPage', () => {
  describe('when the API is that of github.com', () => {
    it('returns the page of the environments', () => {
      expect(settingsPage('https://api.github.com', DESTINATION)).toBe(
        'https://github.com/example/widgets/settings/environments',
      );
    });
  });

  describe('when the API is that of an Enterprise Server', () => {
    it('returns the page at the same host', () => {
      expect(settingsPage('https://git.example.org/api/v3', DESTINATION)).toBe(
        'https://git.example.org/example/widgets/settings/environments',
      );
    });
  });

  describe('when the API is of no known shape', () => {
    it('returns nothing rather than a guess', () => {
      expect(settingsPage('http://127.0.0.1:4000', DESTINATION)).toBeUndefined();
    });
  });
});
