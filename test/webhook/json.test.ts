import { describe, expect, it } from 'vitest';
import { asJson } from '../../src/webhook/json.ts';
import { aDraft, anItem, ID } from './a-draft.ts';

describe('asJson', () => {
  describe('when a credential expires', () => {
    it('returns the documented object', () => {
      expect(JSON.parse(JSON.stringify(asJson(aDraft(), ID)))).toStrictEqual({
        schemaVersion: 1,
        id: ID,
        subject: 'crates-io expires in 10 days · CARGO_REGISTRY_TOKEN in example/widgets',
        text: 'crates-io expires in 10 days\n\nWhat to do …\n',
        items: [
          {
            credential: 'crates-io',
            topic: 'expiry',
            version: 3,
            headline: 'crates-io expires in 10 days',
            expiresAt: '2026-12-03T09:30:00Z',
            daysLeft: 10,
            destinations: [
              { repo: 'example/widgets', environment: 'release', secret: 'CARGO_REGISTRY_TOKEN' },
            ],
            command: 'reseal rotate crates-io',
            link: 'https://crates.io/settings/tokens',
          },
        ],
      });
    });
  });

  describe('when something is not known', () => {
    it('returns null for it, and keeps the field', () => {
      const unknown = { expiresAt: undefined, daysLeft: undefined, command: undefined, link: undefined };
      const body = JSON.parse(JSON.stringify(asJson(aDraft({ items: [anItem(unknown)] }), ID)));
      expect(body.items[0]).toMatchObject({ expiresAt: null, daysLeft: null, command: null, link: null });
    });

    it('returns 0 and negative days as they are', () => {
      const items = [anItem({ daysLeft: 0 }), anItem({ daysLeft: -3 })];
      const body = JSON.parse(JSON.stringify(asJson(aDraft({ items }), ID)));
      expect(body.items.map((item: { daysLeft: number }) => item.daysLeft)).toEqual([0, -3]);
    });
  });
});
