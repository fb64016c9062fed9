import type { Version } from '../domain/credential.ts';
import { findKind } from '../kinds/catalogue.ts';
import { expiryFact, isDoubted, unchecked } from './about-expiry.ts';
import { commonNotes, nextNote } from './notes.ts';
import { livingVersions } from './open-ends.ts';
import type { Carried, Reminded } from './reminder.ts';
import type { Fact, MailContext, Section, Step } from './section.ts';
import { itemOf, nameOf, whatFact, whereFacts, whereOf } from './section.ts';
import { afterwards, confirmRevoked, leakedWords, livingWords, namedFirst, revokeNow } from './steps.ts';
import { RENEWED } from './urgency.ts';
import { minuteOf } from './words.ts';

/** The one notice after a rotation. */
export function aboutRotation(
  reminder: Carried,
  credential: Reminded,
  version: Version,
  context: MailContext,
  now: Date,
): Section {
  const { declaration, destinations } = credential;
  const when = version.expiry.kind === 'known' ? `, expires ${minuteOf(version.expiry.at)}` : '';
  const headline = `${nameOf(declaration)} was renewed: version ${version.version}${when}`;
  const steps = oldSteps(credential, version, context, now);
  const landed = destinations.some(({ state }) => state === 'verified');
  return {
    tone: 'good',
    label: 'Renewed',
    urgency: RENEWED,
    headline,
    where: whereOf(declaration),
    bar: undefined,
    verbatim: [],
    facts: [
      expiryFact(version, now, isDoubted(credential, now)),
      ...oldFacts(credential, version, now),
      whatFact(declaration),
      ...whereFacts(credential, context),
      ...unchecked(version),
    ],
    steps,
    notes: [
      ...(landed ? [{ text: 'GitHub shows that a write landed, never which value.' }] : []),
      ...(version.version > 1 ? [{ text: 'Reminders for the version before are cancelled.' }] : []),
      ...commonNotes(credential, context, now),
      ...nextNote(credential, context, now),
    ],
    item: itemOf(reminder, credential, now, { headline, ...namedFirst(steps) }),
  };
}

/** What became of the one before, where its kind outlives a rotation. */
function oldFacts(credential: Reminded, version: Version, now: Date): readonly Fact[] {
  const { declaration } = credential;
  const kind = findKind(declaration.kind);
  if (version.version === 1 || kind?.afterwards === undefined) return [];
  return [{ label: 'The old one', text: oldWords(credential, version, kind.issuer, now) }];
}

function oldWords(credential: Reminded, version: Version, issuer: string, now: Date): string {
  const living = livingWords(credential, now);
  if (living) return `still works at ${issuer}: ${living}`;
  const left = credential.former.some((former) => former.version === version.version - 1);
  return left ? 'has expired' : `was revoked at ${issuer} before it was replaced`;
}

/** Nothing asks for the end of what has ended; what has leaked is not waited with. */
function oldSteps(credential: Reminded, version: Version, context: MailContext, now: Date): readonly Step[] {
  const { declaration } = credential;
  const living = livingVersions(credential, now);
  const confirm = confirmRevoked(declaration, context, living.length);
  if (living.some(({ standing }) => standing === 'leaked'))
    return [
      revokeNow(declaration, leakedWords(credential, now)),
      {
        text: 'Look through everything that was published with it, and at the jobs that wait for approval: they get the new token when they start.',
      },
      confirm,
    ];
  if (living.length > 0) return [...afterwards(declaration), confirm];
  // Of what was in use before the first version that is recorded nothing is known.
  return version.version === 1 ? afterwards(declaration) : [];
}
