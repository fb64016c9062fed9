import { AppError } from '../domain/error.ts';
import type { ReminderPolicy } from './policy.ts';
import { addresseesOf, distinct, ownersOf, sameAddressee, standIns } from './policy.ts';
import type { Addressee, Plan, PlanStep, Reminded, Reminder, ReminderKey, Topic } from './reminder.ts';
import type { Lead, Series } from './series.ts';
import { seriesOf } from './series.ts';

/**
 * What is owed for one credential at `now` and not yet planned: for each addressee the tightest reminder whose time has come,
 * with the wider ones covered by it. A pure function of its arguments; planning again changes nothing.
 *
 * @param existing the reminders of the current version
 * @throws AppError invalid_config where there is nobody who could be told
 */
export function planCredential(
  credential: Reminded,
  existing: readonly Reminder[],
  policy: ReminderPolicy,
  now: Date,
): Plan {
  const { name } = credential.declaration;
  const series = seriesOf(credential, policy, now);
  if (!series) return { credential: name, steps: [], nextPlanAt: undefined };
  if (ownersOf(credential, policy).length === 0)
    throw new AppError('invalid_config', 'there is nobody to tell');
  const told = toldOf(credential, series, existing, policy);
  const owed = distinct(told.flatMap(({ addressees }) => addressees)).flatMap((addressee) =>
    planFor(
      addressee,
      told.filter(({ addressees }) => addressees.some((one) => sameAddressee(one, addressee))),
      { credential: name, version: series.version, topic: series.topic },
      existing,
    ),
  );
  return {
    credential: name,
    steps: [...owed, ...dropped(series, told, existing, credential, policy)],
    nextPlanAt: series.planAt,
  };
}

interface Told extends Lead {
  readonly addressees: readonly Addressee[];
}

/** Who is told at each lead time that has come: those who always are, and stand-ins where the mail to one was given up. */
function toldOf(
  credential: Reminded,
  series: Series,
  existing: readonly Reminder[],
  policy: ReminderPolicy,
): readonly Told[] {
  return series.come.map((lead): Told => {
    const before = series.topic === 'expiry' ? lead.leadDays : Number.NEGATIVE_INFINITY;
    const always =
      series.topic === 'standing' ? ownersOf(credential, policy) : addresseesOf(credential, before, policy);
    const lost = always.some((addressee) => isGivenUp(addressee, lead.leadDays, series.topic, existing));
    return { ...lead, addressees: distinct([...always, ...(lost ? standIns(policy) : [])]) };
  });
}

function isGivenUp(
  addressee: Addressee,
  leadDays: number,
  topic: Topic,
  existing: readonly Reminder[],
): boolean {
  return existing.some(
    (row) =>
      row.topic === topic &&
      row.leadDays === leadDays &&
      sameAddressee(row, addressee) &&
      row.state === 'carried' &&
      row.messageState === 'dead',
  );
}

function planFor(
  addressee: Addressee,
  come: readonly Lead[],
  of: Pick<ReminderKey, 'credential' | 'version' | 'topic'>,
  existing: readonly Reminder[],
): readonly PlanStep[] {
  const keyOf = (leadDays: number): ReminderKey => ({ ...of, leadDays, ...addressee });
  const rows = existing.filter((row) => row.topic === of.topic && sameAddressee(row, addressee));
  const rowOf = (leadDays: number) => rows.find((row) => row.leadDays === leadDays);
  const tightest = come.at(-1);
  if (!tightest) return [];
  const planned = rowOf(tightest.leadDays);
  const isWider = ({ leadDays }: Reminder) =>
    of.topic === 'standing' ? leadDays < tightest.leadDays : leadDays > tightest.leadDays;
  // What a clock that has been put back since had reached keeps its time, and says nothing for others until then.
  const tighter = rows.filter((row) => row.leadDays !== tightest.leadDays && !isWider(row));
  const isLate = planned?.state === 'owed' && planned.dueAt > tightest.dueAt;
  const isUnsaid =
    planned?.state === 'covered' &&
    tighter.some(({ state }) => state === 'owed') &&
    !tighter.some(({ state }) => state === 'carried' || state === 'dead');
  if (planned && planned.state !== 'cancelled' && !isLate && !isUnsaid) return [];
  // Wider ones that nobody has heard of: still open, or never planned because nobody looked at the time.
  const open = rows.filter((row) => isWider(row) && isOpen(row));
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
const PLANNED: readonly Topic[] = ['expiry', 'standing', 'revoked', 'leaked'];

/** What is open and concerns its addressee no more: another owner, another series. */
function dropped(
  series: Series,
  told: readonly Told[],
  existing: readonly Reminder[],
  credential: Reminded,
  policy: ReminderPolicy,
): readonly PlanStep[] {
  // An escalation joins at its lead time, in an alarm at once, and never for the line a month.
  const concernedBy = ({ topic, leadDays }: Reminder) => [
    ...(topic === 'standing'
      ? ownersOf(credential, policy)
      : addresseesOf(credential, topic === 'expiry' ? leadDays : Number.NEGATIVE_INFINITY, policy)),
    ...told.filter((lead) => lead.leadDays === leadDays).flatMap(({ addressees }) => addressees),
  ];
  return existing
    .filter((row) => PLANNED.includes(row.topic))
    .filter((row) => isOpen(row) || row.messageState === 'dead')
    .filter((row) => row.state === 'owed' || row.state === 'carried')
    .filter((row) => row.topic !== series.topic || !concernedBy(row).some((one) => sameAddressee(one, row)))
    .map(({ credential: name, version, topic, leadDays, channel, recipient }) => ({
      kind: 'drop',
      key: { credential: name, version, topic, leadDays, channel, recipient },
    }));
}

/** The next mail about a credential by its series: of a lead time ahead, or of one that has come and waits for its hour. */
export function nextReminder(
  credential: Reminded,
  policy: ReminderPolicy,
  now: Date,
): { readonly leadDays: number; readonly at: Date } | undefined {
  return seriesOf(credential, policy, now)?.next;
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
