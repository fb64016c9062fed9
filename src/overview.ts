import type { App } from './app.ts';
import { effectiveLifetimeDays } from './domain/credential.ts';
import { leadInstant, leadTimes } from './domain/expiry.ts';
import { findKind } from './kinds/catalogue.ts';
import { byUrgency, nextCommand } from './next-command.ts';
import type { StoredCredential } from './register/register.ts';
import type { CredentialStatus } from './register/status.ts';
import type { ReminderKey, Topic, WaitingMessage } from './remind/reminder.ts';
import { countDays } from './remind/words.ts';
import { lastVerifications, oldestUndelivered, openFindings } from './sqlite/figures.ts';
import { headOf } from './sqlite/history.ts';
import { lastBeat, listTroubles } from './sqlite/installation.ts';
import type { ReadStatus } from './statuses.ts';
import { readStatuses } from './statuses.ts';
import type { Overview, OverviewCredential, WaitingMail } from './web/overview.ts';

/** Everything that a look at the installation shows. Reads, and changes nothing. @throws AppError storage, busy */
export function readOverview(app: App, now: Date): Overview {
  const { db, outbox, config, world } = app;
  const { command } = config.reminders;
  const { first, omitted } = mostUrgent(readStatuses(app, now));
  const verified = lastVerifications(db);
  const pipelines = config.pipelines.map(({ name }) => ({ name, verifiedAt: verified.get(name)?.at }));
  return {
    now,
    version: world.version,
    command,
    credentials: first.map(({ status, stored }) => describeCredential(status, stored, command, now)),
    omitted,
    findings: openFindings(db),
    pipelines,
    mail: {
      counts: outbox.counts(),
      waiting: outbox.waiting().map(describeWaiting),
      oldestDueAt: oldestUndelivered(db, now),
      isConfigured: config.mail !== undefined || config.webhooks.length > 0,
    },
    troubles: [
      ...listTroubles(db),
      ...outbox.circuits().map(({ channel, reason, since }) => ({ name: channel, detail: reason, since })),
    ],
    beats: {
      cycle: lastBeat(db, 'cycle'),
      goodCycle: lastBeat(db, 'good-cycle'),
      verify: latest(pipelines.map(({ verifiedAt }) => verifiedAt)),
    },
    head: headOf(db),
  };
}

/** Beyond them nobody looks at a page, and a browser would take minutes over it. */
const MOST_SHOWN = 1000;

/** The most urgent ones, most urgent first: never more than twice as many as are shown are kept at once. */
function mostUrgent(all: Iterable<ReadStatus>): {
  readonly first: readonly ReadStatus[];
  readonly omitted: number;
} {
  let first: ReadStatus[] = [];
  let total = 0;
  const cut = () => {
    first = first.sort((one, other) => byUrgency(one.status, other.status)).slice(0, MOST_SHOWN);
  };
  for (const one of all) {
    total++;
    if (first.push(one) === 2 * MOST_SHOWN) cut();
  }
  cut();
  return { first, omitted: total - first.length };
}

function describeCredential(
  status: CredentialStatus,
  stored: StoredCredential | undefined,
  command: string,
  now: Date,
): OverviewCredential {
  const kind = findKind(status.kind);
  return {
    status,
    kindTitle: kind?.title ?? status.kind,
    issuer: kind?.issuer ?? 'its issuer',
    page: kind?.pages?.renew,
    breaks: kind?.breaks ?? 'what depends on it stops',
    leads: status.retiredAt === null && status.expiresAt !== null ? leadsOf(stored, now) : [],
    next: nextCommand(status, command),
  };
}

/** By the date that is recorded, as the reminders go; what is revoked or leaked has reminders of its own. */
function leadsOf(stored: StoredCredential | undefined, now: Date): OverviewCredential['leads'] {
  const version = stored?.current;
  if (version?.expiry.kind !== 'known' || version.standing !== 'good') return [];
  const { at: end } = version.expiry;
  return leadTimes(effectiveLifetimeDays(version)).map((days) => {
    const at = leadInstant(end, days);
    return { days, at, reached: at <= now };
  });
}

function describeWaiting(message: WaitingMessage): WaitingMail {
  const { id, state, channel, recipient, lastError, nextAttemptAt } = message;
  return { id, state, channel, recipient, about: aboutOf(message.reminders), lastError, nextAttemptAt };
}

const NAMED = 3;

/** `crates-io, 7 days before its expiry; npm-publish, its rotation; and 2 more` */
function aboutOf(reminders: readonly ReminderKey[]): string {
  const subjects = [...new Set(reminders.map(subjectOf))];
  const more = subjects.length - NAMED;
  return [...subjects.slice(0, NAMED), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/** Where it is not the expiry. */
const SUBJECTS: Readonly<Partial<Record<Topic, string>>> = {
  rotated: 'its rotation',
  revoked: 'revoked',
  leaked: 'leaked',
  standing: 'its date',
  unconfirmed: 'an unconfirmed rotation',
  changed: 'changed by somebody else',
  'old-token': 'its old token',
};

function subjectOf({ credential, topic, leadDays }: ReminderKey): string {
  if (credential === '*') return `the ${topic}`;
  if (topic === 'findings') return credential.replace(/^pipeline:/, 'findings of ');
  if (topic !== 'expiry') return `${credential}, ${SUBJECTS[topic] ?? topic}`;
  if (leadDays === 0) return `${credential}, the day it expires`;
  return `${credential}, ${countDays(Math.abs(leadDays))} ${leadDays > 0 ? 'before' : 'after'} its expiry`;
}

function latest(instants: readonly (Date | undefined)[]): Date | undefined {
  return instants
    .filter((one) => one !== undefined)
    .reduce<Date | undefined>((last, one) => (last && last > one ? last : one), undefined);
}
