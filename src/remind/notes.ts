import { addDays, formatDay, nextLocalHour, startOfDay } from '../domain/calendar.ts';
import type { Declaration } from '../domain/credential.ts';
import { leadInstant } from '../domain/expiry.ts';
import { adoptionGap } from './adoption.ts';
import { dayNumber } from './lead.ts';
import { nextReminder } from './plan.ts';
import type { Carried, Reminded, Topic } from './reminder.ts';
import type { MailContext, Note, Outage } from './section.ts';
import { commandOf, nameOf } from './section.ts';
import { datesToRecord, ruleSentences, toldRules } from './shortened.ts';
import { isObserved } from './steps.ts';
import { countDays, listed, minuteOf, quoted } from './words.ts';

/** Which earlier reminders this one stands for and why they did not go out; and why this one is late. */
export function lateNotes(reminder: Carried, credential: Reminded, context: MailContext): readonly Note[] {
  // Of another one that was settled since nothing is to be said.
  const missed = [...reminder.covers]
    .filter((lead) => reminder.topic === 'expiry' || daysOf(reminder.topic, lead, credential) <= 0)
    .sort((a, b) => b - a);
  const outages = [...missed, reminder.leadDays].map((lead) => outageOf(reminder, lead, credential, context));
  const asleep = [...new Set(outages.filter((outage) => outage !== undefined))];
  const ran = asleep
    .slice(-MOST_OUTAGES)
    .map(({ beganAt, endedAt }) => `from ${minuteOf(beganAt)} to ${minuteOf(endedAt)}`);
  const stopped = `reseal did not run ${listed(ran)}`;
  if (missed.length === 0) return asleep.length > 0 ? [{ text: `This mail is late: ${stopped}.` }] : [];
  const awake = missed.filter((_, index) => outages[index] === undefined);
  const quiet = awake.filter((lead) => wasPutOff(reminder, lead, credential, context));
  const reasons = [
    ...(asleep.length > 0 ? [stopped] : []),
    ...(quiet.length > 0 && credential.acknowledgedUntil
      ? [`reminders were put off until ${minuteOf(credential.acknowledgedUntil)}`]
      : []),
    ...(awake.length > quiet.length ? [reasonsGiven(asleep.length > 0 || quiet.length > 0)] : []),
  ];
  return [
    {
      text: `This mail also stands for earlier reminders (${describeLeads(
        missed.map((lead) => daysOf(reminder.topic, lead, credential)),
        reminder.topic,
      )}): ${reasons.join('; ')}.`,
    },
  ];
}

const MOST_OUTAGES = 3;

function reasonsGiven(others: boolean): string {
  return others ? 'the others could not be delivered' : 'they could not be delivered';
}

/** The outage in which a reminder was reached or fell due. */
function outageOf(
  { topic }: Carried,
  lead: number,
  credential: Reminded,
  context: MailContext,
): Outage | undefined {
  const due = dueAt(topic, lead, credential, context);
  return due && context.outages.find(({ beganAt, endedAt }) => due.reached <= endedAt && due.at >= beganAt);
}

function wasPutOff({ topic }: Carried, lead: number, credential: Reminded, context: MailContext): boolean {
  const due = dueAt(topic, lead, credential, context);
  const { acknowledgedUntil } = credential;
  return due !== undefined && acknowledgedUntil !== undefined && due.reached <= acknowledgedUntil;
}

/** When a lead time was reached, and the hour of the day's mail after it. */
function dueAt(topic: Topic, lead: number, credential: Reminded, { policy }: MailContext) {
  const end = endOf(topic, credential);
  if (!end) return undefined;
  const reached = leadInstant(end, daysOf(topic, lead, credential));
  return { reached, at: nextLocalHour(reached, policy.hour, policy.timezone) };
}

/** What its days are counted from. */
function endOf(topic: Topic, { current, former, unconfirmedSince }: Reminded): Date | undefined {
  switch (topic) {
    case 'expiry':
      return current?.expiry.kind === 'known' ? current.expiry.at : undefined;
    case 'revoked':
    case 'leaked':
      return current?.standingAt ?? current?.recordedAt;
    case 'unconfirmed':
      return unconfirmedSince;
    case 'old-token':
      return former[0]?.replacedAt;
    default:
      return undefined;
  }
}

/** Days before that, negative after it. */
function daysOf(topic: Topic, lead: number, { unconfirmedSince }: Reminded): number {
  return topic === 'unconfirmed' && unconfirmedSince ? lead + dayNumber(unconfirmedSince) || 0 : lead;
}

/** `60, 30 and 14 days before; 1 and 2 days after`, widest first. */
function describeLeads(leads: readonly number[], topic: Topic): string {
  const before = leads.filter((lead) => lead > 0);
  const after = leads.filter((lead) => lead < 0);
  const first = topic === 'expiry' ? 'the day itself' : 'the first';
  return [
    ...(before.length > 0
      ? [
          `${listed(before.map(String))} ${before.at(-1) === 1 && before.length === 1 ? 'day' : 'days'} before`,
        ]
      : []),
    ...(leads.includes(0) ? [first] : []),
    ...(after.length > 0 ? [`${listAfter(after.map((lead) => -lead))} after`] : []),
  ].join('; ');
}

