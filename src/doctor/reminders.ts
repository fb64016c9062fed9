import type { App } from '../app.ts';
import { formatInstant } from '../domain/calendar.ts';
import type { StoredCredential } from '../register/register.ts';
import type { Series } from '../remind/lead.ts';
import { addresseesOf, ownersOf } from '../remind/policy.ts';
import type { DueReminder } from '../remind/preview.ts';
import { previewDue } from '../remind/preview.ts';
import type { Addressee, Topic } from '../remind/reminder.ts';
import { everySeriesOf } from '../remind/series.ts';
import { planningOf } from '../sending.ts';
import type { Check } from './check.ts';
import type { Remark } from './line.ts';
import { count, ok, problem } from './line.ts';
import { needing } from './scene.ts';

export interface Coming {
  readonly credential: string;
  readonly topic: Topic;
  readonly leadDays: number;
  readonly at: Date;
  readonly recipients: readonly string[];
}

const SHOWN = 5;

/** What is reminded of next, when, and who is told. */
export const reminders: Check = {
  id: 'reminders',
  title: 'Reminders',
  run: ({ app }) =>
    needing(app, 'reminders', (value) => judgeReminders(dueNow(value), comingOf(value), value.world.now())),
};

function dueNow(app: App): readonly DueReminder[] {
  const names = app.register.list().map(({ declaration }) => declaration.name);
  return previewDue(
    planningOf(app, () => undefined),
    names,
  );
}

function comingOf({ register, policy, world }: App): readonly Coming[] {
  const now = world.now();
  return register.list().flatMap((credential) =>
    everySeriesOf(credential, policy, now).flatMap((series): readonly Coming[] => {
      if (!series.next) return [];
      const told = toldBy(series, series.next.leadDays, credential, policy);
      const recipients = told.map(({ recipient }) => recipient);
      return [{ credential: credential.declaration.name, topic: series.topic, ...series.next, recipients }];
    }),
  );
}

/** As it is planned when its time comes, stand-ins for who cannot be reached left out. */
function toldBy(
  { audience }: Series,
  leadDays: number,
  credential: StoredCredential,
  policy: App['policy'],
): readonly Addressee[] {
  if (audience === 'owners') return ownersOf(credential, policy);
  return addresseesOf(credential, audience === 'all' ? Number.NEGATIVE_INFINITY : leadDays, policy);
}

export function judgeReminders(
  due: readonly DueReminder[],
  coming: readonly Coming[],
  now: Date,
): readonly Remark[] {
  const ahead = together(coming.filter(({ at }) => at > now)).toSorted(
    (a, b) => a.at.getTime() - b.at.getTime(),
  );
  const first = due.slice(0, SHOWN).map(judgeDue);
  const later = ahead.slice(0, SHOWN - first.length).map(judgeComing);
  const rest = due.length + ahead.length - first.length - later.length;
  if (due.length + ahead.length === 0)
    return [
      ok('next', 'nothing is coming: no credential has a date yet', 'reseal record NAME --expires DATE'),
    ];
  return [
    ...first,
    ...later,
    ...(rest > 0 ? [ok('later', `${rest} more ${rest === 1 ? 'comes' : 'come'} after these`)] : []),
  ];
}

/** What has no date is one line of one mail a month, however many there are. */
function together(coming: readonly Coming[]): readonly Coming[] {
  const groups = Map.groupBy(coming, ({ topic, at, recipients, credential }) =>
    JSON.stringify([topic === 'standing' ? '' : credential, topic, at.getTime(), recipients]),
  );
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (!first || others.length === 0) return first ? [first] : [];
    return [{ ...first, credential: `${first.credential} and ${others.length} more` }];
  });
}

function judgeDue({ credential, topic, leadDays, recipients }: DueReminder): Remark {
  const what = `${describeTopic(topic, leadDays)}, due now, to ${recipients.join(', ')}`;
  return ok(credential, what, 'what it is about: reseal status');
}

function judgeComing({ credential, topic, leadDays, at, recipients }: Coming): Remark {
  const when = formatInstant(at);
  if (recipients.length === 0) {
    const text = `${describeTopic(topic, leadDays)} at ${when}, to nobody`;
    return problem(credential, text, `declare an owner under "owners", or: reseal retire ${credential}`);
  }
  return ok(credential, `${describeTopic(topic, leadDays)} at ${when}, to ${recipients.join(', ')}`);
}

const TOPICS: Readonly<Record<Exclude<Topic, 'expiry'>, string>> = {
  rotated: 'that it was rotated',
  revoked: 'that it is revoked',
  leaked: 'that it has leaked',
  standing: 'the monthly line about what has no date',
  unconfirmed: 'that a rotation is unconfirmed',
  changed: 'that somebody else changed it',
  'old-token': 'that the old token still lives',
  configuration: 'that the configuration cannot be used',
  findings: 'what verification found',
  history: 'that the history was tampered with',
  recipients: 'that somebody else is told from now on',
};

function describeTopic(topic: Topic, leadDays: number): string {
  if (topic !== 'expiry') return TOPICS[topic];
  if (leadDays === 0) return 'the day it expires';
  return `${count(Math.abs(leadDays), 'day')} ${leadDays > 0 ? 'before' : 'after'} it expires`;
}
