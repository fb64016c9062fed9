import { describe, expect, it } from 'vitest';
import { placesSection } from '../../src/form/places.ts';
import type { RotationCard } from '../../src/rotate/rotation.ts';
import { buildCard } from '../support/form.ts';
import { manyPlaces } from '../support/form-states.ts';

type Places = RotationCard['destinations'];

function shown(destinations: Places): string {
  return placesSection(buildCard({ destinations })).text;
}

function itemsOf(text: string): number {
  return text.split('<li><').length - 1;
}

describe('placesSection', () => {
  describe('when there are few destinations', () => {
    it('gives each its own entry with the time of its last change', () => {
      const text = shown(manyPlaces(6));
      expect(itemsOf(text)).toBe(6);
      expect(text.match(/last changed 2026-0\d-0\d 09:30 UTC/g)).toHaveLength(6);
      expect(text).toContain('6 destinations');
    });
  });

  describe('when many differ in the repository alone', () => {
    it('names environment and secret once, and every repository with its day', () => {
      const text = shown(manyPlaces(40));
      expect(itemsOf(text)).toBe(1);
      expect(text.match(/CARGO_REGISTRY_TOKEN/g)).toHaveLength(1);
      expect(text).toContain('in 40 repositories at api.github.com');
      for (const { destination } of manyPlaces(40)) expect(text).toContain(`<li>${destination.repo} `);
      expect(text.match(/will be created/g)).toHaveLength(5);
    });
  });

  describe('when many differ in the environment alone', () => {
    it('names repository and secret once', () => {
      const places = manyPlaces(8).map((place, index) => ({
        ...place,
        destination: { ...place.destination, repo: 'example/widgets', environment: `release-${index}` },
      }));
      const text = shown(places);
      expect(itemsOf(text)).toBe(1);
      expect(text).toContain('in 8 environments at api.github.com');
    });
  });

  describe('when some are of another host or have another secret', () => {
    it('never puts them into one group', () => {
      const [first, second, ...rest] = manyPlaces(9);
      if (!first || !second) throw new Error('there are nine');
      const text = shown([
        { ...first, host: 'github.example.com' },
        { ...second, destination: { ...second.destination, secret: 'OTHER_TOKEN' } },
        ...rest,
      ]);
      expect(itemsOf(text)).toBe(3);
      expect(text).toContain('github.example.com · last changed');
      expect(text).toContain('in 7 repositories at api.github.com');
    });
  });
});
