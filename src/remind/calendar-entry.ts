import { createHash } from 'node:crypto';
import { formatForPeople } from '../domain/calendar.ts';
import type { Declaration } from '../domain/credential.ts';
import { effectiveLifetimeDays, formatDestination } from '../domain/credential.ts';
import { describeSource, leadTimes } from '../domain/expiry.ts';
import { findKind } from '../kinds/catalogue.ts';
import type { Identity } from './message-id.ts';
import { changedPlaces } from './open-ends.ts';
import type { Reminded } from './reminder.ts';
import { ruleSentences, rulesAgainst } from './shortened.ts';
import { isObserved } from './steps.ts';

/** An expiry as a calendar shows it. */
export interface CalendarEntry {
  /** The same for every version of a credential, so that a new one moves the entry. */
  readonly uid: string;
  /** Grows with each change (RFC 5545 §3.8.7.4): the version. */
  readonly sequence: number;
  readonly at: Date;
  readonly summary: string;
  readonly description: string;
  /** The issuer's page. */
  readonly url: string | undefined;
  /** Days before expiry, widest first. */
  readonly alarmsDays: readonly number[];
  /** When what it says became so. */
  readonly stampedAt: Date;
}

export interface CalendarContext extends Identity {
  /** What a person types in front of a command. */
  readonly command: string;
}

/** @returns undefined for what has no date to wait for: none is known, or it is revoked, leaked or retired */
export function calendarEntry(credential: Reminded, context: CalendarContext): CalendarEntry | undefined {
  const { declaration, current, retiredAt } = credential;
  if (!current || retiredAt || current.standing !== 'good' || current.expiry.kind !== 'known')
    return undefined;
  const { expiry, version } = current;
  const changed = changedPlaces(credential);
  return {
    uid: uidOf(declaration.name, context),
    sequence: version,
    at: expiry.at,
    summary: `${declaration.name} expires${where(declaration)}`,
    description: [
      what(declaration),
      `Version ${version} expires on ${formatForPeople(expiry.at)}, ${describeSource(expiry.source)}.`,
      ...changed.map(
        ({ destination, changedAt }) =>
          `That date may no longer hold: somebody else has changed ${formatDestination(destination)} (first seen ${formatForPeople(changedAt)}).`,
      ),
      // Told as it was when the date was recorded, so that an entry stays the same from one day to the next.
      ...rulesAgainst(credential, current.recordedAt).map(
        (beyond) => `That date may not hold. ${ruleSentences(beyond)}`,
      ),
      `Without it: ${findKind(declaration.kind)?.breaks ?? 'what depends on it stops'}.`,
      ...declaration.destinations.map((destination) => `Lives in: ${formatDestination(destination)}`),
      ...toType(declaration, context.command),
    ].join('\n'),
    url: findKind(declaration.kind)?.pages?.renew,
    alarmsDays: alarms(effectiveLifetimeDays(current)),
    stampedAt: new Date(
      Math.max(...[current.recordedAt, ...changed.map(({ changedAt }) => changedAt)].map(Number)),
    ),
  };
}

/** Without the name inside, as in a Message-ID; the lengths keep two pairs from reading alike. */
function uidOf(name: string, { installId, domain }: CalendarContext): string {
  const hash = createHash('sha256').update(`calendar ${installId.length}:${installId} ${name}`).digest('hex');
  return `${hash.slice(0, 32)}@${domain}`;
}

function where({ destinations }: Declaration): string {
  const [first] = destinations;
  if (!first) return '';
  const more = destinations.length > 1 ? ` and ${destinations.length - 1} more` : '';
  return ` (${first.secret} in ${first.repo}${more})`;
}

function what({ kind, nameAtIssuer, purpose }: Declaration): string {
  const title = findKind(kind)?.title ?? kind;
  return `${title}${nameAtIssuer ? ` "${nameAtIssuer}"` : ''}${purpose ? `: ${purpose}` : ''}`;
}

function toType(declaration: Declaration, command: string): readonly string[] {
  const { name, destinations } = declaration;
  if (isObserved(declaration)) return [];
  const rest = destinations.length > 0 ? `rotate ${name}` : `record ${name} --expires YYYY-MM-DD`;
  return [`To renew it, type: ${command} ${rest}`];
}

const MAX_ALARMS = 4;
/** Mail comes earlier; an alarm that far ahead is only dismissed. */
const WIDEST_ALARM_DAYS = 30;

/** The widest and the last of the lead times: 30, 14, 7, 1 for what lives for a year. */
function alarms(lifetimeDays: number): readonly number[] {
  const leads = leadTimes(lifetimeDays).filter((lead) => lead > 0 && lead <= WIDEST_ALARM_DAYS);
  return leads.length <= MAX_ALARMS ? leads : [...leads.slice(0, MAX_ALARMS - 1), ...leads.slice(-1)];
}
