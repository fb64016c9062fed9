import { AppError } from '../domain/error.ts';
import type { Lead, Series } from './lead.ts';
import { earlier, isTighter } from './lead.ts';
import type { ReminderPolicy } from './policy.ts';
import { addresseesOf, distinct, ownersOf, sameAddressee, standIns } from './policy.ts';
import type { Addressee, Plan, PlanStep, Reminded, Reminder, ReminderKey, Topic } from './reminder.ts';
import { everySeriesOf } from './series.ts';

/**
 * What is owed for one credential at `now` and not yet planned: of each series and for each addressee the tightest reminder
 * whose time has come, with the wider ones covered by it. A pure function of its arguments; planning again changes nothing.
 *
 * @param existing the reminders of the current version, and those of no version
 * @throws AppError invalid_config where there is nobody who could be told
 */
export function planCredential(
  credential: Reminded,
  existing: readonly Reminder[],
  policy: ReminderPolicy,
  now: Date,
): Plan {
  const { name } = credential.declaration;
  const all = everySeriesOf(credential, policy, now);
  if (all.length === 0) return { credential: name, steps: [], nextPlanAt: undefined };
  if (ownersOf(credential, policy).length === 0)
    throw new AppError('invalid_config', 'there is nobody to tell');
  const planned = all.map((series) => {
    const rows = existing.filter((row) => isOf(row, series));
    return { series, rows, told: toldOf(credential, series, rows, policy) };
  });
  return {
    credential: name,
    steps: [
      ...planned.flatMap((one) => owed(name, one)),
      ...existing.filter((row) => isOver(row, credential, planned, policy)).map(drop),
    ],
    nextPlanAt: all.map(({ planAt }) => planAt).reduce(earlier, undefined),
  };
}

/** A series with what there is of it, and who is told. */
interface Planned {
  readonly series: Series;
  readonly rows: readonly Reminder[];
  readonly told: readonly Told[];
}

interface Told extends Lead {
  readonly addressees: readonly Addressee[];
}

function isOf({ topic, version }: Reminder, series: Series): boolean {
  return topic === series.topic && version === series.version;
}

/** Who is told at each lead time that has come: those who always are, and stand-ins where the mail to one was given up. */
function toldOf(
  credential: Reminded,
  series: Series,
  rows: readonly Reminder[],
  policy: ReminderPolicy,
): readonly Told[] {
  return series.come.map((lead): Told => {
    const always = audienceOf(series, lead.leadDays, credential, policy);
    const lost = always.some((addressee) => isGivenUp(addressee, lead.leadDays, rows));
    return { ...lead, addressees: distinct([...always, ...(lost ? standIns(policy) : [])]) };
  });
}

/** An escalation joins at its lead time, in an alarm at once, and never for what only the owners can do. */
function audienceOf(
  { audience }: Series,
  leadDays: number,
  credential: Reminded,
  policy: ReminderPolicy,
): readonly Addressee[] {
  if (audience === 'owners') return ownersOf(credential, policy);
  return addresseesOf(credential, audience === 'all' ? Number.NEGATIVE_INFINITY : leadDays, policy);
}

function isGivenUp(addressee: Addressee, leadDays: number, rows: readonly Reminder[]): boolean {
  return rows.some(
    (row) =>
      row.leadDays === leadDays &&
      sameAddressee(row, addressee) &&
      row.state === 'carried' &&
      row.messageState === 'dead',
  );
}

function owed(credential: string, { series, rows, told }: Planned): readonly PlanStep[] {
  const of = { credential, version: series.version, topic: series.topic };
  return distinct(told.flatMap(({ addressees }) => addressees)).flatMap((addressee) =>
    planFor(
      addressee,
      told.filter(({ addressees }) => addressees.some((one) => sameAddressee(one, addressee))),
      of,
      rows.filter((row) => sameAddressee(row, addressee)),
    ),
  );
}

