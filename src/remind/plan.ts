import { nextLocalHour } from '../domain/calendar.ts';
import type { Version } from '../domain/credential.ts';
import { effectiveLifetimeDays } from '../domain/credential.ts';
import { crossedLeadTimes, leadInstant, nextLeadTime } from '../domain/expiry.ts';
import type { PlanStep, Reminded, Reminder, ReminderKey } from './reminder.ts';

/** The part of the configuration that reminders depend on. */
export interface ReminderPolicy {
  readonly timezone: string;
  /** Local hour (0…23) of the day's one mail. */
  readonly hour: number;
  readonly escalate: { readonly daysBefore: number; readonly to: readonly string[] } | undefined;
  /** Address of each owner. */
  readonly addresses: ReadonlyMap<string, string>;
}

const CHANNEL = 'mail';
/** From here on a reminder does not wait for the morning. */
const AT_ONCE_DAYS = 1;

/**
 * What is owed for one credential at `now` and not yet planned: for each recipient the tightest lead time that has come,
 * with the wider ones covered by it. A pure function of its arguments; planning again changes nothing.
 */
export function planReminders(
  credential: Reminded,
  existing: readonly Reminder[],
  policy: ReminderPolicy,
  now: Date,
): readonly PlanStep[] {
  const { current: version, retiredAt, acknowledgedUntil } = credential;
  if (!version || retiredAt || version.standing !== 'good' || version.expiry.kind !== 'known') return [];
  if (acknowledgedUntil && acknowledgedUntil > now) return [];
  const come = crossedLeadTimes(version.expiry.at, effectiveLifetimeDays(version), now)
    .map((leadDays) => ({ leadDays, dueAt: dueAt(version, leadDays, policy) }))
    .filter((lead) => lead.dueAt <= now);
  const recipients = new Set(come.flatMap(({ leadDays }) => recipientsOf(credential, leadDays, policy)));
  return [...recipients].flatMap((recipient) =>
    planFor(
      recipient,
      come.filter(({ leadDays }) => recipientsOf(credential, leadDays, policy).includes(recipient)),
      { credential: credential.declaration.name, version: version.version },
      existing,
    ),
  );
}

function planFor(
  recipient: string,
  come: readonly { readonly leadDays: number; readonly dueAt: Date }[],
  of: { readonly credential: string; readonly version: number },
  existing: readonly Reminder[],
): readonly PlanStep[] {
  const keyOf = (leadDays: number): ReminderKey => ({
    ...of,
    topic: 'expiry',
    leadDays,
    channel: CHANNEL,
    recipient,
  });
  const rowOf = (leadDays: number) =>
    existing.find(
      (row) => row.topic === 'expiry' && row.leadDays === leadDays && row.recipient === recipient,
    );
  const tightest = come.at(-1);
  if (!tightest || rowOf(tightest.leadDays)) return [];
  const by = keyOf(tightest.leadDays);
  const covered = come.slice(0, -1).filter(({ leadDays }) => isOpen(rowOf(leadDays)));
  return [
    { kind: 'owe', key: by, dueAt: tightest.dueAt },
    ...covered.map(({ leadDays, dueAt }): PlanStep => ({ kind: 'cover', key: keyOf(leadDays), by, dueAt })),
  ];
}

/** Whether a wider reminder has not gone out, so that the tighter one must speak for it. */
function isOpen(row: Reminder | undefined): boolean {
  if (!row) return true;
  return row.state === 'owed' || (row.state === 'carried' && row.messageState === 'pending');
}

/**
 * When a reminder goes out: at the local hour after its lead time is reached. The last day and what follows expiry do
 * not wait, nor does what had already been reached when the version was recorded.
 */
function dueAt(version: Version, leadDays: number, policy: ReminderPolicy): Date {
  const expiresAt = version.expiry.kind === 'known' ? version.expiry.at : version.recordedAt;
  const reached = leadInstant(expiresAt, leadDays);
  if (reached <= version.recordedAt) return version.recordedAt;
  return leadDays <= AT_ONCE_DAYS ? reached : nextLocalHour(reached, policy.hour, policy.timezone);
}

function recipientsOf(credential: Reminded, leadDays: number, policy: ReminderPolicy): readonly string[] {
  const { escalate } = policy;
  const joining = escalate && leadDays <= escalate.daysBefore ? escalate.to : [];
  const joined = joining.map((name) => policy.addresses.get(name)).filter((address) => address !== undefined);
  return [...new Set([...ownerAddresses(credential, policy), ...joined])];
}

/** Where a credential and its owner have both left the configuration, everybody who is still in it is told. */
function ownerAddresses({ declaration }: Reminded, { addresses }: ReminderPolicy): readonly string[] {
  const address = addresses.get(declaration.owner);
  return address === undefined ? [...addresses.values()] : [address];
}

/**
 * The next mail about a credential: of a lead time that is still ahead, or of one that has come and waits for its hour.
 * Undefined where no date is known.
 */
export function nextReminder(
  credential: Reminded,
  policy: ReminderPolicy,
  now: Date,
): { readonly leadDays: number; readonly at: Date } | undefined {
  const { current: version, retiredAt, acknowledgedUntil } = credential;
  if (!version || retiredAt || version.standing !== 'good' || version.expiry.kind !== 'known')
    return undefined;
  const from = acknowledgedUntil && acknowledgedUntil > now ? acknowledgedUntil : now;
  const expiresAt = version.expiry.at;
  const lifetime = effectiveLifetimeDays(version);
  const leads = [...crossedLeadTimes(expiresAt, lifetime, from), nextLeadTime(expiresAt, lifetime, from)];
  return leads
    .map((leadDays) => ({ leadDays, at: dueAt(version, leadDays, policy) }))
    .filter(({ at }) => at > from)
    .sort((a, b) => a.at.getTime() - b.at.getTime())[0];
}

/** The one notice after a rotation: to the owner, and to whoever was alarmed about the version before. */
export function planRotatedNotice(
  credential: Reminded,
  version: number,
  alarmed: readonly string[],
  policy: ReminderPolicy,
  at: Date,
): readonly PlanStep[] {
  const recipients = new Set([...ownerAddresses(credential, policy), ...alarmed]);
  return [...recipients].map((recipient) => ({
    kind: 'owe',
    key: {
      credential: credential.declaration.name,
      version,
      topic: 'rotated',
      leadDays: 0,
      channel: CHANNEL,
      recipient,
    },
    dueAt: at,
  }));
}
