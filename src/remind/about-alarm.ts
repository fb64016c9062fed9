import type { Version } from '../domain/credential.ts';
import { findKind } from '../kinds/catalogue.ts';
import { commonNotes, lateNotes, nextNote } from './notes.ts';
import { openEndNotes } from './open-end-notes.ts';
import type { Carried, Reminded } from './reminder.ts';
import type { Fact, MailContext, Note, Section, Step } from './section.ts';
import { commandOf, itemOf, nameOf, whatFact, whereFacts, whereOf } from './section.ts';
import { isObserved, namedFirst, replaceSteps, revokeNow } from './steps.ts';
import { LEAKED, REVOKED } from './urgency.ts';
import { listed, minuteOf, quoted } from './words.ts';

/** Revoked or leaked. Nobody is told how to put it off: it cannot be. */
export function aboutAlarm(
  reminder: Carried,
  credential: Reminded,
  version: Version,
  context: MailContext,
  now: Date,
): Section {
  const { declaration } = credential;
  const leaked = reminder.topic === 'leaked';
  const headline = headlineOf(credential, leaked);
  const replacing = replaceSteps(credential, context);
  const steps = leaked ? leakSteps(credential, version, replacing) : replacing;
  return {
    tone: 'urgent',
    label: leaked ? 'Leaked' : 'Revoked',
    urgency: leaked ? LEAKED : REVOKED,
    headline,
    where: whereOf(declaration),
    bar: undefined,
    verbatim: [],
    facts: [
      ...standingFacts(credential, version, leaked),
      whatFact(declaration),
      ...whereFacts(credential, context),
    ],
    steps,
    notes: [
      ...(leaked ? thenNotes(credential, version, context) : []),
      ...lateNotes(reminder, credential, context),
      ...openEndNotes(credential, context, now),
      ...commonNotes(credential, context, now),
      ...nextNote(credential, context, now),
    ],
    item: itemOf(reminder, credential, now, { headline, ...namedFirst(steps) }),
  };
}

function headlineOf({ declaration }: Reminded, leaked: boolean): string {
  const name = nameOf(declaration);
  if (leaked) return `${name} has leaked: replace it now`;
  if (isObserved(declaration)) return `GitHub does not accept ${name} any more: replace it now`;
  const fails = declaration.destinations.length > 0 ? 'releases fail' : 'what depends on it fails';
  return `${name} is revoked: ${fails} until it is replaced`;
}

function standingFacts({ declaration }: Reminded, version: Version, leaked: boolean): readonly Fact[] {
  const since = minuteOf(version.standingAt ?? version.recordedAt);
  if (!leaked && isObserved(declaration))
    return [{ label: 'Refused', text: `since ${since}: GitHub does not accept it any more` }];
  return [
    { label: leaked ? 'Leaked' : 'Revoked', text: `since ${since}, as a person said` },
    ...(leaked && version.revokedAt
      ? [{ label: 'Revoked', text: `since ${minuteOf(version.revokedAt)}: it does no more harm` }]
      : []),
  ];
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
    ...(version.revokedAt
      ? replacing
      : [
          revokeNow(declaration),
          ...replacing.filter(({ link }) => link === undefined || link !== kind?.pages?.revoke),
        ]),
    {
      text: `Look through everything that was published with it since ${since}. What you did not publish yourself, withdraw.`,
    },
    ...(places.length > 0
      ? [
          {
            text: `Look at the jobs that wait for approval in ${listed([...new Set(places)])}: a job reads the secret when it starts, so that they will get the new token. Refuse those that you do not know.`,
          },
        ]
      : []),
  ];
}

/** What is asked for once the new one is there. */
function thenNotes({ declaration }: Reminded, version: Version, context: MailContext): readonly Note[] {
  if (version.revokedAt || findKind(declaration.kind)?.afterwards === undefined) return [];
  return [
    {
      text: 'The new token does not end the one that has leaked. Once both are done, revoked and replaced, say so:',
      command: commandOf(context, 'confirm', declaration, '--old-revoked'),
    },
  ];
}
