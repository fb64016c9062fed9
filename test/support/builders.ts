import { addDays } from '../../src/domain/calendar.ts';
import type { Declaration, Destination, Version } from '../../src/domain/credential.ts';
import type { Expiry } from '../../src/domain/expiry.ts';
import type { StoredCredential } from '../../src/register/register.ts';
import type { MailContext } from '../../src/remind/compose.ts';
import type { ReminderPolicy } from '../../src/remind/policy.ts';
import type { Reminded, Reminder, ReminderKey } from '../../src/remind/reminder.ts';

/** The instant at which every test happens, unless it says otherwise. */
export const NOW = new Date('2026-11-23T09:30:00Z');

/** For fast-check: the same cases on every run, so that a failure can be looked at again. */
export const SEED = 20_261_123;

export const MINUTE_MS = 60_000;

export function later(milliseconds: number, from: Date = NOW): Date {
  return new Date(from.getTime() + milliseconds);
}

export function daysFromNow(days: number): Date {
  return addDays(NOW, days);
}

export const DESTINATION: Destination = {
  repo: 'example/widgets',
  environment: 'release',
  secret: 'CARGO_REGISTRY_TOKEN',
};

export function aDeclaration(overrides: Partial<Declaration> = {}): Declaration {
  return {
    name: 'crates-io',
    kind: 'crates-io-token',
    owner: 'ada',
    purpose: 'publishes the widgets crates',
    lifetime: '365d',
    nameAtIssuer: 'widgets release',
    scopes: ['publish-new', 'publish-update'],
    planned: false,
    destinations: [DESTINATION],
    ...overrides,
  };
}

export function knownUntil(at: Date | string): Expiry {
  return { kind: 'known', at: new Date(at), source: 'entered' };
}

/** Version 1 of a year-long token, made so that ten days are left. */
export function aVersion(overrides: Partial<Version> = {}): Version {
  return {
    version: 1,
    createdAt: undefined,
    lifetimeDays: 365,
    expiry: knownUntil(daysFromNow(10)),
    standing: 'good',
    standingAt: undefined,
    revokedAt: undefined,
    fingerprint: undefined,
    checked: 'live',
    recordedAt: daysFromNow(-355),
    ...overrides,
  };
}

export function aReminded(overrides: Partial<Reminded> = {}): Reminded {
  return {
    declaration: aDeclaration(),
    declared: true,
    firstSeenAt: daysFromNow(-355),
    acknowledgedUntil: undefined,
    retiredAt: undefined,
    current: aVersion(),
    former: [],
    unconfirmedSince: undefined,
    destinations: [],
    ...overrides,
  };
}

export function aStored(overrides: Partial<StoredCredential> = {}): StoredCredential {
  return { ...aReminded(), destinations: [], ...overrides };
}

export function aPolicy(overrides: Partial<ReminderPolicy> = {}): ReminderPolicy {
  return {
    timezone: 'Europe/Lisbon',
    hour: 9,
    escalate: undefined,
    addresses: new Map([
      ['ada', 'ada@example.org'],
      ['grace', 'grace@example.org'],
    ]),
    webhooks: [],
    ...overrides,
  };
}

export function aReminder(overrides: Partial<ReminderKey> = {}): ReminderKey {
  return {
    credential: 'crates-io',
    version: 1,
    topic: 'expiry',
    leadDays: 14,
    channel: 'mail',
    recipient: 'ada@example.org',
    ...overrides,
  };
}

/** A reminder as the outbox keeps it: this one has gone out. */
export function aRow(leadDays: number, overrides: Partial<Reminder> = {}): Reminder {
  return {
    ...aReminder({ leadDays }),
    dueAt: NOW,
    urgent: false,
    state: 'carried',
    messageState: 'sent',
    ...overrides,
  };
}

export function aMailContext(overrides: Partial<MailContext> = {}): MailContext {
  return {
    policy: aPolicy(),
    command: 'ssh -t release@host.example.org docker compose exec reseal reseal',
    settingsPage: ({ repo }) => `https://github.com/${repo}/settings/environments`,
    outages: [],
    undelivered: [],
    configurationTrouble: undefined,
    calendar: undefined,
    ...overrides,
  };
}
