import { AppError } from '../domain/error.ts';
import { findKind } from '../kinds/catalogue.ts';
import { acknowledgeNote, commonNotes, lateNotes, nextNote } from './notes.ts';
import { livingVersions } from './open-ends.ts';
import type { Carried, Reminded } from './reminder.ts';
import type { MailContext, Section } from './section.ts';
import { itemOf, nameOf, whatFact, whereFacts, whereOf } from './section.ts';
import { confirmRevoked, leakedWords, livingWords, namedFirst, revokeNow } from './steps.ts';
import { OLD_TOKEN, OLD_TOKEN_LEAKED } from './urgency.ts';
import { listed, minuteOf } from './words.ts';

/** What a rotation has replaced lives on at its issuer. @throws where none does */
export function aboutOldToken(
  reminder: Carried,
  credential: Reminded,
  context: MailContext,
  now: Date,
): Section {
  const { declaration } = credential;
  const living = livingVersions(credential, now);
  const [newest] = living;
  if (!newest)
    throw new AppError('not_found', `no token of "${declaration.name}" that was replaced lives on`);
  const leaked = living.some(({ standing }) => standing === 'leaked');
  const issuer = findKind(declaration.kind)?.issuer ?? 'its issuer';
  const headline = leaked
    ? `${nameOf(declaration)}: the token that has leaked still works at ${issuer}`
    : `${nameOf(declaration)}: the old token still works at ${issuer}`;
  const others = living.filter(({ standing }) => standing !== 'leaked');
  const later = {
    text: `Once a release has used the new one, revoke ${others.length > 1 ? 'the old ones' : 'the old one'} at ${issuer}.`,
    link: findKind(declaration.kind)?.pages?.revoke,
  };
  const steps = [
    ...(leaked ? [revokeNow(declaration, leakedWords(credential, now))] : []),
    ...(others.length > 0 ? [later] : []),
    confirmRevoked(declaration, context, living.length),
  ];
  const replaced = living.map(({ version, replacedAt }) => `version ${version} on ${minuteOf(replacedAt)}`);
  return {
    tone: leaked ? 'urgent' : 'quiet',
    label: leaked ? 'Leaked' : 'Old token',
    urgency: leaked ? OLD_TOKEN_LEAKED : OLD_TOKEN,
    headline,
    where: whereOf(declaration),
    bar: undefined,
    verbatim: [],
    facts: [
      { label: 'Works', text: livingWords(credential, now) },
      { label: 'Replaced', text: listed(replaced) },
      whatFact(declaration),
      ...whereFacts(credential, context),
    ],
    steps,
    notes: [
      ...lateNotes(reminder, credential, context),
      ...commonNotes(credential, context, now),
      ...nextNote(credential, context, now),
      ...(leaked ? [] : acknowledgeNote(credential, context, now)),
    ],
    item: itemOf(reminder, credential, now, { headline, ...namedFirst(steps) }),
  };
}
