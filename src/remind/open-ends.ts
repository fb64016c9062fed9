import type { FormerVersion } from '../domain/credential.ts';
import { sameDestination } from '../domain/credential.ts';
import { findKind } from '../kinds/catalogue.ts';
import type { Reminded } from './reminder.ts';

// What waits for a person beside the expiry.

/** A secret that somebody else has changed or removed. */
export type ForeignPlace = Reminded['destinations'][number] & { readonly changedAt: Date };

/** Of the places that are declared: what has left the configuration may be cleared away by anybody. */
export function foreignPlaces({ declaration, destinations }: Reminded): readonly ForeignPlace[] {
  return destinations.filter(
    (place): place is ForeignPlace =>
      place.changedAt !== undefined &&
      (place.state === 'missing' || place.state === 'changed-elsewhere') &&
      declaration.destinations.some((declared) => sameDestination(declared, place.destination)),
  );
}

/** Those in which somebody else's token is, so that the date that is known may not be its date. */
export function changedPlaces(credential: Reminded): readonly ForeignPlace[] {
  return foreignPlaces(credential).filter(({ state }) => state === 'changed-elsewhere');
}

/** Versions that were replaced and live on at their issuer, newest first. */
export function livingVersions({ declaration, former }: Reminded, now: Date): readonly FormerVersion[] {
  if (findKind(declaration.kind)?.afterwards === undefined) return [];
  return former.filter(
    ({ expiry, standing }) => standing !== 'revoked' && !(expiry.kind === 'known' && expiry.at <= now),
  );
}
