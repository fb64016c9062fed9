import type { Declaration, Destination, DestinationState } from '../domain/credential.ts';
import { formatDestination, sameDestination } from '../domain/credential.ts';
import { daysLeft } from '../domain/expiry.ts';
import { findKind } from '../kinds/catalogue.ts';
import type { ToldRun } from './findings.ts';
import type { ReminderPolicy } from './policy.ts';
import { EVERYBODY } from './policy.ts';
import type { Carried, DraftItem, Reminded } from './reminder.ts';
import { argument, cut, plain, quoted } from './words.ts';

/** What the words of a mail depend on besides the credentials themselves. */
export interface MailContext {
  readonly policy: ReminderPolicy;
  /** What a person types in front of a command. */
  readonly command: string;
  /** The page where a destination's settings are, for people; undefined where it has none. */
  readonly settingsPage: (destination: Destination) => string | undefined;
  /** Times in which reseal did not run, latest last. */
  readonly outages: readonly Outage[];
  /** Messages to somebody that were given up. */
  readonly undelivered: readonly Undelivered[];
  /** The configuration cannot be used: since when and why. */
  readonly configurationTrouble: { readonly detail: string; readonly since: Date } | undefined;
  /** What a run of a pipeline has to tell; absent: nothing was ever verified. */
  readonly findings?: (pipeline: string, run: number) => ToldRun;
  /** Whoever is told no more, by the entry of the history that says so; absent: nobody. */
  readonly former?: (entry: number) => FormerRecipient | undefined;
  /** The chain of the history is broken: since when it is known, and where. */
  readonly historyTrouble?: { readonly detail: string; readonly since: Date } | undefined;
  /** The last entry of the history, as it is compared later; absent: there is none. */
  readonly head?: string | undefined;
  /** Writes the iCalendar text for the entries; undefined: none is attached. */
  readonly calendar: ((credentials: readonly Reminded[]) => string | undefined) | undefined;
}

export interface Outage {
  readonly beganAt: Date;
  readonly endedAt: Date;
}

/** One who was told of credentials, and is told no more. */
export interface FormerRecipient {
  readonly at: Date;
  /** `user@host` of the process that loaded the configuration. */
  readonly actor: string;
  /** Names, the first of `count`. */
  readonly credentials: readonly string[];
  readonly count: number;
  /** Addresses that are told of them now. */
  readonly toldNow: readonly string[];
}

interface Undelivered {
  readonly recipient: string;
  readonly error: string;
  readonly credentials: readonly string[];
}

/** One reminder in words, as plain values: text and HTML are two renderings of it. */
export interface Section {
  readonly tone: Tone;
  /** In a word or two, such as `Critical`. */
  readonly label: string;
  /** Sorts the sections: days left, or what comes to the same; lowest first. */
  readonly urgency: number;
  readonly headline: string;
  /** `CRATES_IO_TOKEN in joaoh82/rust_sqlite`; empty where it lives nowhere. */
  readonly where: string;
  /** Part of the lifetime that is left, 0…1, in words and with its end; undefined where a bar would say nothing. */
  readonly bar: { readonly part: number; readonly caption: string; readonly end: string } | undefined;
  /** Lines that are shown as they are. */
  readonly verbatim: readonly string[];
  readonly facts: readonly Fact[];
  readonly steps: readonly Step[];
  readonly notes: readonly Note[];
  readonly item: DraftItem;
}

export type Tone = 'urgent' | 'soon' | 'good' | 'quiet';

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

export interface Note {
  readonly text: string;
  readonly command?: string | undefined;
}

const LONGEST_NAME = 60;

/** A name in a sentence. What is typed takes `argument` instead, which is never cut. */
export function nameOf({ name }: Pick<Declaration, 'name'>): string {
  return quoted(name, LONGEST_NAME);
}

/** `CRATES_IO_TOKEN in joaoh82/rust_sqlite and 1 more` */
export function whereOf({ destinations: [first, ...others] }: Declaration): string {
  if (!first) return '';
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return `${quoted(first.secret, LONGEST_NAME)} in ${quoted(first.repo, LONGEST_NAME)}${more}`;
}

/** The rest of a command after what a person types in front. */
export function commandOf(context: MailContext, verb: string, declaration: Declaration, rest = ''): string {
  return `${plain(context.command)} ${verb} ${argument(declaration.name)}${rest && ` ${rest}`}`;
}

/** What it is and what it is for. */
export function whatFact({ kind: id, nameAtIssuer, purpose }: Declaration): Fact {
  const title = findKind(id)?.title ?? quoted(id, LONGEST_NAME);
  const name = nameAtIssuer ? ` "${quoted(nameAtIssuer, 200)}"` : '';
  return { label: 'What', text: `${title}${name}${purpose ? `: ${quoted(purpose)}` : ''}` };
}

/** Where it lives, what stops without it, and whose it is. */
export function whereFacts(
  { declaration, destinations: found }: Reminded,
  context: MailContext,
): readonly Fact[] {
  const { destinations, kind, owner } = declaration;
  return [
    ...destinations.map((destination) => ({
      label: 'Lives in',
      text: `${quoted(formatDestination(destination))}${describeState(
        found.find((one) => sameDestination(one.destination, destination))?.state,
      )}`,
      link: context.settingsPage(destination),
    })),
    { label: 'Without it', text: findKind(kind)?.breaks ?? 'what depends on it stops' },
    { label: 'Owner', text: owner === EVERYBODY ? 'everybody in the configuration' : quoted(owner, 200) },
  ];
}

function describeState(state: DestinationState | undefined): string {
  if (state === 'missing') return ' (was not there when reseal last looked)';
  return state === 'changed-elsewhere' ? ' (was changed, and not by reseal)' : '';
}

/** The same in values. `command` and `link` are what the section names first. */
export function itemOf(
  reminder: Carried,
  { declaration, current }: Reminded,
  now: Date,
  said: Pick<DraftItem, 'headline' | 'command' | 'link'>,
): DraftItem {
  const expiry = current?.expiry;
  return {
    credential: reminder.credential,
    topic: reminder.topic,
    version: reminder.version,
    expiresAt: expiry?.kind === 'known' ? expiry.at : undefined,
    daysLeft: expiry && daysLeft(expiry, now),
    destinations: declaration.destinations,
    ...said,
  };
}

/** RFC 5322 §2.1.1 bounds a line at 998; what people see of a subject ends long before. */
export function subjectLine(text: string): string {
  return cut(plain(text), 200);
}

/** The item of what is about the installation, and no credential's date. */
export function itemWithoutDate(
  { credential, topic, version }: Carried,
  headline: string,
  command: string,
): DraftItem {
  return {
    credential,
    topic,
    version,
    headline,
    expiresAt: undefined,
    daysLeft: undefined,
    destinations: [],
    command,
    link: undefined,
  };
}
