import { ownTokenOf } from './domain/own-token.ts';
import type { CredentialStatus } from './register/status.ts';
import { leftBehind } from './register/status.ts';
import { argument, plain } from './remind/words.ts';

// What a look at one credential says first. Pure.

const DATE = 'YYYY-MM-DD';

/**
 * What a person types next about a credential, complete but for a date that only they know. Where there is more than one way on, it
 * is the first of those that mail and `status` name.
 *
 * @param command what a person types in front
 * @returns undefined where nothing is to be done, or nothing that a command does
 */
export function nextCommand(status: CredentialStatus, command: string): string | undefined {
  const rest = nextArguments(status);
  return rest && `${plain(command)} ${rest[0]} ${argument(status.name)}${rest[1] && ` ${rest[1]}`}`;
}

function nextArguments(status: CredentialStatus): readonly [verb: string, rest: string] | undefined {
  const { name, state, destinations, retiredAt, createdAt } = status;
  // The dates of reseal's own tokens are read at GitHub, and a new one is put into its file.
  if (retiredAt !== null || ownTokenOf(name)) return undefined;
  const replace = destinations.length > 0 ? (['rotate', ''] as const) : (['record', expires()] as const);
  if (status.unsettled !== null || status.changed !== null) return ['confirm', `--stored ${expires()}`];
  if (state === 'revoked' || state === 'expired') return replace;
  if (isIncomplete(status)) return ['rotate', '--only-missing'];
  if (state === 'critical' || state === 'due') return replace;
  if (state === 'unknown' || status.baseline !== null) return ['record', expires()];
  if (status.beyondRules.some(({ needsPerson }) => needsPerson))
    return ['record', createdAt ? expires() : `--created ${DATE} ${expires()}`];
  return status.oldTokens.length > 0 ? ['confirm', '--old-revoked'] : undefined;
}

function expires(): string {
  return `--expires ${DATE}`;
}

/** Places that do not hold what others do, or what reseal put there. */
function isIncomplete(status: CredentialStatus): boolean {
  return leftBehind(status).length > 0 || status.destinations.some(({ state }) => state === 'missing');
}

/** Sorts what is most urgent first: what has ended, what may be broken, what ends soon, what nobody knows, and the rest. */
export function byUrgency(a: CredentialStatus, b: CredentialStatus): number {
  const end = (status: CredentialStatus) => status.daysLeft ?? Number.MAX_SAFE_INTEGER;
  return rank(a) - rank(b) || end(a) - end(b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

function rank(status: CredentialStatus): number {
  const { state, retiredAt, destinations, oldTokens } = status;
  if (retiredAt !== null) return 9;
  if (state === 'revoked' || oldTokens.some(({ standing }) => standing === 'leaked')) return 0;
  if (state === 'expired') return 1;
  if (status.unsettled !== null || status.changed !== null || isIncomplete(status)) return 2;
  if (state === 'critical') return 3;
  if (state === 'due') return 4;
  const isDoubtful =
    state === 'unknown' ||
    status.baseline !== null ||
    status.beyondRules.some(({ needsPerson }) => needsPerson) ||
    destinations.some((place) => place.state === 'unknown');
  if (isDoubtful) return 5;
  return { ok: 6, never: 7, planned: 8 }[state];
}
