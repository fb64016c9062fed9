import { AppError } from '../domain/error.ts';
import type { Carried, DraftItem, Reminded } from './reminder.ts';
import type { MailContext } from './section.ts';
import { commandOf, itemOf, nameOf } from './section.ts';

/** The line a month about a credential that has no date to remind of. */
export interface StandingLine {
  readonly name: string;
  readonly why: string;
  readonly command: string | undefined;
  readonly headline: string;
  readonly item: DraftItem;
}

/** @throws where it has a date, so that the line would be wrong */
export function standingLine(
  reminder: Carried,
  credential: Reminded,
  context: MailContext,
  now: Date,
): StandingLine {
  const { declaration } = credential;
  const name = nameOf(declaration);
  const said = describe(credential);
  const record = commandOf(context, 'record', declaration, '--expires YYYY-MM-DD');
  const retire = commandOf(context, 'retire', declaration);
  const command = !credential.declared ? retire : said.asks ? record : undefined;
  const gone = credential.declared ? '' : '; no longer in the configuration: put it back, or retire it';
  const headline = `${name} ${said.headline}`;
  return {
    name,
    why: `${said.why}${gone}`,
    command,
    headline,
    item: itemOf(reminder, credential, now, { headline, command, link: undefined }),
  };
}

function describe({ current, declaration }: Reminded): { headline: string; why: string; asks: boolean } {
  if (!current && declaration.planned) {
    return { headline: 'is planned and not made yet', why: 'planned, not made yet', asks: false };
  }
  if (!current) return { headline: 'has no expiry date', why: 'never recorded', asks: true };
  switch (current.expiry.kind) {
    case 'never':
      return { headline: 'never expires', why: 'never expires', asks: false };
    case 'unknown':
      return { headline: 'has no expiry date', why: 'its expiry date is not known', asks: true };
    case 'known':
      throw new AppError('not_found', `the expiry of "${declaration.name}" is known`);
  }
}
