import { findKind } from '../kinds/catalogue.ts';
import { changedPlaces } from './open-ends.ts';
import type { Reminded } from './reminder.ts';
import type { MailContext, Note } from './section.ts';
import { commandOf } from './section.ts';
import { livingWords } from './steps.ts';
import { listed, minuteOf, quoted } from './words.ts';

/** What else waits for a person, said in every mail about the credential but the one that is about it. */
export function openEndNotes(credential: Reminded, context: MailContext, now: Date): readonly Note[] {
  return [...unconfirmedNotes(credential, context), ...oldTokenNotes(credential, context, now)];
}

function unconfirmedNotes(
  { declaration, unconfirmedSince }: Reminded,
  context: MailContext,
): readonly Note[] {
  if (!unconfirmedSince) return [];
  return [
    {
      text: `Whether the rotation of ${minuteOf(unconfirmedSince)} stored its token is not certain. If it did, say so; if not, say --not-stored:`,
      command: commandOf(context, 'confirm', declaration, '--stored --expires YYYY-MM-DD'),
    },
  ];
}

export function oldTokenNotes(credential: Reminded, context: MailContext, now: Date): readonly Note[] {
  const { declaration } = credential;
  const living = livingWords(credential, now);
  if (living === '') return [];
  const issuer = findKind(declaration.kind)?.issuer ?? 'its issuer';
  return [
    {
      text: `What was replaced still works at ${issuer}: ${living}. Once it is revoked there, say so:`,
      command: commandOf(context, 'confirm', declaration, '--old-revoked'),
    },
  ];
}

/** Where somebody else has put a token, the date that is known may not be the one of what is in use. */
export function doubtNotes(credential: Reminded, context: MailContext): readonly Note[] {
  const { declaration } = credential;
  const changed = changedPlaces(credential).map(
    ({ destination: { repo, secret }, changedAt }) =>
      `${quoted(secret, 200)} in ${quoted(repo, 200)} (first seen ${minuteOf(changedAt)})`,
  );
  if (changed.length === 0) return [];
  return [
    {
      text: `Somebody else has changed ${listed(changed)}, so that this date may no longer hold. If you know the token that is there now, say until when it lives:`,
      command: commandOf(context, 'confirm', declaration, '--stored --expires YYYY-MM-DD'),
    },
  ];
}
