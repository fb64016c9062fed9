import type { Draft, DraftItem } from '../../src/remind/reminder.ts';
import { DESTINATION, daysFromNow, NOW } from '../support/builders.ts';

export const ID = '4f0c2d7e@example.org';

export function anItem(overrides: Partial<DraftItem> = {}): DraftItem {
  return {
    credential: 'crates-io',
    topic: 'expiry',
    version: 3,
    headline: 'crates-io expires in 10 days',
    expiresAt: daysFromNow(10),
    daysLeft: 10,
    destinations: [DESTINATION],
    command: 'reseal rotate crates-io',
    link: 'https://crates.io/settings/tokens',
    ...overrides,
  };
}

export function aDraft(overrides: Partial<Draft> = {}): Draft {
  return {
    messageId: `<${ID}>`,
    recipient: 'ops',
    at: NOW,
    subject: 'crates-io expires in 10 days · CARGO_REGISTRY_TOKEN in example/widgets',
    text: 'crates-io expires in 10 days\n\nWhat to do …\n',
    html: '<p>crates-io expires in 10 days</p>',
    calendar: undefined,
    items: [anItem()],
    ...overrides,
  };
}
