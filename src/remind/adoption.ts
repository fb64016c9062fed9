import type { Destination, Version } from '../domain/credential.ts';
import type { Reminded } from './reminder.ts';

/** A secret that reseal never wrote, whose date at GitHub is not that of the token that is recorded for it. */
interface AdoptionGap {
  readonly destination: Destination;
  /** Of the token, as recorded. */
  readonly createdAt: Date;
  /** Of the secret, as GitHub says. */
  readonly remoteUpdatedAt: Date;
}

/** Dates of creation are often bare days of somebody's own time zone. */
const TOLERANCE_MS = 24 * 3_600_000;

/** Where the recorded token may not be the one that is in use: its creation and GitHub's date differ by more than 24 hours. */
export function adoptionGap(
  version: Version | undefined,
  destinations: Reminded['destinations'],
): readonly AdoptionGap[] {
  const createdAt = version?.createdAt;
  if (!createdAt) return [];
  return destinations.flatMap(({ destination, state, remoteUpdatedAt }) => {
    if (state !== 'never-stored' || !remoteUpdatedAt) return [];
    const apart = Math.abs(remoteUpdatedAt.getTime() - createdAt.getTime());
    return apart > TOLERANCE_MS ? [{ destination, createdAt, remoteUpdatedAt }] : [];
  });
}
