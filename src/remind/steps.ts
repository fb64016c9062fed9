import type { Declaration } from '../domain/credential.ts';
import { findKind } from '../kinds/catalogue.ts';
import type { Reminded } from './reminder.ts';
import type { MailContext, Step } from './section.ts';
import { commandOf } from './section.ts';
import { quoted } from './words.ts';

/** From the issuer's page to the command, in order. */
export function replaceSteps({ declaration }: Reminded, context: MailContext): readonly Step[] {
  const kind = findKind(declaration.kind);
  const atIssuer = kind?.steps(declaration) ?? [];
  return [
    ...(kind?.pages ? [{ text: `Open ${kind.issuer}:`, link: kind.pages.renew }] : []),
    ...atIssuer.map((text) => ({ text: quoted(text) })),
    declaration.destinations.length > 0
      ? {
          text: 'Type this and paste the new token into the form whose address it prints:',
          command: commandOf(context, 'rotate', declaration),
        }
      : {
          text: 'Then record the new date:',
          command: commandOf(context, 'record', declaration, '--expires YYYY-MM-DD'),
        },
  ];
}

/** What is left to do once the new one has been used. */
export function afterwards({ kind: id }: Declaration): readonly Step[] {
  const kind = findKind(id);
  return kind?.afterwards ? [{ text: kind.afterwards, link: kind.pages?.revoke }] : [];
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