function planFor(
  addressee: Addressee,
  come: readonly Lead[],
  of: Pick<ReminderKey, 'credential' | 'version' | 'topic'>,
  rows: readonly Reminder[],
): readonly PlanStep[] {
  const keyOf = (leadDays: number): ReminderKey => ({ ...of, leadDays, ...addressee });
  const rowOf = (leadDays: number) => rows.find((row) => row.leadDays === leadDays);
  const tightest = come.at(-1);
  if (!tightest) return [];
  const planned = rowOf(tightest.leadDays);
  // What a clock that has been put back since had reached keeps its time, and says nothing for others until then.
  const tighter = rows.filter(({ leadDays }) => isTighter(of.topic, leadDays, tightest.leadDays));
  const isLate = planned?.state === 'owed' && planned.dueAt > tightest.dueAt;
  const isUnsaid =
    planned?.state === 'covered' &&
    tighter.some(({ state }) => state === 'owed') &&
    !tighter.some(({ state }) => state === 'carried' || state === 'dead');
  if (planned && planned.state !== 'cancelled' && !isLate && !isUnsaid) return [];
  // Wider ones that nobody has heard of: still open, or never planned because nobody looked at the time.
  const open = rows.filter((row) => isTighter(of.topic, tightest.leadDays, row.leadDays) && isOpen(row));
  const skipped = come.slice(0, -1).filter(({ leadDays, missable }) => missable && !rowOf(leadDays));
  const cover = ({ leadDays, dueAt }: { leadDays: number; dueAt: Date }): PlanStep => ({
    kind: 'cover',
    key: keyOf(leadDays),
    by: tightest.leadDays,
    dueAt,
  });
  return [
    { kind: 'owe', key: keyOf(tightest.leadDays), dueAt: tightest.dueAt, urgent: tightest.urgent },
    ...[...open, ...skipped].sort((a, b) => b.leadDays - a.leadDays).map(cover),
  ];
}

/** Whether a reminder has surely not gone out, or may not have, so that a tighter one must speak for it. */
function isOpen(row: Reminder): boolean {
  if (row.state === 'owed') return true;
  return row.state === 'carried' && (row.messageState === 'pending' || row.messageState === 'ambiguous');
}

/** The topics that this plan decides about; the others are owed by what happened. */
const PLANNED: readonly Topic[] = [
  'expiry',
  'standing',
  'revoked',
  'leaked',
  'unconfirmed',
  'changed',
  'old-token',
];

/** Whether something is open and concerns its addressee no more: another owner, a series that has ended. */
function isOver(
  row: Reminder,
  credential: Reminded,
  planned: readonly Planned[],
  policy: ReminderPolicy,
): boolean {
  if (!PLANNED.includes(row.topic)) return false;
  if (row.state !== 'owed' && row.state !== 'carried') return false;
  if (!isOpen(row) && row.messageState !== 'dead') return false;
  return !planned.some(
    ({ series, told }) =>
      isOf(row, series) &&
      (row.topic !== 'changed' || isAbout(series, row.leadDays)) &&
      [
        ...audienceOf(series, row.leadDays, credential, policy),
        ...told.filter(({ leadDays }) => leadDays === row.leadDays).flatMap(({ addressees }) => addressees),
      ].some((one) => sameAddressee(one, row)),
  );
}

/** A change is one of its own: also before its time, by a clock that has been put back. */
function isAbout({ come, next }: Series, leadDays: number): boolean {
  return next?.leadDays === leadDays || come.some((lead) => lead.leadDays === leadDays);
}

function drop({ credential, version, topic, leadDays, channel, recipient }: Reminder): PlanStep {
  return { kind: 'drop', key: { credential, version, topic, leadDays, channel, recipient } };
}

/** The next mail about a credential by any of its series: of a lead time ahead, or of one that waits for its hour. */
export function nextReminder(
  credential: Reminded,
  policy: ReminderPolicy,
  now: Date,
): { readonly topic: Topic; readonly leadDays: number; readonly at: Date } | undefined {
  return everySeriesOf(credential, policy, now)
    .flatMap(({ topic, next }) => (next ? [{ topic, ...next }] : []))
    .reduce<ReturnType<typeof nextReminder>>(
      (first, one) => (first && first.at <= one.at ? first : one),
      undefined,
    );
}

/** The one notice after a rotation: to the owner, and to whoever was alarmed about the version before. */
export function planRotatedNotice(
  credential: Reminded,
  version: number,
  alarmed: readonly Addressee[],
  policy: ReminderPolicy,
  at: Date,
): readonly PlanStep[] {
  return distinct([...ownersOf(credential, policy), ...alarmed]).map((addressee) => ({
    kind: 'owe',
    key: { credential: credential.declaration.name, version, topic: 'rotated', leadDays: 0, ...addressee },
    dueAt: at,
    urgent: true,
  }));
}