const MOST_LISTED = 8;

function listAfter(days: readonly number[]): string {
  const [first, last] = [days[0] ?? 0, days.at(-1) ?? 0];
  if (days.length > MOST_LISTED) return `${days.length} from ${countDays(first)} to ${countDays(last)}`;
  return `${listed(days.map(String))} ${first === 1 && days.length === 1 ? 'day' : 'days'}`;
}

/** When the next mail about it comes, whichever of its reminders that is. */
export function nextNote(credential: Reminded, context: MailContext, now: Date): readonly Note[] {
  const upcoming = nextReminder(credential, context.policy, now);
  if (!upcoming) return [];
  const why = describeNext(upcoming.topic, upcoming.leadDays, credential.declaration);
  return [{ text: `The next mail about it comes on ${minuteOf(upcoming.at)}${why}.` }];
}

function describeNext(topic: Topic, lead: number, declaration: Declaration): string {
  switch (topic) {
    case 'revoked':
    case 'leaked':
      return isObserved(declaration)
        ? ', and they go on until it is replaced'
        : ', and they go on until a new version is recorded';
    case 'standing':
      return ", in the month's list";
    case 'unconfirmed':
      return ', unless it is settled before';
    case 'old-token':
      return ', unless the old token is confirmed as revoked before';
    case 'expiry':
      return ` (${describeLead(lead)}), unless it is ${declaration.destinations.length > 0 ? 'rotated' : 'replaced'} before`;
    default:
      return '';
  }
}

function describeLead(lead: number): string {
  if (lead === 0) return 'when it expires';
  return `${countDays(Math.abs(lead))} ${lead > 0 ? 'before it expires' : 'after it expired'}`;
}

/** Nobody can put a reminder off into the last days, and after expiry only for a while (./acknowledge.ts). */
const LAST_DAYS = 3;
const LONGEST_AFTER_DAYS = 7;

/** How to be left in peace, as long as that is possible. */
export function acknowledgeNote(credential: Reminded, context: MailContext, now: Date): readonly Note[] {
  const { current, declaration } = credential;
  if (current?.standing !== 'good' || current.expiry.kind !== 'known') return [];
  const expiresAt = current.expiry.at;
  const latest = startOfDay(
    expiresAt > now ? addDays(expiresAt, -LAST_DAYS) : addDays(now, LONGEST_AFTER_DAYS),
  );
  if (latest <= now) return [];
  return [
    {
      text: `To hear nothing of it for a while, until ${formatDay(latest)} at the latest:`,
      command: commandOf(context, 'ack', declaration, '--until YYYY-MM-DD'),
    },
  ];
}

/** What is wrong around the credential, whatever the mail is about. */
export function commonNotes(credential: Reminded, context: MailContext, now: Date): readonly Note[] {
  return [
    ...shortenedNotes(credential, context, now),
    ...undeliveredNotes(credential, context),
    ...undeclaredNotes(credential, context),
  ];
}

/** Where a rule of its issuer ends it before the date by which the reminders go. */
function shortenedNotes(credential: Reminded, context: MailContext, now: Date): readonly Note[] {
  const beyond = toldRules(credential, now);
  if (beyond.length === 0) return [];
  return [
    {
      text: `${beyond.map(ruleSentences).join(' ')} If its issuer shows another date, record that:`,
      command: commandOf(context, 'record', credential.declaration, datesToRecord(credential)),
    },
  ];
}

/** Whoever stands in for somebody learns from it why the mail came to them. */
function undeliveredNotes({ declaration }: Reminded, context: MailContext): readonly Note[] {
  const lost = context.undelivered.filter(({ credentials }) => credentials.includes(declaration.name));
  const recipients = [...new Set(lost.map(({ recipient }) => quoted(recipient, 254)))];
  return recipients.map((recipient) => ({ text: `Mail about it to ${recipient} could not be delivered.` }));
}

function undeclaredNotes({ declaration, declared }: Reminded, context: MailContext): readonly Note[] {
  if (declared) return [];
  return [
    {
      text: `${nameOf(declaration)} is no longer in the configuration: put it back, or end its reminders:`,
      command: commandOf(context, 'retire', declaration),
    },
  ];
}

/** Where what is in use may not be what is recorded. */
export function gapNotes({ current, destinations }: Reminded): readonly Note[] {
  return adoptionGap(current, destinations).map(({ destination, createdAt, remoteUpdatedAt }) => {
    const older = remoteUpdatedAt < createdAt ? 'it is older than that token' : 'it may hold another token';
    const secret = `${quoted(destination.secret, 200)} in ${quoted(destination.repo, 200)}`;
    return {
      text: `The token is recorded as made on ${minuteOf(createdAt)}, but ${secret} was last changed at ${minuteOf(remoteUpdatedAt)}: ${older}. Compare with the issuer's list; if the date is wrong, record it again.`,
    };
  });
}
