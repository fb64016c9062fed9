import { addLifetime, monthOf, startOfMonth } from '../domain/calendar.ts';
import type { CredentialStatus } from '../register/status.ts';

/** The coming year, from one instant to the same day of the next. Page and terminal draw the same one. */
export interface ComingYear {
  readonly start: Date;
  readonly end: Date;
  /** The months that begin in it, in order. */
  readonly months: readonly Month[];
}

interface Month {
  /** `Dec`; instead of January the year, `2027`. */
  readonly label: string;
  /** Where it begins, as a part of the year: 0…1. */
  readonly part: number;
}

/** Where a credential stands on the line, as parts of the year. `words`: it has no place there. */
export type Standing =
  | { readonly kind: 'ended' }
  | { readonly kind: 'within'; readonly end: number; readonly leads: readonly number[] }
  | { readonly kind: 'beyond'; readonly leads: readonly number[] }
  | { readonly kind: 'words'; readonly text: string };

const NAMES = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export function comingYear(now: Date): ComingYear {
  const year = { start: now, end: addLifetime(now, '1y') };
  const first = monthOf(now) + 1;
  const months = NAMES.map((_, index) => startOfMonth(first + index)).map((at) => {
    const label = at.getUTCMonth() === 0 ? String(at.getUTCFullYear()) : (NAMES[at.getUTCMonth()] ?? '');
    return { label, part: partOf(year, at) };
  });
  return { ...year, months: months.filter(({ part }) => part < 1) };
}

/** Below 0 before the year, above 1 behind it. */
export function partOf({ start, end }: Pick<ComingYear, 'start' | 'end'>, at: Date): number {
  return (at.getTime() - start.getTime()) / (end.getTime() - start.getTime());
}

/** @param leads when its reminders come; those that have come, and those behind the year, are left out */
export function standingOf(
  status: Pick<CredentialStatus, 'state' | 'expiresAt' | 'changed'>,
  leads: readonly Date[],
  year: ComingYear,
): Standing {
  if (status.state === 'revoked') return { kind: 'ended' };
  if (status.expiresAt === null) return { kind: 'words', text: withoutDate(status) };
  const end = partOf(year, new Date(status.expiresAt));
  if (end <= 0) return { kind: 'ended' };
  const ahead = leads.map((at) => partOf(year, at)).filter((part) => part > 0 && part <= 1);
  return end > 1 ? { kind: 'beyond', leads: ahead } : { kind: 'within', end, leads: ahead };
}

function withoutDate({ state, changed }: Pick<CredentialStatus, 'state' | 'changed'>): string {
  if (changed !== null) return 'its date may not hold any more';
  if (state === 'planned') return 'planned, and not made yet';
  return state === 'never' ? 'does not expire' : 'its expiry date is not known';
}
