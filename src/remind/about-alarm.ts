import type { Version } from '../domain/credential.ts';
import { findKind } from '../kinds/catalogue.ts';
import { commonNotes, lateNotes, nextNote } from './notes.ts';
import type { Carried, Reminded } from './reminder.ts';
import type { MailContext, Section, Step } from './section.ts';
import { itemOf, nameOf, whatFact, whereFacts, whereOf } from './section.ts';
import { namedFirst, replaceSteps } from './steps.ts';
import { listed, minuteOf, quoted } from './words.ts';

/** Before every expiry: a leak goes on doing harm, a revocation only stops releases. */
const LEAKED = -2_000_000;
const REVOKED = -1_000_000;

/** Revoked or leaked, as a person said. Nobody is told how to put it off: it cannot be. */
export function aboutAlarm(
  reminder: Carried,
  credential: Reminded,
  version: Version,
  context: MailContext,
  now: Date,
): Section {
  const { declaration } = credential;
  const leaked = reminder.topic === 'leaked';
  const name = nameOf(declaration);
  const fails = declaration.destinations.length > 0 ? 'releases fail' : 'what depends on it fails';
  const headline = leaked
    ? `${name} has leaked: replace it now`
    : `${name} is revoked: ${fails} until it is replaced`;
  const replacing = replaceSteps(credential, context);
  const steps = leaked ? leakSteps(credential, version, replacing) : replacing;
  const label = leaked ? 'Leaked' : 'Revoked';
  return {
    tone: 'urgent',
    label,
    urgency: leaked ? LEAKED : REVOKED,
    headline,
    where: whereOf(declaration),
    bar: undefined,
    verbatim: [],
    facts: [
      { label, text: `since ${minuteOf(version.standingAt ?? version.recordedAt)}, as a person said` },
      whatFact(declaration),
      ...whereFacts(credential, context),
    ],
    steps,
    notes: [
      ...lateNotes(reminder, credential, context),
      ...commonNotes(credential, context),
      ...nextNote(credential, context, now),
    ],
    item: itemOf(reminder, credential, now, { headline, ...namedFirst(steps) }),
  };
}

/** In the order of the harm that it does: end it, replace it, look at what was done with it, and at who gets the new one. */
function leakSteps({ declaration }: Reminded, version: Version, replacing: readonly Step[]): readonly Step[] {
  const kind = findKind(declaration.kind);
  const since = version.createdAt
    ? `${minuteOf(version.createdAt)}, when it was made`
    : `${minuteOf(version.recordedAt)}, when it was recorded (it may be older)`;
  const places = declaration.destinations.map(({ repo, environment }) =>
    quoted(`${repo} › ${environment}`, 200),
  );
  return [
    { text: `Revoke it now at ${kind?.issuer ?? 'its issuer'}, by hand:`, link: kind?.pages?.revoke },
    ...replacing.filter(({ link }) => link === undefined || link !== kind?.pages?.revoke),
    {
      text: `Look through everything that was published with it since ${since}. What you did not publish yourself, withdraw.`,
    },
    ...(places.length > 0
      ? [
          {
            text: `Jobs that wait for approval get the new token too: refuse those that you do not know in ${listed([...new Set(places)])}.`,
          },
        ]
      : []),
  ];
}
