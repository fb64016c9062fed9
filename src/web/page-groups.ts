import { DAY_MS } from '../domain/calendar.ts';
import { needsPerson } from '../domain/credential.ts';
import type { CredentialStatus } from '../register/status.ts';
import type { Overview, OverviewCredential } from './overview.ts';

/** The credentials of an overview, each in one group, in the order of the overview. */
export interface Groups {
  readonly pressing: readonly OverviewCredential[];
  /** Nothing is to be done, and it ends within 31 days. */
  readonly soon: readonly OverviewCredential[];
  readonly later: readonly OverviewCredential[];
  /** Never, planned, not known; and what is retired. */
  readonly undated: readonly OverviewCredential[];
}

export type Tone = 'bad' | 'warn' | 'good' | 'quiet';

const SOON_MS = 31 * DAY_MS;

export function groupsOf({ credentials, now }: Overview): Groups {
  const groups: Record<keyof Groups, OverviewCredential[]> = {
    pressing: [],
    soon: [],
    later: [],
    undated: [],
  };
  for (const one of credentials) groups[groupOf(one, now)].push(one);
  return groups;
}

function groupOf({ status, next }: OverviewCredential, now: Date): keyof Groups {
  if (isRetired(status)) return 'undated';
  if (isPressing(status)) return 'pressing';
  if (next !== undefined && status.state !== 'unknown') return 'pressing';
  if (status.expiresAt === null) return 'undated';
  return new Date(status.expiresAt).getTime() - now.getTime() <= SOON_MS ? 'soon' : 'later';
}

/** Nothing comes of a retired one, unless it is in use somewhere that somebody else has changed. */
function isRetired(status: CredentialStatus): boolean {
  return status.retiredAt !== null && status.changed === null && status.unsettled === null;
}

function isPressing(status: CredentialStatus): boolean {
  const { state, unsettled, changed, baseline, beyondRules, destinations } = status;
  return (
    (needsPerson(state) && state !== 'unknown') ||
    unsettled !== null ||
    changed !== null ||
    baseline !== null ||
    beyondRules.some((rule) => rule.needsPerson) ||
    destinations.some((place) => place.state === 'missing' || place.state === 'unknown')
  );
}

/** Whether it asks for a date that only a person knows; reseal reads those of its own tokens itself. */
export function asksForDate({ status, next }: OverviewCredential): boolean {
  return status.state === 'unknown' && next !== undefined && !isRetired(status);
}

/** Whether releases fail already, or may at any moment, or nobody knows. */
export function isBroken(status: CredentialStatus): boolean {
  const { state, unsettled, changed, destinations, retiredAt, oldTokens } = status;
  return (
    (retiredAt === null && (state === 'revoked' || state === 'expired' || state === 'critical')) ||
    unsettled !== null ||
    changed !== null ||
    oldTokens.some(({ standing }) => standing === 'leaked') ||
    destinations.some((place) => place.state === 'missing')
  );
}

/** The state in words, which the colour only repeats. */
export function stateOf(status: CredentialStatus): { readonly words: string; readonly tone: Tone } {
  if (status.unsettled !== null) return { words: 'unconfirmed', tone: 'bad' };
  if (status.changed !== null) return { words: 'changed elsewhere', tone: 'bad' };
  if (status.retiredAt !== null) return { words: 'retired', tone: 'quiet' };
  const isMissing = status.destinations.some((place) => place.state === 'missing');
  if (isMissing && STATES[status.state].tone !== 'bad') return { words: 'missing at GitHub', tone: 'bad' };
  if (status.oldTokens.some(({ standing }) => standing === 'leaked'))
    return { words: 'old one leaked', tone: 'bad' };
  return STATES[status.state];
}

const STATES: Readonly<Record<CredentialStatus['state'], { readonly words: string; readonly tone: Tone }>> = {
  revoked: { words: 'revoked', tone: 'bad' },
  expired: { words: 'expired', tone: 'bad' },
  critical: { words: 'critical', tone: 'bad' },
  due: { words: 'due', tone: 'warn' },
  unknown: { words: 'no date', tone: 'warn' },
  ok: { words: 'ok', tone: 'good' },
  never: { words: 'never expires', tone: 'quiet' },
  planned: { words: 'planned', tone: 'quiet' },
};
