import type { Due, VersionFact } from './due.ts';
import { dayOf, dueBy, oldTokenBy, standingBy, unconfirmedBy } from './due.ts';
import type { SentKey } from './ledger.ts';
import type { CredentialFact, Truth } from './truth.ts';
import { formerOf } from './truth.ts';

// What may have been so at some time, since a mail about it can be on its way while it changes.

/** All that can have been due of it: a mail about what was so may be going out meanwhile. */
export function everDue(truth: Truth, fact: CredentialFact, key: SentKey, latest: number): readonly Due[] {
  const { hours } = truth;
  const version = fact.versions.find(({ number }) => number === key.version);
  const { ever } = fact;
  switch (key.topic) {
    case 'changed':
      return ever.changed
        .filter((at) => at <= latest)
        .map((at) => ({ topic: 'changed', lead: -dayOf(at), at, urgent: true }));
    case 'unconfirmed':
      return ever.unconfirmed.flatMap((since) => unconfirmedBy(since, latest, hours));
    case 'old-token': {
      const since = version?.recordedAt;
      const former = formerOf(fact)[0];
      const replaced = former && fact.versions[former.number]?.recordedAt;
      return [since, replaced].flatMap((one) =>
        one === undefined ? [] : [true, false].flatMap((leaked) => oldTokenBy(one, leaked, latest, hours)),
      );
    }
    case 'standing':
      return [version?.recordedAt ?? fact.firstSeenAt, ...ever.changed].flatMap((known) =>
        standingBy(known, latest, hours),
      );
    default:
      if (!version) return standingBy(fact.firstSeenAt, latest, hours);
      return [
        ...dueBy(version, latest, hours),
        // What stands changes what is due of it.
        ...dueBy({ ...version, standing: undefined }, latest, hours),
        ...(version.standing?.said === 'leaked' ? revokedBefore(version, latest, truth) : []),
      ];
  }
}

function revokedBefore(version: VersionFact, latest: number, { hours }: Truth): readonly Due[] {
  const at = version.revokedBefore;
  return at === undefined ? [] : dueBy({ ...version, standing: { said: 'revoked', at } }, latest, hours);
}

export function widestAudience(fact: CredentialFact, { topic }: SentKey): 'owners' | 'by-lead-time' | 'all' {
  if (topic === 'expiry') return 'by-lead-time';
  if (topic === 'old-token') return everLeaked(fact) ? 'all' : 'owners';
  return topic === 'standing' ? 'owners' : 'all';
}

/** What was asked for as leaked goes on being urgent, also where only others live on by now. */
export function everLeaked(fact: CredentialFact): boolean {
  return formerOf(fact).some(({ standing }) => standing?.said === 'leaked');
}

export function isUrgent(truth: Truth, { credential, topic, lead }: SentKey): boolean {
  const fact = truth.find(credential);
  switch (topic) {
    case 'expiry':
      return lead === 0 || lead === 1;
    case 'standing':
      return false;
    case 'old-token':
      return fact !== undefined && everLeaked(fact);
    case 'unconfirmed':
      return fact?.ever.unconfirmed.some((at) => -dayOf(at) === lead) === true;
    case 'rotated':
    case 'changed':
      return true;
    default:
      return lead === 0;
  }
}
