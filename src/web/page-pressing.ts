import type { CredentialStatus } from '../register/status.ts';
import type { OverviewCredential } from './overview.ts';
import { capital, count, dayOf, expires } from './page-words.ts';

/** What is wrong with a credential that needs somebody, and why it matters; its worst thing alone. */
interface Pressing {
  readonly title: string;
  readonly text: string;
}

export function pressingOf(one: OverviewCredential): Pressing {
  const { title, text } = brokenOf(one) ?? endingOf(one) ?? doubtOf(one);
  return { title, text: sentence(text) };
}

function brokenOf({ status, breaks, issuer }: OverviewCredential): Pressing | undefined {
  const { name, oldTokens, unsettled, changed, state } = status;
  if (oldTokens.some(({ standing }) => standing === 'leaked'))
    return {
      title: `The token that ${name} replaced has leaked and still lives`,
      text: `somebody else may use it: revoke it at ${issuer} now, then say so to reseal`,
    };
  if (state === 'revoked') return { title: `${name} is revoked`, text: breaks };
  if (state === 'expired') return endingOf({ status, breaks });
  if (unsettled !== null)
    return { title: `Nobody knows which token of ${name} GitHub holds`, text: unsettled };
  if (changed !== null) return { title: `${name} was changed by somebody else`, text: changed };
  const missing = countPlaces(status, 'missing');
  if (missing === 0) return undefined;
  return {
    title: `${name} is missing at ${missing} of ${count(status.destinations.length, 'place')}`,
    text: `where it is missing, ${breaks}`,
  };
}

function endingOf({ status, breaks }: Pick<OverviewCredential, 'status' | 'breaks'>): Pressing | undefined {
  const { name, state, expiresAt, daysLeft } = status;
  if (expiresAt === null || daysLeft === null) return undefined;
  const title = `${name} ${expires(daysLeft)} (${dayOf(new Date(expiresAt))})`;
  if (state === 'expired') return { title, text: breaks };
  return state === 'critical' || state === 'due' ? { title, text: `when it dies, ${breaks}` } : undefined;
}

function doubtOf({ status, breaks, issuer }: OverviewCredential): Pressing {
  const { name, state, baseline, beyondRules, oldTokens, version } = status;
  const rule = beyondRules.find(({ needsPerson }) => needsPerson);
  const behind = status.destinations.filter(
    (place) => place.state === 'never-stored' && place.version !== version,
  ).length;
  if (state === 'unknown')
    return { title: `Nobody knows when ${name} expires`, text: `when it does, ${breaks}` };
  if (baseline !== null) return { title: `The date of ${name} must be checked`, text: baseline };
  if (rule) return { title: `The date of ${name} must be checked`, text: rule.text };
  if (countPlaces(status, 'unknown') > 0)
    return {
      title: `Nobody knows whether GitHub still holds ${name}`,
      text: 'GitHub could not be asked: the token for it may be refused, or GitHub not be reached',
    };
  if (behind > 0)
    return {
      title: `${name} is not everywhere yet`,
      text: `${count(behind, 'place does', 'places do')} not hold the current version`,
    };
  if (oldTokens.length > 0)
    return {
      title: `The token that ${name} replaced still lives`,
      text: `revoke it at ${issuer}, then say so to reseal`,
    };
  return { title: `${name} needs you`, text: `when it dies, ${breaks}` };
}

function countPlaces(
  { destinations }: CredentialStatus,
  state: CredentialStatus['destinations'][number]['state'],
): number {
  return destinations.filter((place) => place.state === state).length;
}

/** A clause as a sentence. */
export function sentence(clause: string): string {
  const text = capital(clause.trim());
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
