import type { Declaration, FormerVersion } from '../domain/credential.ts';
import { ownTokenOf } from '../domain/own-token.ts';
import { findKind } from '../kinds/catalogue.ts';
import { livingVersions } from './open-ends.ts';
import type { Reminded } from './reminder.ts';
import type { MailContext, Step } from './section.ts';
import { commandOf } from './section.ts';
import { listed, minuteOf, quoted } from './words.ts';

/** Whether reseal reads the dates of a credential by itself: those of its own tokens, from GitHub's answers. */
export function isObserved({ name }: Pick<Declaration, 'name'>): boolean {
  return ownTokenOf(name) !== undefined;
}

/** From the issuer's page to the command, in order. */
export function replaceSteps({ declaration }: Reminded, context: MailContext): readonly Step[] {
  const kind = findKind(declaration.kind);
  const atIssuer = kind?.steps(declaration) ?? [];
  return [
    ...(kind?.pages ? [{ text: `Open ${kind.issuer}:`, link: kind.pages.renew }] : []),
    ...atIssuer.map((text) => ({ text: quoted(text) })),
    ...lastStep(declaration, context),
  ];
}

function lastStep(declaration: Declaration, context: MailContext): readonly Step[] {
  if (isObserved(declaration)) return [];
  if (declaration.destinations.length > 0) {
    return [
      {
        text: 'Type this and paste the new token into the form whose address it prints:',
        command: commandOf(context, 'rotate', declaration),
      },
    ];
  }
  return [
    {
      text: 'Then record the new date:',
      command: commandOf(context, 'record', declaration, '--expires YYYY-MM-DD'),
    },
  ];
}

/** What is left to do once a new one has been used. */
export function afterwards({ kind: id }: Declaration): readonly Step[] {
  const kind = findKind(id);
  return kind?.afterwards ? [{ text: kind.afterwards, link: kind.pages?.revoke }] : [];
}

/** How to end what has leaked. */
export function revokeNow({ kind: id }: Declaration, what = 'it'): Step {
  const kind = findKind(id);
  const how = kind?.revoking ? ` ${kind.revoking}` : ' Do it by hand.';
  return { text: `Revoke ${what} now at ${kind?.issuer ?? 'its issuer'}.${how}`, link: kind?.pages?.revoke };
}

/** How to say that a token which was replaced lives no more. */
export function confirmRevoked(declaration: Declaration, context: MailContext, count: number): Step {
  return {
    text: count > 1 ? 'Once each of them is revoked, say so:' : 'Once it is revoked, say so:',
    command: commandOf(context, 'confirm', declaration, '--old-revoked'),
  };
}

/** What of it has leaked, in a sentence: `it` where there is nothing else. */
export function leakedWords(credential: Reminded, now: Date): string {
  const living = livingVersions(credential, now);
  const leaked = living.filter(({ standing }) => standing === 'leaked');
  return living.length > 1 ? listed(leaked.map(({ version }) => `version ${version}`)) : 'it';
}

/** `version 2 until 2027-03-01 and version 1, which has leaked, with no known end`; empty where none lives on. */
export function livingWords(credential: Reminded, now: Date): string {
  return listed(livingVersions(credential, now).map(versionWords));
}

function versionWords({ version, standing, expiry }: FormerVersion): string {
  const leaked = standing === 'leaked' ? ', which has leaked,' : '';
  const until =
    expiry.kind === 'known'
      ? `until ${minuteOf(expiry.at)}`
      : expiry.kind === 'never'
        ? 'without an end'
        : 'with no known end';
  return `version ${version}${leaked} ${until}`;
}

/** The first command and the first page that some steps name. */
export function namedFirst(steps: readonly Step[]): {
  command: string | undefined;
  link: string | undefined;
} {
  return {
    command: steps.find(({ command }) => command !== undefined)?.command,
    link: steps.find(({ link }) => link !== undefined)?.link,
  };
}
