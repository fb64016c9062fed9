import { findKind } from '../kinds/catalogue.ts';
import type { Beyond } from '../kinds/lifetime-rules.ts';
import { asksForPerson, beyondRules, isDisproved } from '../kinds/lifetime-rules.ts';
import { sentence } from '../kinds/sentence.ts';
import type { Reminded } from './reminder.ts';
import { isObserved } from './steps.ts';
import { quoted } from './words.ts';

const NONE: readonly Beyond[] = [];

/**
 * The issuer's rules that the recorded date of a credential contradicts. Of what is revoked or retired none is looked at: it has
 * ended. What `now` is changes only whether a day is told as past.
 */
export function rulesAgainst(
  { declaration, current, retiredAt }: Pick<Reminded, 'declaration' | 'current' | 'retiredAt'>,
  now: Date,
): readonly Beyond[] {
  if (!current || retiredAt || current.standing !== 'good' || isObserved(declaration)) return NONE;
  const kind = findKind(declaration.kind);
  return kind ? beyondRules(kind, current, now) : NONE;
}

/** Those that ask for a person at this moment: they have the line a month. */
export function pressingRules(credential: Reminded, now: Date): readonly Beyond[] {
  return rulesAgainst(credential, now).filter((beyond) => asksForPerson(beyond, now));
}

/** Those that the mails about it tell. */
export function toldRules(credential: Reminded, now: Date): readonly Beyond[] {
  return rulesAgainst(credential, now).filter((beyond) => !isDisproved(beyond, now));
}

/** What a rule says of it, with what to do, as sentences. */
export function ruleSentences({ text, rule }: Beyond): string {
  return quoted([text, ...(rule ? [rule.advice] : [])].map(sentence).join(' '), LONGEST);
}

const LONGEST = 800;

/** What `record` is to be told: where its creation is not known, that decides which rule holds. */
export function datesToRecord({ current }: Reminded): string {
  return current?.createdAt ? '--expires YYYY-MM-DD' : '--created YYYY-MM-DD --expires YYYY-MM-DD';
}
