import { formatForPeople } from '../domain/calendar.ts';
import type { Destination, Version } from '../domain/credential.ts';
import { effectiveLifetimeDays, formatDestination } from '../domain/credential.ts';
import { daysLeft, describeSource } from '../domain/expiry.ts';
import { findKind } from '../kinds/catalogue.ts';
import type { Kind } from '../kinds/kind.ts';
import type { ReminderPolicy } from './plan.ts';
import { nextReminder } from './plan.ts';
import type { Reminded, ReminderKey } from './reminder.ts';

/** What the words of a mail depend on besides the credential itself. */
export interface MailContext {
  readonly policy: ReminderPolicy;
  /** What a person types in front of a command. */
  readonly command: string;
  /** The page where a destination's settings are, for people; undefined where it has none. */
  readonly settingsPage: (destination: Destination) => string | undefined;
}

/** One credential's part of a mail, as plain values: text and HTML are two renderings of it. */
export interface Section {
  readonly tone: 'urgent' | 'soon' | 'good';
  /** Sorts the sections: days left, lowest first. */
  readonly urgency: number;
  readonly headline: string;
  readonly subject: string;
  readonly facts: readonly Fact[];
  readonly steps: readonly Step[];
  readonly notes: readonly string[];
  /** Part of the lifetime that is left, 0…1; undefined where a bar would say nothing. */
  readonly left: number | undefined;
}

export interface Fact {
  readonly label: string;
  readonly text: string;
  readonly link?: string | undefined;
}

export interface Step {
  readonly text: string;
  readonly link?: string | undefined;
  readonly command?: string | undefined;
}

/** @throws when the reminder speaks of something that is not there: it is then left out and told */
export function describeReminder(
  reminder: ReminderKey & { readonly covers: readonly number[] },
  credential: Reminded | undefined,
  context: MailContext,
  now: Date,
): Section {
  const version = credential?.current;
  if (!credential || !version) throw new Error(`no version of "${reminder.credential}" is recorded`);
  if (reminder.topic === 'rotated') return describeRotated(credential, version, context, now);
  if (reminder.topic === 'expiry') return describeExpiry(reminder, credential, version, context, now);
  throw new Error(`there are no words for the topic "${reminder.topic}" yet`);
}

function describeExpiry(
  reminder: ReminderKey & { readonly covers: readonly number[] },
  credential: Reminded,
  version: Version,
  context: MailContext,
  now: Date,
): Section {
  const { declaration } = credential;
  const left = daysLeft(version.expiry, now) ?? 0;
  const headline = `${declaration.name} ${expiresIn(left)}`;
  const lifetime = effectiveLifetimeDays(version);
  return {
    tone: left <= 7 ? 'urgent' : 'soon',
    urgency: left,
    headline,
    subject: `${headline}${where(declaration.destinations)}`,
    facts: facts(credential, version, context),
    steps: steps(credential, context),
    notes: [...missed(reminder.covers), ...next(credential, context, now)],
    left: lifetime > 0 ? Math.min(1, Math.max(0, left / lifetime)) : undefined,
  };
}

function describeRotated(credential: Reminded, version: Version, context: MailContext, now: Date): Section {
  const { declaration } = credential;
  const kind = findKind(declaration.kind);
  const when = version.expiry.kind === 'known' ? `, expires ${formatForPeople(version.expiry.at)}` : '';
  const headline = `${declaration.name} was renewed: version ${version.version}${when}`;
  return {
    tone: 'good',
    urgency: 10_000,
    headline,
    subject: `${headline}${where(declaration.destinations)}`,
    facts: facts(credential, version, context),
    steps: afterwards(kind),
    notes: [
      'GitHub shows that a write landed, never which value.',
      'Reminders for the version before are cancelled.',
      ...next(credential, context, now),
    ],
    left: undefined,
  };
}

function facts(credential: Reminded, version: Version, context: MailContext): readonly Fact[] {
  const { declaration } = credential;
  const kind = findKind(declaration.kind);
  const name = declaration.nameAtIssuer ? ` "${declaration.nameAtIssuer}"` : '';
  return [
    {
      label: 'What',
      text: `${kind?.title ?? declaration.kind}${name}${declaration.purpose ? `: ${declaration.purpose}` : ''}`,
    },
    { label: 'Expires', text: describeExpiryFact(version) },
    ...declaration.destinations.map((destination) => ({
      label: 'Lives in',
      text: formatDestination(destination),
      link: context.settingsPage(destination),
    })),
    { label: 'Without it', text: kind?.breaks ?? 'what depends on it stops' },
    { label: 'Owner', text: declaration.owner },
    ...(version.checked === 'unchecked'
      ? [
          {
            label: 'Unchecked',
            text: 'its issuer could not be asked when it was stored: watch the next release',
          },
        ]
      : []),
  ];
}

function describeExpiryFact({ expiry }: Version): string {
  if (expiry.kind === 'known') return `${formatForPeople(expiry.at)} (${describeSource(expiry.source)})`;
  return expiry.kind === 'never' ? `never (${describeSource(expiry.source)})` : 'not known';
}

function steps({ declaration }: Reminded, context: MailContext): readonly Step[] {
  const kind = findKind(declaration.kind);
  const atIssuer = kind?.steps(declaration) ?? [];
  return [
    ...(kind?.pages ? [{ text: `Open ${kind.issuer}:`, link: kind.pages.renew }] : []),
    ...atIssuer.map((text) => ({ text })),
    declaration.destinations.length > 0
      ? {
          text: 'Type this and paste the new token into the form whose address it prints:',
          command: `${context.command} rotate ${declaration.name}`,
        }
      : {
          text: 'Then record the new date:',
          command: `${context.command} record ${declaration.name} --expires YYYY-MM-DD`,
        },
    ...afterwards(kind),
  ];
}

function afterwards(kind: Kind | undefined): readonly Step[] {
  return kind?.afterwards ? [{ text: kind.afterwards, link: kind.pages?.revoke }] : [];
}

function missed(covers: readonly number[]): readonly string[] {
  const earlier = covers.filter((lead) => lead > 0).sort((a, b) => b - a);
  if (earlier.length === 0) return [];
  return [
    `This mail also stands for the earlier reminders (${earlier.join(', ')} days before) that did not go out.`,
  ];
}

function next(credential: Reminded, context: MailContext, now: Date): readonly string[] {
  const upcoming = nextReminder(credential, context.policy, now);
  if (!upcoming) return [];
  const day = formatForPeople(new Date(Math.floor(upcoming.at.getTime() / 60_000) * 60_000));
  return [
    `The next mail about it comes on ${day} (${describeLead(upcoming.leadDays)}), unless it is rotated before.`,
  ];
}

function describeLead(lead: number): string {
  if (lead === 0) return 'the day it expires';
  const days = `${Math.abs(lead)} ${Math.abs(lead) === 1 ? 'day' : 'days'}`;
  return lead > 0 ? `${days} before it expires` : `${days} after it expired`;
}

/** `expires in 6 days`, with the same whole number everywhere. */
export function expiresIn(left: number): string {
  if (left >= 2) return `expires in ${left} days`;
  if (left === 1) return 'expires in 1 day';
  if (left === 0) return 'expires within 24 hours';
  if (left === -1) return 'has expired';
  return `expired ${-left} days ago`;
}

function where(destinations: readonly Destination[]): string {
  const first = destinations[0];
  if (!first) return '';
  const more = destinations.length > 1 ? ` and ${destinations.length - 1} more` : '';
  return ` · ${first.secret} in ${first.repo}${more}`;
}
