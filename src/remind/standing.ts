import { AppError } from '../domain/error.ts';
import type { Beyond } from '../kinds/lifetime-rules.ts';
import { endByRules } from '../kinds/lifetime-rules.ts';
import { changedPlaces } from './open-ends.ts';
import type { Carried, DraftItem, Reminded } from './reminder.ts';
import type { MailContext } from './section.ts';
import { commandOf, itemOf, nameOf } from './section.ts';
import { datesToRecord, pressingRules, ruleSentences } from './shortened.ts';
import { isObserved } from './steps.ts';
import { minuteOf, quoted } from './words.ts';

/** The line a month about a credential that has no date to remind of, or one that may not hold. */
export interface StandingLine {
  readonly name: string;
  /** It has a date, which may not hold. */
  readonly dated: boolean;
  readonly why: string;
  readonly command: string | undefined;
  readonly headline: string;
  readonly item: DraftItem;
}

/** @throws where it has a date that nothing speaks against, so that the line would be wrong */
export function standingLine(
  reminder: Carried,
  credential: Reminded,
  context: MailContext,
  now: Date,
): StandingLine {
  const { declaration } = credential;
  const name = nameOf(declaration);
  const beyond = pressingRules(credential, now);
  const said = describe(credential, beyond, now);
  const asked = {
    none: undefined,
    record: commandOf(
      context,
      'record',
      declaration,
      beyond.length > 0 ? datesToRecord(credential) : '--expires YYYY-MM-DD',
    ),
    confirm: commandOf(context, 'confirm', declaration, '--stored --expires YYYY-MM-DD'),
  }[said.asks];
  const retire = commandOf(context, 'retire', declaration);
  const command = !credential.declared ? retire : asked;
  const gone = credential.declared ? '' : '; no longer in the configuration: put it back, or retire it';
  const headline = `${name} ${said.headline}`;
  return {
    name,
    dated: credential.current?.expiry.kind === 'known',
    why: `${whyOf(said, beyond)}${gone}`,
    command,
    headline,
    item: itemOf(reminder, credential, now, { headline, command, link: undefined }),
  };
}

/** Goes on after it, so without the last full stop. */
function whyOf({ why }: Described, beyond: readonly Beyond[]): string {
  const rules = beyond.map(ruleSentences).join(' ').replace(/\.$/, '');
  return [why, rules].filter((text) => text !== '').join('. ');
}

/** What the lines have in common. */
export function standingTitle(lines: readonly StandingLine[]): string {
  return lines.some(({ dated }) => dated) ? 'Without a certain date' : 'Without a date';
}

interface Described {
  readonly headline: string;
  readonly why: string;
  /** What a person is to say; a date that reseal reads by itself is not asked for. */
  readonly asks: 'record' | 'confirm' | 'none';
}

function describe(credential: Reminded, beyond: readonly Beyond[], now: Date): Described {
  const { current, declaration } = credential;
  if (!current && declaration.planned) {
    return { headline: 'is planned and not made yet', why: 'planned, not made yet', asks: 'none' };
  }
  const [foreign] = changedPlaces(credential);
  if (foreign) {
    const { repo, secret } = foreign.destination;
    const place = `${quoted(secret, 200)} in ${quoted(repo, 200)}`;
    return {
      headline: 'has no certain expiry date',
      why: `its expiry is not known since somebody else changed ${place} (first seen ${minuteOf(foreign.changedAt)})`,
      asks: 'confirm',
    };
  }
  const asks = isObserved(declaration) ? 'none' : 'record';
  if (!current) return { headline: 'has no expiry date', why: 'never recorded', asks };
  switch (current.expiry.kind) {
    case 'never':
      return beyond.length > 0
        ? { ...shortened(beyond, now), why: 'recorded as never expiring' }
        : { headline: 'never expires', why: 'never expires', asks: 'none' };
    case 'unknown':
      return { headline: 'has no expiry date', why: 'its expiry date is not known', asks };
    case 'known':
      if (beyond.length > 0) return { ...shortened(beyond, now), why: '' };
      throw new AppError('not_found', `the expiry of "${declaration.name}" is known`);
  }
}

function shortened(beyond: readonly Beyond[], now: Date): Pick<Described, 'headline' | 'asks'> {
  const end = endByRules(beyond);
  const isCertain = beyond.some(({ partial }) => !partial);
  const verb = end && end <= now ? 'has ended' : isCertain ? 'ends' : 'may end';
  return { headline: `${verb} before its recorded date`, asks: 'record' };
}
